# Alerts: each way by itself (reevectl alert test), what may not be set, and
# what the daemon tells of: incidents, cases, deadlines before and at them, and
# its own errors, each once, however often it happens or the daemon starts.

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::SSL;
use JSON::PP;
use MIME::Base64;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $reevectl = "$Sandbox::BUILD/reevectl";
my $has_webhooks = `ldd $reevectl` =~ /libcurl/;
my $sink = $box->path('sink');

mkdir $sink;
chmod 0777, $sink;

sub script
{
	my ($name, $text) = @_;
	my $path = $box->write_file($name, "#!/bin/sh\n$text\n");

	chmod 0755, $path;
	return $path;
}

sub read_sink { $box->read_file("sink/$_[0]") }

my $command = script('alarm', "cat >>$sink/objects");
my $sendmail = script('sendmail', "echo \"\$*\" >>$sink/arguments; cat >>$sink/mail");

# A server that answers by path, and writes down what it was sent.
sub serve
{
	my ($listen) = @_;
	my %answers = ('/good' => '204 No Content', '/bad' => '500 Oh',
		'/away' => "302 Found\r\nLocation: /good");
	my $pid = fork // die "fork: $!\n";

	return $pid if $pid;
	while (1) {
		my $peer = $listen->accept or next;
		my ($head, $body) = ('', '');

		while (my $line = <$peer>) {
			last if $line =~ /^\r?$/;
			$head .= $line;
		}
		read $peer, $body, $1 if $head =~ /^Content-Length: *(\d+)/im;
		open my $out, '>>', "$sink/posts";
		print $out "$head\n$body\n";
		close $out;
		my ($path) = $head =~ /^POST (\S+)/;
		next if ($path // '') eq '/gone' || !defined $path;
		sleep 30 if $path eq '/slow';
		print $peer "HTTP/1.1 $answers{$path}\r\nContent-Length: 0\r\n" .
			"Connection: close\r\n\r\n";
		close $peer;
	}
}

my @servers;
sub stop_servers { kill KILL => @servers if @servers; waitpid $_, 0 for @servers; @servers = () }
END { my $status = $?; stop_servers(); $? = $status }

my $plain = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die "$!\n";
my $port = $plain->sockport;
push @servers, serve($plain);

sub conf
{
	my (%alert) = @_;
	return $box->write_file('a.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), authserv_id => 'mx.example.org',
		evidence => { sendmail => $sendmail }, alert => \%alert }));
}

# By way: "" when it went, else why not.
sub results
{
	my ($status, $out, $err) = $box->run($reevectl, '-c', conf(@_), '--json', 'alert',
		'test');

	diag $err if $err && $status != 78;
	return ($status, { map { my $line = decode_json($_);
		($line->{way} => $line->{sent} ? '' : $line->{why}) } split /\n/, $out });
}

subtest 'each way' => sub {
	is +(results())[0], 78, 'none is set';
	my ($status, $got) = results(command => "$command 'two words'",
		mail => ['ops@example.org', 'desk@example.org'],
		$has_webhooks ? (webhook => "http://127.0.0.1:$port/good") : ());

	is $status, 0, 'all of them';
	is_deeply $got, { command => '', mail => '', $has_webhooks ? (webhook => '') : () },
		'went' or diag explain $got;
	my $object = decode_json(read_sink('objects'));
	is "$object->{alert} $object->{host} $object->{held_back}", 'test mx.example.org 0',
		'the program has an object';
	like $object->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'with a time';
	is read_sink('arguments'), "-i -f postmaster\@mx.example.org -- " .
		"ops\@example.org desk\@example.org\n", 'the mail has its envelope';
	my ($head, $body) = split /\n\n/, read_sink('mail'), 2;
	like $head, qr/^Subject: \[mailreeve mx\.example\.org\] test$/m, 'a subject';
	like $head, qr/^Auto-Submitted: auto-generated$/m, 'wants no answer';
	like $head, qr/^Date: \w{3}, \d+ \w{3} \d{4} [\d:]{8} \+0000$/m, 'has a date';
	like $head, qr/^Message-ID: <[^\s@]+\@mx\.example\.org>$/m, 'and an id';
	like decode_base64($body), qr/^This is a test .*"alert": "test"/s, 'and the object';
	return unless $has_webhooks;
	my $post = read_sink('posts');
	like $post, qr{^POST /good HTTP/1\.1\r.*^Content-Type: application/json\r}ms, 'posted';
	is_deeply decode_json($post =~ /\n\n(.*)/s), decode_json((split /\n/,
		read_sink('objects'))[-1]), 'the same object';
};

subtest 'a program that fails says so' => sub {
	my ($status, $got) = results(command => script('hangs', 'exec sleep 30'),
		timeout => '300ms');

	is $status, 69, 'unavailable';
	like $got->{command}, qr/after 300 ms/, 'one that hangs';
	($status, $got) = results(command => '/bin/false');
	like $got->{command}, qr/failed \(status 1\)/, 'one that fails';
	($status, $got) = results(command => '/nowhere/x');
	like $got->{command}, qr/nowhere/, 'none at all';
};

subtest 'a webhook that fails says so' => sub {
	plan skip_all => 'built without libcurl' unless $has_webhooks;
	my ($status, $got) = results(webhook => "http://127.0.0.1:$port/bad");

	is $status, 69, 'unavailable';
	is $got->{webhook}, 'it answered 500', 'an error';
	unlink "$sink/posts";
	($status, $got) = results(webhook => "http://127.0.0.1:$port/away");
	is $got->{webhook}, 'it answered 302', 'a redirect';
	is scalar(() = read_sink('posts') =~ /^POST/mg), 1, 'is not followed';
	my $began = time;
	($status, $got) = results(webhook => "http://127.0.0.1:$port/slow", timeout => '300ms');
	like $got->{webhook}, qr/timed? ?out/i, 'a slow one';
	cmp_ok time - $began, '<', 5, 'is not waited for';
};

subtest 'TLS is checked' => sub {
	plan skip_all => 'built without libcurl' unless $has_webhooks;
	my ($key, $cert) = map { $box->path($_) } qw(key.pem cert.pem);

	system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes " .
		"-keyout $key -out $cert -days 3650 -subj /CN=localhost -addext " .
		"subjectAltName=DNS:localhost 2>/dev/null") == 0 or die "openssl\n";
	chmod 0644, $cert;
	my $tls = IO::Socket::SSL->new(LocalAddr => '127.0.0.1', Listen => 5,
		SSL_cert_file => $cert, SSL_key_file => $key) or die "$SSL_ERROR\n";
	push @servers, serve($tls);
	my $at = $tls->sockport;
	my ($status, $got) = results(webhook => "https://localhost:$at/good");
	like $got->{webhook}, qr/certificate/i, 'a certificate that nobody signed';
	($status, $got) = results(webhook => "https://localhost:$at/good", webhook_ca => $cert);
	is $got->{webhook}, '', 'one that the settings know';
	($status, $got) = results(webhook => "https://127.0.0.1:$at/good", webhook_ca => $cert);
	like $got->{webhook}, qr/certificate|subject name/i, 'for another name';
};

subtest 'what may not be set' => sub {
	for ([{ webhook => 'http://far.example/x' }, qr/without TLS/],
		[{ webhook => 'ftp://127.0.0.1/x' }, qr/must begin with https/],
		[{ webhook => 'file:///etc/passwd' }, qr/https/],
		[{ webhook => 'x y' }, qr/no URL/],
		[{ webhook_ca => '/nowhere' }, qr/no such file/],
		[{ command => "a 'b" }, qr/alert\.command/],
		[{ mail => ['-oQ/tmp@x'] }, qr/no address/],
		[{ mail => ["a\@b\nBcc: c\@d"] }, qr/no address/],
		[{ mail_from => 'nobody' }, qr/no address/]) {
		next if $_->[0]{webhook} && !$has_webhooks;
		my ($status, $out, $err) = $box->run($reevectl, '-c', conf(%{ $_->[0] }),
			'check');
		is $status, 78, join ' ', %{ $_->[0] };
		like $err, qr/a\.conf:\d+: alert\.\w+: .*$_->[1]|$_->[1]/, 'and why';
	}
};

unlink glob "$sink/*";
my $clock = Clock->new($box, '2026-11-23T10:00:00Z');
my %settings = (
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	authserv_id => 'mx.example.org',
	bulk => { preset_limits => 'no', limits => { messages => {
		key => 'account', most => 2, within => '10min' } } },
	alert => { command => $command, every => '1h', most => 3 },
	cases => { auto_suspend => 'no' }, calendar => { zone => 'UTC' });
my $daemon = $box->daemon(%settings);

sub alerts { map { decode_json($_) } split /\n/, read_sink('objects') }
sub of { my ($kind) = @_; grep { $_->{alert} eq $kind } alerts() }
sub wait_of
{
	my ($kind, $count) = @_;
	ok $box->wait_for(15, sub { of($kind) >= $count }), "$count of $kind" or
		diag read_sink('objects'), $daemon->log;
	return (of($kind))[$count - 1];
}

sub send_many
{
	my ($count, $login) = @_;
	my $mta = Milter::Client->new($daemon->socket);

	$mta->message(addr => '192.0.2.5', login => $login, from => "<$login\@example.org>",
		rcpts => ['<x@far.example>']) for 1 .. $count;
	$mta->quit;
}

send_many(3, 'alice');
my $alert = wait_of('incident', 1);
is "$alert->{incident}{kind} $alert->{incident}{subject_kind} $alert->{incident}{subject}",
	'limit account alice', 'an incident, with its facts';
$alert = wait_of('case_opened', 1);
is "$alert->{case}{case} $alert->{case}{kind} $alert->{key}", '2026-0001 spam 2026-0001',
	'a case, with its';
ok $alert->{case}{due}{warn}, 'and its deadlines';
is +($daemon->reevectl('case', 'open', account => 'bob', '--kind', 'harmful'))[0], 0,
	'reevectl opens one';
$alert = wait_of('case_opened', 2);
is $alert->{case}{subject}, 'bob', 'told as well';
$clock->set('2026-11-23T10:31:00Z');
$alert = wait_of('case_due', 1);
is "$alert->{case}{case} $alert->{duty}", '2026-0002 suspend', 'a deadline is over';
$clock->set('2026-11-24T06:30:00Z');
my %soon = map { $_ => 1 } map { "$_->{case}{case} $_->{duty}" }
	(wait_of('case_soon', 2), of('case_soon'));
ok $soon{'2026-0001 warn'} && $soon{'2026-0002 report'}, 'two come within four hours' or
	diag explain \%soon;
is scalar of('case_due'), 1, 'and are not over yet';
$daemon->stop;
$daemon->start;
send_many(1, 'carol');
$clock->set('2026-11-24T10:31:00Z');
wait_of('case_due', 3);
is scalar of('case_soon'), 2, 'a start tells nothing twice';
is scalar of('case_opened'), 2, 'nor of cases';

subtest 'a flood' => sub {
	my $before = of('incident');

	send_many(3, "user$_") for 1 .. 8;
	$box->wait_for(10, sub { () = $daemon->log =~ /incident kind=limit/g; $daemon->log =~
		/key="messages user8"/ });
	cmp_ok scalar(of('incident')) - $before, '<=', 4, 'is few alerts';
	$clock->advance(3700);
	ok $box->wait_for(10, sub { grep { $_->{held_back} } of('incident') }),
		'and one that says how many were held back' or diag read_sink('objects');
};

subtest 'an error of the daemon' => sub {
	my $good = $box->read_file($daemon->conf);

	$box->write_file($daemon->conf, "nonsense = 1\n");
	$daemon->reload;
	$alert = wait_of('reload_failed', 1);
	like $alert->{text}, qr/nonsense/, 'is one, with the line of the log';
	$box->write_file($daemon->conf, $good);
	$daemon->reload;
};

subtest 'mail does not wait' => sub {
	$settings{alert} = { command => script('waits', 'exec sleep 60'), every => 0,
		timeout => '500ms' };
	$daemon->configure(%settings);
	$daemon->reload;
	ok $box->wait_for(10, sub { $daemon->log =~ /reloaded/ }), 'a program that hangs';
	my $began = time;
	send_many(3, "slow$_") for 1 .. 5;
	cmp_ok time - $began, '<', 3, 'holds up no mail';
	ok $box->wait_for(10, sub { $daemon->log =~ /alert_failed what=command try=1 of=5/ }),
		'and is logged';
};
$daemon->stop;

done_testing;
