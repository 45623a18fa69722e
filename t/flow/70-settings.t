# Settings: checked, reloaded, refused; the daemon's start and end.

use strict;
use warnings;

use Test::More;
use IO::Socket::UNIX;
use Socket qw(MSG_DONTWAIT);
use Time::HiRes qw(sleep time);

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $program = "$Sandbox::BUILD/mailreeve";

subtest 'mailreeve -t' => sub {
	my $good = $box->write_file('good.conf', "mode = monitor;\n");
	is +($box->run($program, '-t', '-c', $good))[0], 0, 'good settings';
	my $empty = $box->write_file('empty.conf', '');
	is +($box->run($program, '-t', '-c', $empty))[0], 0, 'an empty file';
	my @bad = (
		["relay { netwroks = [] }", qr/:1: relay\.netwroks: no such setting; did you mean relay\.networks\?/],
		["\nlisten = 8891", qr/:2: listen: "8891" is no socket/],
		["records { keep = 6x }", qr/:1: records\.keep: "6x" is not a time/],
		["records { keep = 30d }", qr/:1: records\.keep: less than 60d/],
		["relay { networks = [\"10.0.0.1/8\"] }", qr/:1: relay\.networks: bits are set behind the prefix: write 10\.0\.0\.0\/8/],
		["relay { domains = [\"a..b\"] }", qr/:1: relay\.domains: "a\.\.b" is not a domain/],
		["relay { domains_file = \"/none\" }", qr/:1: relay\.domains_file: .*\/none/],
		["relay { certificates = [\"xyz\"] }", qr/:1: relay\.certificates: "xyz" is no fingerprint/],
		["verdict { reject_text = \"%{who}\" }", qr/:1: verdict\.reject_text: only/],
		["verdict { tag = 4000 }", qr/:1: verdict\.tag: 4000 is not between/],
		["verdict { actions { X = explode } }", qr/:1: verdict\.actions\.X: "explode" is none of/],
		["mode = enforce\nmode = monitor", qr/:2: mode: given twice, first at/],
		["relay {", qr/:1: relay begins here and has no end/],
		["mode = \"enforce", qr/:1: a string begins here and has no end/],
		["a = 1\0", qr/NUL/],
	);
	for my $case (@bad) {
		my $file = $box->write_file('bad.conf', $case->[0]);
		my ($status, undef, $err) = $box->run($program, '-t', '-c',
			$file);
		is $status, 78, 'exit 78: ' . ($case->[0] =~ s/[^ -~]/?/gr);
		like $err, $case->[1], 'and what is wrong, and where';
	}
	chmod 0666, $good;
	my ($status, undef, $err) = $box->run($program, '-t', '-c', $good);
	is $status, 78, 'a file that all can write';
	like $err, qr/anyone could change it; run `chmod o-w/, 'is refused';
	($status, undef, $err) = $box->run($program, '-t', '-c',
		$box->path('none.conf'));
	is $status, 78, 'a file that is not there';
	like $err, qr/none\.conf: No such file/, 'is named';
	is +($box->run($program, '--bad'))[0], 64, 'bad usage';
};

subtest 'reevectl check' => sub {
	my $file = $box->write_file('check.conf', "records { keep = 90d }");
	my ($status, $out) = $box->run("$Sandbox::BUILD/reevectl", '-c',
		$file, 'check', '--show');
	is $status, 0, 'shown';
	like $out, qr/records \{\n(?:.*\n)*?\tkeep = 90d;/, 'what is set';
	my $again = $box->write_file('again.conf', $out);
	is +($box->run($program, '-t', '-c', $again))[0], 0,
		'what is shown can be read again';
};

subtest 'where it refuses to run' => sub {
	mkdir $box->path('open');
	chmod 0777, $box->path('open');
	my $daemon = eval { $box->daemon(name => 'open',
		state_dir => $box->path('open')) };
	ok !$daemon, 'a state directory that others can write';
	like $@, qr/others may write to it; run `chmod 0700/, 'it says so';
	my $first = $box->daemon(name => 'first');
	my $second = eval { $box->daemon(name => 'second',
		state_dir => $first->state) };
	ok !$second, 'a state directory that is in use';
	like $@, qr/mailreeve runs already, as process \d+/, 'it says so';
	mkdir $box->path('third'), 0700;
	chown +(getpwnam Sandbox::user())[2, 3], $box->path('third')
		if $> == 0;
	my $conf = $box->write_file('third.conf', Sandbox::conf_text({
		listen => $first->socket, state_dir => $box->path('third'),
		user => Sandbox::user() }));
	my ($status, $out, $err) = $box->run($program, '-f', '-c', $conf);
	is $status, 78, 'a socket that is in use';
	like $err, qr/another program answers there/, 'it says so';
	is $first->stop, 0, 'the first one is not disturbed';
	SKIP: {
		skip 'only root changes its user', 2 if $> != 0;
		my $daemon = eval { $box->daemon(name => 'nouser',
			user => 'no-such-user') };
		ok !$daemon, 'a user that there is not';
		like $@, qr/no such user; make it with/, 'it says so';
	}
};

my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $socket = $daemon->socket;

SKIP: {
	skip 'not root: it stays who it was', 2 if $> != 0;
	my $status = $box->read_file('/proc/' . $daemon->pid . '/status');
	my $uid = getpwnam Sandbox::user();
	like $status, qr/^Uid:\t$uid\t$uid\t$uid\t/m, 'root is given up';
	like $status, qr/^Groups:\t(?!0\b)/m, 'and its groups';
}
is sprintf('%o', (stat $daemon->state . '/state.mdb')[2] & 0777), '600',
	'the state is for its user alone';

sub verdict_of
{
	my ($from) = @_;
	my $mta = Milter::Client->new($socket);
	my $reply = $mta->message(from => $from,
		rcpts => ['<x@remote.example>'])->{rcpts}[0];
	$mta->quit;
	return $reply->{cmd};
}

subtest 'reload' => sub {
	is verdict_of('<a@example.net>'), 'y', 'before';
	my $old = Milter::Client->new($socket);
	$old->open_session;
	$old->mail('<kept@example.net>', [], i => 'KEPT');
	$daemon->configure(relay => { domains => ['remote.example'] });
	my ($status, $out) = $daemon->reevectl('reload');
	is "$status $out", "0 reloaded\n", 'reevectl reload';
	is verdict_of('<a@example.net>'), 'c', 'after';
	is $old->rcpt('<x@remote.example>')->{cmd}, 'y',
		'a message keeps the settings it began with';
	$old->abort;
	is $old->message(rcpts => ['<x@remote.example>'])->{cmd}, 'c',
		'the next one in the session has the new ones';
	$old->quit;

	$daemon->configure(relay => { domains => ['bad..domain'] });
	($status, $out, my $err) = $daemon->reevectl('reload');
	is $status, 78, 'bad settings are told';
	like $err, qr/relay\.domains: "bad\.\.domain" is not a domain/, 'why';
	is verdict_of('<a@example.net>'), 'c', 'the old ones stay';
	kill USR1 => $daemon->pid;
	ok $box->wait_for(5, sub { $daemon->log =~
		/reload_failed why=.*relay\.domains: "bad/ }),
		'the daemon, told to, refuses them as well';
	is verdict_of('<a@example.net>'), 'c', 'and keeps the old ones';

	$daemon->configure(relay => { domains => ['example.org'] },
		backlog => 5);
	kill HUP => $daemon->pid;
	ok $box->wait_for(5, sub { verdict_of('<a@example.net>') eq 'y' }),
		'SIGHUP reloads and does not stop it';
	like $daemon->log, qr/restart_needed setting=backlog/,
		'what needs a restart is told';
};

subtest 'mode = monitor' => sub {
	$daemon->configure(mode => 'monitor');
	is +($daemon->reevectl('reload'))[0], 0, 'reloaded';
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(rcpts => ['<x@remote.example>'],
		queue_id => 'MONITOR');
	$mta->quit;
	is $result->{rcpts}[0]{cmd}, 'c', 'the recipient is taken';
	is $result->{cmd}, 'c', 'so is the message';
	my ($record) = $daemon->records(1, '--queue-id', 'MONITOR');
	is $record->{verdict}, 'reject', 'what would have been is recorded';
	ok $record->{monitored}, 'as such';
	$daemon->configure(mode => 'enforce');
	$daemon->reevectl('reload');
};

subtest 'SIGTERM' => sub {
	my $mta = Milter::Client->new($socket);
	my $idle = Milter::Client->new($socket);
	$idle->open_session(addr => '192.0.2.99');
	$mta->open_session;
	$mta->mail('<inhand@example.net>', [], i => 'INHAND');
	$mta->rcpt('<user@example.org>');
	$mta->data;
	kill TERM => $daemon->pid;
	ok $box->wait_for(5, sub { $daemon->log =~ /stopping/ }), 'it heard';
	my $late = Milter::Client->new($socket);
	my $reply = $late->message->{rcpts}[0];
	like $reply->{text}, qr/^451 4\.3\.2/, 'a new message is deferred';
	$mta->header('Subject', 'x');
	$mta->eoh;
	$mta->body("x\r\n");
	is $mta->eom(i => 'INHAND')->{cmd}, 'c', 'the one in hand ends';
	is $daemon->stop, 0, 'then it ends, with 0';
	my @records = $daemon->objects('records', 'search', '--queue-id',
		'INHAND');
	is scalar @records, 1, 'the record is there, without the daemon';
	my @session = $daemon->objects('records', 'search', '--kind',
		'session', '--client-ip', '192.0.2.99');
	is scalar @session, 1, 'so is the idle session\'s';
	is +($daemon->reevectl('status'))[0], 69, 'status says it is down';
};

subtest 'what it is born with' => sub {
	my $box2 = Sandbox->new;
	my $wrap = $box2->write_file('wrap', "#!/bin/sh\nexec 9</dev/null " .
		"8</etc/passwd\nexec $program \"\$@\"\n");
	chmod 0755, $wrap;
	local $Sandbox::PROGRAM = $wrap;
	my $notify = $box2->path('notify');
	my $manager = IO::Socket::UNIX->new(Type => Socket::SOCK_DGRAM(),
		Local => $notify) or die "$notify: $!";
	chmod 0777, $notify;
	local $ENV{NOTIFY_SOCKET} = $notify;
	my $born = $box2->daemon;
	my %open = map { (readlink($_) // '') => 1 }
		glob '/proc/' . $born->pid . '/fd/*';
	ok !$open{'/etc/passwd'}, 'inherited descriptors are closed';
	is $box2->read_file('/proc/' . $born->pid . '/status') =~
		/^Umask:\s*(\d+)/m ? $1 : '', '0027', 'umask 027';
	SKIP: {
		skip 'built without libsystemd', 2
			unless `ldd $program` =~ /libsystemd/;
		my $said = '';
		ok $box2->wait_for(5, sub {
			recv($manager, my $text, 4096, MSG_DONTWAIT);
			$said .= $text // '';
			$said =~ /READY=1/;
		}), 'the service manager hears that it serves';
		$born->stop;
		ok $box2->wait_for(5, sub {
			recv($manager, my $text, 4096, MSG_DONTWAIT);
			$said .= $text // '';
			$said =~ /STOPPING=1/;
		}), 'and that it stops';
	}
	$born->stop;
};

subtest 'to the background' => sub {
	my $pid_file = $daemon->state . '/mailreeve.pid';
	my ($status, $out, $err) = $box->run($program, '-c', $daemon->{conf});
	is $status, 0, 'it says that it serves' or diag $err;
	ok $daemon->answers, 'and it does';
	my ($pid) = $box->read_file($pid_file) =~ /(\d+)/;
	ok $pid && kill(TERM => $pid), 'its process is known';
	ok $box->wait_for(10, sub { !kill 0, $pid }), 'and ends';
	($status) = $box->run($program, '-c', $box->write_file('bad2.conf',
		'x = 1'));
	is $status, 78, 'bad settings: it does not start';
};

done_testing;
