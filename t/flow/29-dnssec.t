# DNSSEC: what it proves is kept with the key, and what was forged on the way is
# a failure of the DNS, never a key.

use strict;
use warnings;

use Test::More;

use DNS;
use Sandbox;
use Suite;

plan skip_all => 'no Mail::DKIM' unless eval { require Mail::DKIM::Signer };

my $box = Sandbox->new;
my $pem = $box->path('k.pem');
is +($box->run('openssl', 'genrsa', '-out', $pem, '2048'))[0], 0, 'a key';
my (undef, $public) = $box->run('openssl', 'rsa', '-in', $pem, '-pubout');
$public =~ s/-----[^-]*-----|\s//g;
my $record = "v=DKIM1; k=rsa; p=$public";
# It would let anyone sign for the domain.
my $forged = "v=DKIM1; k=rsa; t=y; p=$public";

sub signed_by
{
	my ($domain) = @_;
	my $plain = "From: u\@$domain\r\nSubject: x\r\n\r\nhello\r\n";
	my $signer = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256',
		Domain => $domain, Selector => 'k', KeyFile => $pem);

	$signer->PRINT($plain);
	$signer->CLOSE;
	return $box->write_file("$domain.eml",
		$signer->signature->as_string . "\r\n$plain");
}

sub judged
{
	my ($domain, %more) = @_;
	my $dns = DNS->start($box, signed => 'signed.example', records => [
		['k._domainkey.signed.example', 'TXT', $record],
		['k._domainkey.plain.example', 'TXT', $record],
		['_dmarc.signed.example', 'TXT', 'v=DMARC1; p=reject'],
		['signed.example', 'TXT', 'v=spf1 -all']], %more);
	my $got = Suite::try_one($box, $box->write_file('dnssec.conf',
		Sandbox::conf_text({ state_dir => $box->path('none'),
		authserv_id => 'mx.test', resolver => { servers =>
		[$dns->server], timeout => '3s', budget => '6s',
		dnssec => 'true', trust_anchor =>
		$box->write_file('anchor', $dns->anchor) } })),
		signed_by($domain), '--client-ip' => '192.0.2.1',
		'--helo' => 'h.invalid', '--from' => "<s\@$domain>");

	$dns->stop;
	return $got->{auth};
}

my $auth = judged('signed.example');
is $auth->{dkim}[0]{result}, 'pass', 'a signed zone: the key is found';
ok $auth->{dkim}[0]{key_secure}, 'and proved';
is "$auth->{spf}{result} $auth->{dmarc}{result}", 'fail pass',
	'so are the other records';

$auth = judged('plain.example');
is $auth->{dkim}[0]{result}, 'pass', 'a zone that nobody signs counts, too';
ok !$auth->{dkim}[0]{key_secure}, 'but proves nothing';

$auth = judged('signed.example',
	forged => [['k._domainkey.signed.example', 'TXT', $forged]]);
is $auth->{dkim}[0]{result}, 'temperror', 'a forged key is none';
is $auth->{dmarc}{result}, 'temperror', 'and decides nothing';
is $auth->{spf}{result}, 'fail', 'what is proved still counts';

$auth = judged('signed.example',
	forged => [['signed.example', 'TXT', 'v=spf1 +all']]);
is $auth->{spf}{result}, 'temperror', 'a forged SPF record lets nobody in';

done_testing;
