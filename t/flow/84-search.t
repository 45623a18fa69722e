# Search over open and sealed days: pages, prefixes, networks, subjects in each
# of their forms; what show tells; and erasure.

use strict;
use warnings;
use utf8;

use JSON::PP;
use Test::More;

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-03-01T12:00:00Z');
my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $records = $daemon->state . '/records';
is +($daemon->reevectl('list', 'add', 'evidence', 'sender',
	'news-8@example.net'))[0], 0, "one's originals are kept";

sub send_mail
{
	my (%what) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $r = $mta->message(%what);

	$mta->quit;
	$r->{cmd} eq 'c' or die "answered $r->{cmd}\n";
}

sub search
{
	my ($status, $out, $err) = $daemon->reevectl('--json', 'records',
		'search', @_);
	is $status, 0, "search @_" or diag $err;
	return map { decode_json($_) } split /\n/, $out;
}

sub ids { map { $_->{queue_id} } search(@_) }

my $n = 0;
sub send_day
{
	for my $i (1 .. 30) {
		$n++;
		send_mail(queue_id => sprintf('Q%03d', $n),
			from => $i % 3 ? "<news-$i\@example.net>" : '<info@example.net>',
			rcpts => ["<r$i\@example.org>"],
			addr => $i % 2 ? '192.0.2.' . $i : "2001:db8::$i",
			headers => [['From', 'x@example.net'],
				['Subject', $i % 5 ? "Weekly offer number $i" :
					'=?UTF-8?B?5Y+R56Wo5LyY5oOg?=']]);
	}
}
send_day();
$clock->advance(86400);
send_day();
ok $box->wait_for(20, sub { -e "$records/2026-03-01.seal" }), 'a day is sealed';

my @all = ids('--limit', 0);
is scalar @all, 60, 'all of both days';
is_deeply \@all, [reverse sort @all], 'newest first';
my (@pages, $cursor);
for (1 .. 20) {
	my @page = search('--limit', 7, $cursor ? ('--cursor', $cursor) : ());
	last unless @page;
	push @pages, map { $_->{queue_id} } @page;
	$cursor = $page[-1]{sequence};
}
is_deeply \@pages, \@all, 'page by page the same, across the days';
my ($status, $out, $err) = $daemon->reevectl('records', 'search', '--limit', 7);
like $err, qr/--cursor \d+/, 'people are told how to go on';
is +($daemon->reevectl('records', 'search', '--limit', -1))[0], 64,
	'so many is a number';
like +($daemon->reevectl('records', 'search', '--cursor', 'x'))[2],
	qr/--cursor: "x"/, 'a cursor is a number';

is scalar(ids('--from', 'news*@example.net', '--limit', 0)), 40, 'a prefix';
is scalar(ids('--from', 'news-1*', '--limit', 0)), 2 * 8, 'of any domain';
is scalar(ids('--from', '@example.net', '--limit', 0)), 60, 'a domain';
is scalar(ids('--client-ip', '192.0.2.0/28', '--limit', 0)), 2 * 8, 'a network';
is scalar(ids('--client-ip', '2001:db8::/64', '--limit', 0)), 2 * 15, 'of IPv6';
is scalar(ids('--client-ip', '0.0.0.0/0', '--limit', 0)), 30, 'the largest one';
is scalar(ids('--rcpt', 'r7@example.org', '--from', 'news*')), 2, 'two together';
is scalar(ids('--subject', 'OFFER weekly', '--limit', 0)), 2 * 24,
	'words of the subject';
is scalar(ids('--subject', 'offer 7')), 2, 'all of them';
{
	use bytes;
	is scalar(ids('--subject', "\xe5\x8f\x91\xe7\xa5\xa8", '--limit', 0)), 2 * 6,
		'of an encoded one, in Chinese';
}
is scalar(ids('--symbol', 'NO_SUCH')), 0, 'what nobody has';

# What it tells.
my ($one) = search('--rcpt', 'r8@example.org', '--limit', 1);
($status, $out) = $daemon->reevectl('records', 'show', $one->{id});
is $status, 0, 'show';
like $out, qr/2001:db8::8/, 'the client';
like $out, qr/news-8\@example\.net/, 'the sender';
like $out, qr/r8\@example\.org/, 'the recipient';
like $out, qr/Weekly offer number 8/, 'the subject';
like $out, qr/^session/m, 'its session';

# A proof that others can check: the record's hash, and the way to the root.
my ($old) = search('--queue-id', 'Q007');
($status, $out) = $daemon->reevectl('records', 'proof', '--json', $old->{id});
is $status, 0, 'proof';
use Digest::SHA qw(sha256);
use MIME::Base64;
my $proof = decode_json($out);
is unpack('H*', sha256(decode_base64($proof->{record_base64}))), $proof->{sha256},
	'the hash of the record';
my $hash = sha256("\0" . pack 'H*', $proof->{sha256});
my ($at, $last) = ($proof->{leaf}, $proof->{leaves} - 1);
for my $other (map { pack 'H*', $_ } @{ $proof->{hashes} }) {
	if ($at & 1 || $at == $last) {
		$hash = sha256("\1$other$hash");
		while (!($at & 1) && $at) {
			$at >>= 1;
			$last >>= 1;
		}
	} else {
		$hash = sha256("\1$hash$other");
	}
	$at >>= 1;
	$last >>= 1;
}
my ($tree) = $proof->{seal} =~ /^tree (\w+)/m;
is unpack('H*', $hash), $tree, 'leads to what the seal signs';

# One who wants to be forgotten.
sub erase { $daemon->reevectl('records', 'erase', @_) }
is((erase('--rcpt', 'r8@example.org'))[0], 64, 'not without a reason');
is((erase(@$_, '--reason', 'x'))[0], 64, "nor everybody: @$_")
	for ['--since', '1d'], ['--from', ''], ['--from', '*'], ['--rcpt', '*@'],
	['--client-ip', '0.0.0.0/0'], ['--account', ''];
($status, $out, $err) = erase('--rcpt', 'r8@example.org', '--reason', 'his wish',
	'--dry-run');
is $status, 75, 'not all of it can be now';
like $out, qr/^2 records found; 1 can be erased now/, 'so much can';
my ($original) = search('--queue-id', 'Q008');
$original = $daemon->state . '/evidence/2026/03/01/' .
	"$original->{evidence}{sha256}.eml.zst";
ok -e $original, 'the original is there';
rename $original, "$records/../kept";
mkdir $original;
($status, $out) = erase('--rcpt', 'r8@example.org', '--reason', 'his wish');
isnt $status, 0, 'an original that cannot be removed';
rmdir $original;
rename "$records/../kept", $original;
$daemon->reevectl('records', 'hold', 'add', 'same', '--from',
	'news-8@example.net');
is((erase('--rcpt', 'r8@example.org', '--reason', 'his wish'))[0], 77,
	'nor one on hold');
$daemon->reevectl('records', 'hold', 'release', 'same');
($status, $out) = erase('--rcpt', 'r8@example.org', '--reason', 'his wish');
is $status, 75, 'what is sealed goes';
like $out, qr/ 1 erased, 1 originals removed, 1 days sealed anew$/m, 'as it says';
like $out, qr/^done: 2026-03-01$/m, 'and in which days';
is((($daemon->reevectl('evidence', 'export', $one->{id}))[0]) ? 1 : 0, 0,
	'the original of today is there');
my ($gone) = search('--queue-id', 'Q008');
($status, undef, $err) = $daemon->reevectl('evidence', 'export', $gone->{id});
isnt $status, 0, 'that of what was erased is not';
($status, $out) = $daemon->reevectl('evidence', 'verify');
is $status, 0, 'and is not missed' or diag $out;
is_deeply [ids('--rcpt', 'r8@example.org')], ['Q038'], 'today is still there';
is scalar(ids('--from', 'news-8@example.net')), 2, 'who wrote is still known';
like $gone->{erased}, qr/^2026-03-02T/, 'it tells that it is not whole';
($status, $out) = $daemon->reevectl('records', 'show', $gone->{id});
like $out, qr/^erased +2026-03-02 .*, recipients$/m, 'in words, too';
is +($daemon->reevectl('records', 'verify'))[0], 0, 'all is whole';
like +($daemon->reevectl('records', 'verify'))[1], qr/^1 of them were erased/m,
	'and tells of it';
$daemon->reevectl('records', 'hold', 'add', 'case', '--from',
	'news-1@example.net');
is((erase('--from', 'news-1@example.net', '--reason', 'x'))[0], 77,
	'what is held stays');
is((erase('--from', 'news-2@example.net', '--reason', 'x'))[0], 75,
	'others do not');
($gone) = search('--queue-id', 'Q002');
($status, $out) = $daemon->reevectl('records', 'show', $gone->{id});
like $out, qr/^client +erased/m, 'nor is it said to come from here';
like +($daemon->reevectl('audit', 'list'))[1], qr/records erase.*his wish/,
	'it is in the audit';

# Subjects may be kept as hashes, or not at all.
for my $mode ('hash', 'off') {
	$daemon->configure(records => { subject => $mode });
	is +($daemon->reevectl('reload'))[0], 0, "records.subject = $mode";
	send_mail(queue_id => "S$mode", headers => [['From', 'x@example.net'],
		['Subject', "Unique $mode words"]]);
	my @found = ids('--subject', "unique $mode");
	is_deeply \@found, $mode eq 'hash' ? ["S$mode"] : [], 'found, or not';
	my ($got) = search('--queue-id', "S$mode");
	is $got->{header_subject} // $got->{subject}, undef, 'and not kept';
}
is $daemon->stop, 0, 'it ends well';

done_testing;
