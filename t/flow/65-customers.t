# A customer's server that relays for strangers is found by its Received fields,
# and one that sends, or sends on, mail of its own is not.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Sandbox;
use Suite;

my $box = Sandbox->new;
my %settings = (state_dir => $box->path('none'), rules => { files => [] },
	relay => { networks => ['192.0.2.0/24'], domains => ['ours.example'] },
	resolver => { servers => ['127.0.0.1@' . Sandbox::free_port()],
		timeout => '100ms', budget => '200ms' },
	bulk => { customers => { acme => { networks => ['192.0.2.0/28'],
			domains => ['acme.example', '.acme.example'] },
		quiet => { networks => ['192.0.2.64/28'] } } });
my $conf = $box->write_file('c.conf', Sandbox::conf_text(\%settings));

sub found
{
	my (%m) = @_;
	my $received = join '', map { "Received: $_\r\n" } @{ $m{received} //
		['from mx.far.example (mx.far.example [203.0.113.7]) by ' .
		'mail.acme.example (Postfix) with ESMTP id 4XYZ; ' .
		'Mon, 23 Nov 2026 10:00:00 +0000'] };
	my $mail = $box->write_file('m.eml', $received . "From: a\@far.example\r\n" .
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1\@x>\r\n" .
		"\r\nhello\r\n");
	my $got = Suite::try_one($box, $conf, $mail, '--client-ip' =>
		$m{client} // '192.0.2.5', '--from' => $m{from} // '<a@far.example>',
		'--rcpt' => 'victim@else.example', @{ $m{more} // [] });

	return join ', ', map { $_->{detail} } grep {
		$_->{symbol} eq 'CUSTOMER_RELAYS' } @{ $got->{findings} };
}

my $head = 'from mx.far.example (mx.far.example [203.0.113.7]) by mail.acme.example ' .
	'(Postfix) with';
my $date = '; Mon, 23 Nov 2026 10:00:00 +0000';

like found(), qr/^acme: 192\.0\.2\.5 relays for 203\.0\.113\.7, sender a\@far\.example$/,
	'a stranger before it, a strange sender';
like found(received => ["$head ESMTP id 4X\r\n\tfor <victim\@else.example>$date"]),
	qr/^acme/, 'for a strange recipient';
is found(received => ["$head ESMTP id 4X\r\n\tfor <bob\@acme.example>$date"]), '',
	'for a user of its own, who has his mail sent on';
is found(from => '<bob@acme.example>'), '', 'its own sender';
is found(from => '<bob@sub.acme.example>'), '', 'of any of its domains';
is found(from => '<>'), '', 'a bounce';
is found(received => ["$head ESMTPSA id 4X$date"]), '', 'a login';
is found(received => ["from pc (pc.acme.example [192.0.2.9]) by mail.acme.example " .
	"with ESMTP id 4X$date"]), '', 'a client of its own';
is found(received => ["from pc (pc [10.1.2.3]) by mail.acme.example with ESMTP id 4X" .
	$date]), '', 'a private address';
is found(received => []), '', 'no field';
is found(received => ['nonsense']), '', 'one that nobody can read';
is found(client => '192.0.2.70'), '', 'a customer without domains';
is found(client => '192.0.2.200'), '', 'no customer';
is found(client => '198.51.100.1'), '', 'no network of ours';
is found(more => ['--account', 'bob']), '', 'a login here';

# By the book of customers, where the settings have none there.
mkdir $box->path('none'), 0700 or die "$!\n";
sub book { $box->run("$Sandbox::BUILD/reevectl", '-c', $conf, 'customer', @_) }
is +(book('add', 'bravo', '--network', '192.0.2.16/28', '--domain', 'bravo.example',
	'--domain', '.bravo.example', '--account', '@bravo.example'))[0], 0, 'the book';
is +(book('add', 'carol', '--network', '192.0.2.32/28'))[0], 0, 'one without domains';
my %bravo = (client => '192.0.2.20');
like found(%bravo), qr/^bravo: 192\.0\.2\.20 relays for 203\.0\.113\.7, sender/,
	'a customer of the book';
is found(%bravo, received => ["$head ESMTP id 4X\r\n\tfor <bob\@bravo.example>$date"]),
	'', 'for a user of its own';
is found(%bravo, from => '<bob@bravo.example>'), '', 'its own sender';
is found(%bravo, from => '<bob@sub.bravo.example>'), '', 'of any of its domains';
is found(%bravo, received => ["from pc (pc [192.0.2.25]) by mail.bravo.example with " .
	"ESMTP id 4X$date"]), '', 'a client of its own';
is found(%bravo, received => []), '', 'no field';
is found(client => '192.0.2.40'), '', 'a customer without domains';
is found(client => '192.0.2.200', from => '<a@bravo.example>'), '',
	'a customer only by its domain';
like found(), qr/^acme: /, 'the settings go before the book';
is Suite::try_one($box, $conf, $box->path('m.eml'), '--client-ip' => '192.0.2.20',
	'--from' => '<a@far.example>', '--rcpt' => 'x@else.example')->{customer}, 'bravo',
	'try says whose it is';

for ([{ networks => ['192.0.2.0/33'] }, qr/acme: networks: /],
	[{ domains => ['a..b'] }, qr/acme: domains: /]) {
	my ($customer, $want) = @$_;
	my $bad = $box->write_file('bad.conf', Sandbox::conf_text({
		bulk => { customers => { acme => $customer } } }));
	my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c',
		$bad, 'check');

	is $status, 78, 'bad settings';
	like $err, qr/bulk\.customers: $want/, "$want";
}

done_testing;
