# Messages that are alike are counted together, by whom and to whom; a retry is
# no other one; a restart forgets nothing; what is welcome counts less.

use strict;
use warnings;

use JSON::PP;
use MIME::Base64;
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my %settings = (relay => { domains => ['example.org'] },
	bulk => { snapshot => '1s' });
my $daemon = $box->daemon(%settings);
my $offer = "This week only you save a fortune on garden chairs of finest wood,\r\n" .
	"and every chair comes with a cushion that no other shop can offer.\r\n" .
	"Order before Friday and we bring them to your door for nothing.\r\n";
my $serial = 0;

# One message; the findings about bulk, as "SYMBOL score".
sub sent
{
	my (%m) = @_;

	$serial++;
	my $id = $m{id} // "m$serial";
	my $mta = Milter::Client->new($daemon->socket);

	$mta->open_session(addr => $m{addr} // '192.0.2.1');
	$mta->message(from => $m{from} // '<s@a.example>',
		rcpts => $m{rcpts} // ["<u$serial\@example.org>"],
		headers => [['From', 's@a.example'], ['Subject', $m{subject} //
			'Garden chairs'], ['Message-ID', "<$id\@a.example>"],
			['Date', 'Mon, 23 Nov 2026 10:00:00 +0000'],
			@{ $m{headers} // [] }],
		body => $m{body} // "Dear Customer $serial,\r\n$offer" .
			"http://shop.example/?id=$serial\r\n");
	$mta->quit;
	my $newest = ($daemon->records($serial))[0];
	return join ', ', map { "$_->{symbol} $_->{score}" }
		grep { $_->{symbol} =~ /^BULK_LIKE/ } @{ $newest->{findings} };
}

sub top
{
	my (undef, $out) = $daemon->reevectl('--json', 'bulk', 'top');
	return map { decode_json($_) } split /\n/, $out;
}

is sent(), '', 'the first';
sent(id => 'again') for 1 .. 12;
sent(addr => "192.0.2.$_") for 2 .. 8;
like sent(addr => '198.51.100.1', from => '<t@b.example>'), qr/^BULK_LIKE_10 0\.5$/,
	'ten recipients of one text';

$box->wait_for(10, sub { (top())[0] && (top())[0]{senders} == 2 });
my ($first) = top();
is $first->{subject}, 'Garden chairs', 'a sample of the subject';
is $first->{messages}, 10, 'a message that comes again is no other one';
is $first->{senders}, 2, 'senders';
is $first->{addresses}, 9, 'addresses';
is $first->{networks}, 2, 'networks';
is $first->{recipients}, 21, 'recipients';
my (undef, $text) = $daemon->reevectl('bulk', 'top');
like $text, qr/^[0-9a-f]{16} +10 +2 +9 +2 +21 .*Garden chairs$/m, 'as a table';

is sent(subject => 'Tuesday', body => "We meet on Tuesday at the station, bring the tickets and the dog, " .
	"please, and tell your sister that she may come, too.\r\n"), '',
	'another text is another matter';
is sent(subject => 'Hello', body => "Hello\r\n"), '', 'nothing much' for 1 .. 12;

$daemon->kill9;
$daemon->start;
like sent(), qr/^BULK_LIKE_10/, 'a crash forgets nothing older than the snapshot';
is scalar(grep { $_->{subject} eq 'Garden chairs' } top()), 1, 'it is the same campaign';

sent() for 1 .. 80;
is sent(), 'BULK_LIKE_100 2', 'a hundred';
$daemon->reevectl('list', 'add', 'welcome', 'network', '203.0.113.0/24');
is sent(addr => '203.0.113.9'), 'BULK_LIKE_100 0.4', 'less from those who are welcome';

# A file is known by its bytes.
my $file = join '', map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. 4000;
my $coded = join "\r\n", unpack '(A76)*',
	encode_base64($file, '');
for my $n (1 .. 10) {
	my $found = sent(headers => [['MIME-Version', '1.0'],
		['Content-Type', 'multipart/mixed; boundary=b']],
		subject => "File $n", body => "--b\r\n\r\n" .
		join(' ', map { chr(97 + $_ * $n % 26) x 3 } 1 .. 10 + $n) .
		"\r\n--b\r\nContent-Type: application/zip; name=$n.zip\r\n" .
		"Content-Transfer-Encoding: base64\r\n\r\n$coded\r\n--b--\r\n");
	is $found, $n < 10 ? '' : 'BULK_LIKE_10 0.5', "file $n";
}

# What is known to be bad: by campaign, record, file or text.
my $chairs = (grep { $_->{subject} eq 'Garden chairs' } top())[0];
my ($newest) = $daemon->objects('records', 'search', '--limit', 0, '--symbol',
	'BULK_LIKE_100');
is $newest->{campaign}, $chairs->{campaign}, 'the record tells the campaign';
my $note = $box->write_file('note.eml', "Subject: n\n\nWe have found your account " .
	"among those that did not pay the yearly fee for the use of the harbour.\n");
my $short = $box->write_file('short.eml', "Subject: n\n\nHello\n");

sub list
{
	my ($status, $out, $err) = $daemon->reevectl('list', @_);
	return "$status $err";
}

like list('add', 'block', 'fingerprint', $short), qr/^65 .*too little text/, 'too little';
like list('add', 'block', 'fingerprint', '0123456789abcdef'), qr/^65 .*not known/,
	'a campaign that is not there';
like list('add', 'block', 'fingerprint', 'nowhere'), qr/^66 .*"nowhere" is no/, 'nothing';
like list('add', 'welcome', 'fingerprint', $note), qr/^64 /, 'only to block';
is list('add', 'block', 'fingerprint', $note), '0 ', 'a file';
is list('add', 'block', 'fingerprint', '--reason', 'chairs', $newest->{id}), '0 ',
	'a record';

sub reply
{
	my ($body) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $reply = $mta->message(body => $body);

	$mta->quit;
	$serial++;
	return $reply->{cmd} eq 'c' ? 'accepted' : $reply->{text};
}

ok $box->wait_for(10, sub { reply("$offer\r\n") =~ /refused by local policy/ }),
	'a second later it is refused';
like reply("Dear Ann,\r\nwe have found your account among those that did not pay the " .
	"yearly fee for the use of the harbour. http://x.example/\r\n"),
	qr/refused by local policy/, 'and what is like the file';
is reply("Something else altogether, which nobody here has ever complained of.\r\n"),
	'accepted', 'and nothing else';
my ($listed) = grep { $_->{kind} eq 'fingerprint' && $_->{reason} eq 'chairs' }
	$daemon->objects('list', 'show', 'block');
is list('remove', 'block', 'fingerprint', $listed->{value}), '0 ', 'taken from the list';
ok $box->wait_for(10, sub { reply("$offer\r\n") eq 'accepted' }), 'it is let in again';

$daemon->configure(%settings, bulk => { likeness => 'no' });
$daemon->reload;
$box->wait_for(10, sub { $daemon->log =~ /reloaded/ });
is sent(), '', 'off';
is $daemon->stop, 0, 'it ends well';

done_testing;
