# Messages that are alike are counted together, by whom and to whom; a retry is no
# other one; a restart forgets nothing; what is welcome counts less.

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

is sent(body => "We meet on Tuesday at the station, bring the tickets and the dog, " .
	"please, and tell your sister that she may come, too.\r\n"), '',
	'another text is another matter';
is sent(body => "Hello\r\n"), '', 'nothing much' for 1 .. 12;

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

$daemon->configure(%settings, bulk => { likeness => 'no' });
$daemon->reload;
$box->wait_for(10, sub { $daemon->log =~ /reloaded/ });
is sent(), '', 'off';
is $daemon->stop, 0, 'it ends well';

done_testing;
