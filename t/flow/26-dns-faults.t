# DNS that is dead, slow, failing or hostile: bounded time, the result that the
# RFC asks for, and nothing refused for it.

use strict;
use warnings;

use MIME::Base64;
use Test::More;
use Time::HiRes qw(time);

use DNS;
use Milter::Client;
use Sandbox;
use Suite;

my $box = Sandbox->new;

sub conf
{
	my ($server, %more) = @_;

	return $box->write_file('try.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), authserv_id => 'mx.test',
		resolver => { servers => [$server], timeout => '700ms',
			budget => '2s' }, %more }));
}

my $signature = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; " .
	"d=a.example; s=k;\r\n\th=From; bh=" . encode_base64('x' x 32, '') .
	";\r\n\tb=" . encode_base64('y' x 256, '') . "\r\n";
my $message = $box->write_file('m.eml', "${signature}From: u\@a.example\r\n" .
	"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <x\@a.example>" .
	"\r\n\r\nhello\r\n");

# The object, and the seconds that it took.
sub judged
{
	my ($conf, @args) = @_;
	my $began = time;
	my $got = Suite::try_one($box, $conf, $message,
		'--client-ip' => '192.0.2.1', '--helo' => 'mx.a.example',
		'--from' => '<s@a.example>', @args);

	return ($got, time - $began);
}

# What holds of each of them: an answer in time, and no refusal.
sub holds
{
	my ($what, $got, $seconds) = @_;

	cmp_ok $seconds, '<', Sandbox::is_sanitized() ? 30 : 8,
		"$what: an answer in time";
	unlike $got->{verdict}, qr/reject|defer|discard/, "$what: not refused";
}

my $policy = ['_dmarc.a.example', 'TXT', 'v=DMARC1; p=reject'];

{
	# Nobody answers at all.
	my $dns = DNS->start($box, records => [map {
		[$_, 'ANY', { behaviour => 'TIMEOUT' }]
	} 'a.example', '_dmarc.a.example', 'k._domainkey.a.example',
		'mx.a.example', '1.2.0.192.in-addr.arpa']);
	my ($got, $seconds) = judged(conf($dns->server));
	my $auth = $got->{auth};

	holds('a resolver that is silent', $got, $seconds);
	is $auth->{spf}{result}, 'temperror', 'SPF: temperror';
	is $auth->{dkim}[0]{result}, 'temperror', 'DKIM: temperror';
	is $auth->{dmarc}{result}, 'temperror', 'DMARC: temperror';
	is $auth->{iprev}{result}, 'temperror', 'PTR: temperror';
	($got) = judged(conf($dns->server,
		sender => { on_temperror => 'defer' }));
	is "$got->{code} $got->{enhanced}", '451 4.7.5',
		'deferred when the settings say so';
	$dns->stop;
	($got, $seconds) = judged(conf('127.0.0.1@' . Sandbox::free_port()));
	holds('no server at all', $got, $seconds);
	is $got->{auth}{spf}{result}, 'temperror', 'SPF: temperror';
}

{
	# The DKIM key alone is out of reach: it might have passed.
	my $dns = DNS->start($box, records => [$policy,
		['k._domainkey.a.example', 'TXT', { behaviour => 'SERVFAIL' }]]);
	my ($got, $seconds) = judged(conf($dns->server));

	holds('a key out of reach', $got, $seconds);
	is $got->{auth}{dmarc}{result}, 'temperror',
		'with p=reject DMARC is not "fail" for that';
	$dns->stop;
}

{
	my $dns = DNS->start($box, delay => 3, records => [$policy]);
	my ($got, $seconds) = judged(conf($dns->server));

	holds('answers after 3 seconds', $got, $seconds);
	is $got->{auth}{spf}{result}, 'temperror', 'too late';
	$dns->stop;
}

{
	my $dns = DNS->start($box, records => [map {
		[$_, 'ANY', { behaviour => 'SERVFAIL' }]
	} 'a.example', '_dmarc.a.example', 'k._domainkey.a.example']);
	my ($got, $seconds) = judged(conf($dns->server));
	my $auth = $got->{auth};

	holds('SERVFAIL', $got, $seconds);
	is "$auth->{spf}{result} $auth->{dkim}[0]{result} " .
		$auth->{dmarc}{result}, 'temperror temperror temperror',
		'temperror';
	$dns->stop;
}

sub spf
{
	my ($what, $want, @records) = @_;
	my $dns = DNS->start($box, records => \@records);
	my ($got, $seconds) = judged(conf($dns->server));

	holds($what, $got, $seconds);
	is $got->{auth}{spf}{result}, $want, "$what: $want"
		or diag JSON::PP->new->encode($got->{auth}{spf});
	$dns->stop;
}

spf('a record of 300 terms that ask', 'permerror', ['a.example', 'TXT',
	'v=spf1 ' . join(' ', map { "a:h$_.a.example" } 1 .. 300) . ' -all'],
	map { ["h$_.a.example", 'A', '198.51.100.7'] } 1 .. 300);
spf('a record of 300 networks', 'pass', ['a.example', 'TXT',
	'v=spf1 ' . join(' ', map { "ip4:198.51.100.$_" } 1 .. 250) .
	' ip4:192.0.2.1 -all']);
spf('an include of itself', 'permerror',
	['a.example', 'TXT', 'v=spf1 include:a.example -all']);
spf('includes in a ring', 'permerror',
	['a.example', 'TXT', 'v=spf1 include:b.example -all'],
	['b.example', 'TXT', 'v=spf1 include:a.example -all']);
spf('a redirect to itself', 'permerror',
	['a.example', 'TXT', 'v=spf1 redirect=a.example']);
spf('a TXT of 64 KiB', 'pass', ['a.example', 'TXT', substr('v=spf1 ' .
	join(' ', map { "ip4:10.$_" } map { my $i = $_; map { "$i.$_.0/24" }
	0 .. 20 } 0 .. 250), 0, 64_000) =~ s/ \S*\z/ ip4:192.0.2.1/r]);
spf('a TXT of 64 KiB that is no record', 'none',
	['a.example', 'TXT', 'x' x 64_000]);

sub der { my ($tag, $data) = @_; my $len = length $data;
	return chr($tag) . ($len < 128 ? chr $len : $len < 256 ?
		pack('CC', 0x81, $len) : pack('Cn', 0x82, $len)) . $data }

# A public key of any length: nobody needs to know the private one.
sub big_key
{
	my ($bits) = @_;
	my $modulus = "\0\xff" . join('', map { chr(($_ * 7 + 3) % 256) }
		3 .. $bits / 8) . "\x01";
	my $key = der(0x30, der(2, $modulus) . der(2, "\1\0\1"));
	return encode_base64(der(0x30, der(0x30, der(6,
		"\x2a\x86\x48\x86\xf7\x0d\1\1\1") . der(5, '')) .
		der(3, "\0$key")), '');
}

for my $bits (16384, 4096) {
	my $key = 'v=DKIM1; k=rsa; p=' . big_key($bits);
	my $dns = DNS->start($box, records => [['k._domainkey.a.example',
		'TXT', unpack '(a255)*', $key]]);
	my ($got, $seconds) = judged(conf($dns->server));

	holds("an RSA key of $bits bits", $got, $seconds);
	like $got->{auth}{dkim}[0]{result},
		$bits == 4096 ? qr/^fail$/ : qr/^(permerror|policy|fail)$/,
		'it does not pass';
	$dns->stop;
}

{
	# While one message waits for a silent domain, others go on.
	my $dns = DNS->start($box, records => [
		['slow.example', 'ANY', { behaviour => 'TIMEOUT' }],
		['_dmarc.slow.example', 'ANY', { behaviour => 'TIMEOUT' }]]);
	my $daemon = $box->daemon(relay => { domains => ['example.org'] },
		resolver => { servers => [$dns->server], timeout => '3s',
			budget => '4s', failure_ttl => '0s' });
	my $slow = Milter::Client->new($daemon->socket);
	my $quick = Milter::Client->new($daemon->socket);

	$slow->open_session;
	$slow->mail('<s@slow.example>', [], i => 'SLOW');
	$slow->rcpt('<u@example.org>', [], i => 'SLOW');
	$slow->data(i => 'SLOW');
	$slow->header('From', 's@slow.example');
	$slow->eoh;
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		POSIX::_exit($slow->eom(i => 'SLOW')->{cmd} eq 'c' ? 0 : 1);
	}
	is join('', map { $quick->message(queue_id => "Q$_")->{cmd} } 1 .. 20),
		'c' x 20, 'others go on';
	my @quick = $daemon->records(20, '--domain', 'example.org');
	ok !(grep { $_->{queue_id} eq 'SLOW' } @quick),
		'20 messages passed by one that waits';
	waitpid $pid, 0;
	is $?, 0, 'which is accepted in the end';
	my ($record) = $daemon->records(1, '--queue-id', 'SLOW');
	is $record->{auth}{spf}{result}, 'temperror', 'with a temperror';
	kill USR1 => $daemon->pid;
	my $status = $box->wait_for(5, sub {
		my ($object) = $daemon->objects('status');
		$object && $object->{resolver}{timeouts} ? $object : 0;
	});
	ok $status, 'status counts time-outs';
	cmp_ok $status->{resolver}{cache_hits}, '>', 0, 'and hits of the cache'
		or diag explain $status;
}

done_testing;
