# Ways around p=reject, and around the login table, that were open once: what
# stands for someone else's domain is refused, and honest mail is not.

use strict;
use warnings;
use utf8;

use Encode;
use Test::More;

use DNS;
use Milter::Client;
use Sandbox;
use Suite;

plan skip_all => 'no Mail::DKIM' unless eval { require Mail::DKIM::Signer };

my $box = Sandbox->new;
my $pem = $box->path('k.pem');
is +($box->run('openssl', 'genrsa', '-out', $pem, '2048'))[0], 0, 'a key';
my (undef, $public) = $box->run('openssl', 'rsa', '-in', $pem, '-pubout');
$public =~ s/-----[^-]*-----|\s//g;
my $record = "v=DKIM1; k=rsa; p=$public";

# 200 bytes that end in .bank.com, and then go on.
my $long = join '.', map { $_ x 60 } 'a' .. 'c';
$long = "$long." . ('d' x (200 - length("$long..bank.com"))) . '.bank.com';
is length $long, 200, 'a long name';
$long .= '.evil.net';

my @records = (
	(map { ["s._domainkey.$_", 'TXT', $record] } $long, 'evil.net',
		'example.co.uk', 'bank.com'),
	(map { ["_dmarc.$_", 'TXT', 'v=DMARC1; p=reject'] } 'bank.com',
		'example.co.uk', 'xn--bcher-kva.example'),
	['_dmarc.typo.com', 'TXT', 'v=DMARC1; p=reject; sp'],
	['_dmarc.twice.com', 'TXT',
		'v=DMARC1; p=reject;; rua=mailto:x@twice.com'],
	['x!y._domainkey.bank.com', 'TXT', { behaviour => 'SERVFAIL' }],
	['_dmarc.sub.bank.com', 'TXT', { behaviour => 'SERVFAIL' }],
	(map { my $p = $_; ["$p.net", 'TXT', 'v=spf1 ' .
		join(' ', map { "mx:$p$_.net" } 0 .. 8) . ' -all'] } 'm', 'h'),
	(map { my $p = $_; map { my $i = $_; map {
		(["$p$i.net", 'MX', 10, "$p$i$_.net"],
		["$p$i$_.net", 'A', '203.0.113.9']) } 0 .. 9 } 0 .. 8 }
		'm', 'h'));
my $dns = DNS->start($box, records => \@records);

sub conf
{
	my (%more) = @_;

	return $box->write_file('try.conf', Sandbox::conf_text({
		state_dir => $box->path('none'),
		authserv_id => 'mx.example.org',
		resolver => { servers => [$dns->server], timeout => '4s' },
		relay => { domains => ['example.org'] }, %more }));
}

sub letter
{
	my ($from, %m) = @_;

	return ($m{before} // '') . "From: $from\r\nTo: b\@example.org\r\n" .
		"Subject: x\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n" .
		"Message-ID: <1\@x.net>\r\n\r\n" . ($m{body} // "hello\r\n");
}

sub signed
{
	my ($domain, $text) = @_;
	my $signer = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256',
		Method => 'relaxed/relaxed', Domain => $domain,
		Selector => 's', KeyFile => $pem);

	$signer->PRINT($text);
	$signer->CLOSE;
	return $signer->signature->as_string . "\r\n$text";
}

sub judged
{
	my ($text, %m) = @_;

	return Suite::try_one($box, conf(%{ $m{conf} // {} }),
		$box->write_file('m.eml', $text), '--client-ip' => '192.0.2.1',
		'--from' => $m{from} // 'x@none.net', '--rcpt' =>
		$m{rcpt} // 'b@example.org', @{ $m{args} // [] });
}

# [what, text, more...]: each is refused.
my $bank = 'ceo@bank.com';
my $filler = "X-A: b\r\n" x 1000;
my $arc = join '', map { "ARC-Seal: i=$_; a=rsa-sha256; t=1; cv=" .
	($_ == 1 ? 'none' : 'pass') . "; d=evil.net; s=k$_; b=AAAA\r\n" .
	"ARC-Message-Signature: i=$_; a=rsa-sha256; c=relaxed/relaxed; " .
	"d=evil.net; s=k$_; h=from; bh=AAAA; b=AAAA\r\n" .
	"ARC-Authentication-Results: i=$_; evil.net; none\r\n" } 1 .. 50;
my $junk = join '', map { "DKIM-Signature: v=1; a=rsa-sha256; " .
	"c=relaxed/relaxed; d=evil.net; s=q$_; h=from; bh=AAAA; b=AAAA\r\n" }
	1 .. 9;
my $hers = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=bank.com; " .
	"s=z; h=from; bh=AAAA; b=AAAA\r\n";
my @greedy = (from => 'x@m.net', args => ['--helo', 'h.net']);
for my $case (
	['a signature of a name that only begins like it', signed($long,
		letter($bank))],
	['a signature of another', signed('evil.net', letter($bank))],
	['more questions than may be asked', letter($bank,
		before => "$hers$arc$junk"), @greedy],
	['a selector that her servers choke on', $hers =~ s/s=z/s=x!y/r .
		letter($bank)],
	['From past limits.headers', letter($bank, before => $filler)],
	['From behind ten others', letter(join ', ',
		(map { "a\@d$_.net" } 1 .. 10), $bank)],
	['From behind a thousand', letter(join ', ', ('x@none.net') x 1000,
		$bank)],
	['From too long to be kept', letter(('x' x 140_000) . ", $bank")],
	['two addresses without a comma', letter("$bank x\@none.net")],
	['a group', letter("$bank:x\@none.net;")],
	['dots behind it', letter("$bank..")],
	['an empty address behind it', letter("$bank <>")],
	['a blank before the colon', letter($bank) =~ s/^From:/From :/r],
	['a second From', letter('x@none.net', before => "From: $bank\r\n")],
	['a broken tag in the policy', letter('a@typo.com')],
	['an empty tag in the policy', letter('a@twice.com')],
) {
	my ($what, $text, @more) = @$case;
	# Again: what the cache has by then must not change it.
	my ($first, $second) = map { judged($text, @more) } 1, 2;

	is $first->{verdict}, 'reject', $what
		or diag explain $first->{auth}{dmarc};
	is $second->{verdict}, 'reject', 'and again'
		or diag explain $second->{auth}{dmarc};
}

for my $case (
	['d= in capitals', signed('EXAMPLE.co.uk',
		letter('a@news.example.co.uk')), 'pass'],
	['d= in capitals, below', signed('EXAMPLE.CO.UK',
		letter('a@example.co.uk')), 'pass'],
	['the domain\'s own policy out of reach', letter('a@sub.bank.com'),
		'temperror'],
	['one address and a name with it', signed('bank.com',
		letter("\"$bank\" <$bank>")), 'pass'],
) {
	my ($what, $text, $want) = @$case;
	my $got = judged($text);

	is $got->{auth}{dmarc}{result}, $want, $what;
	isnt $got->{verdict}, 'reject', 'is not refused';
}

# Hundreds of signatures cost no more than a few.
{
	my $got = judged(letter('a@none.net', before => join('', map {
		"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; " .
		"d=evil.net; s=q$_; h=from; l=" . (1000 + $_) .
		"; bh=AAAA; b=AAAA\r\n" } 1 .. 900),
		body => "x y x y x y x y x y x y x y x y x y x y\r\n" x 1000));

	cmp_ok scalar @{ $got->{auth}{dkim} }, '<=', 10, 'few are looked at';
	ok scalar(grep { $_->{symbol} eq 'DKIM_MANY' } @{ $got->{findings} }),
		'and it is told';
}

# Names of ours, by whole words.
for my $case (['Sharon Ellison', 0], ['Ron Ellis', 1], ['ron  ELLIS (CEO)', 1],
	['R o n E l l i s', 1], ['Dr. Ron Ellis, Bank', 1], ['Ronellis', 1]) {
	my ($name, $want) = @$case;
	my $got = judged(letter("\"$name\" <s\@none.net>"), conf => {
		sender => { protected_names => ['Ron Ellis'] } });

	is scalar(grep { $_->{symbol} eq 'FROM_NAME_OURS' }
		@{ $got->{findings} }), $want, $name;
}

# An account writes as itself only, however it is written.
my %logins = (conf => { sender => { logins => ['al: al@example.org'] } },
	from => 'al@example.org', rcpt => 'z@far.net',
	args => ['--account', 'al']);
for my $from ("al\@example.org, $bank",
	join(', ', ('al@example.org') x 1000, $bank)) {
	is judged(letter($from), %logins)->{verdict}, 'reject',
		'another in From: ' . substr $from, -40;
}
is judged(letter($bank, before => $filler), %logins)->{verdict}, 'reject',
	'From where nobody looks';
isnt judged(letter('al@example.org'), %logins)->{verdict}, 'reject', 'itself';

# And brings no results of its own.
{
	my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", 'dkim',
		'keygen', '--selector', 'arc', '--file', $box->path('arc.pem'),
		'--owner', Sandbox->user, 'example.org');
	is $status, 0, 'a key to seal with' or diag $err;
	my $daemon = $box->daemon(authserv_id => 'mx.example.org',
		relay => { domains => ['example.org'] },
		arc => { domain => 'example.org', selector => 'arc',
			key => $box->path('arc.pem'), seal => 'forwards',
			forwards => ['lists.example.org'] });
	my $mta = Milter::Client->new($daemon->socket);
	my $result = $mta->message(login => 'al',
		from => '<x@lists.example.org>', rcpts => ['<z@far.net>'],
		headers => [['Authentication-Results', 'mx.example.org; ' .
			'dmarc=pass header.from=bank.com'],
			['From', 'al@example.org']]);
	my @changes = @{ $result->{changes} };

	is scalar(grep { ($_->{name} // '') eq 'ARC-Seal' } @changes), 0,
		'no seal for an account';
	is scalar(grep { ($_->{name} // '') eq 'Authentication-Results' &&
		($_->{value} // '') eq '' } @changes), 1,
		'and its result is gone';
	$mta->quit;
	($status, undef, $err) = $box->run("$Sandbox::BUILD/reevectl", 'dkim',
		'keygen', '--selector', 'a b', '--file', $box->path('no.pem'),
		'example.org');
	is $status, 64, 'no selector';
	ok !-e $box->path('no.pem'), 'no file for it';
}

done_testing;
