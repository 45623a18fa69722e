# The tests' own tools, together: the mock MTA, the SMTP client, Postfix and
# Sendmail, each with a filter that does nothing. When this fails, look no
# further: the other flows cannot be trusted.

use strict;
use warnings;

use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(time);

use Milter::Client;
use Postfix;
use SMTP;
use Sandbox;
use Sendmail;

my $box = Sandbox->new;
my $dir = $box->dir;
my @pids;				# of all that was started here
my $filters = 0;

# The filter that does nothing, built here when there is none.
sub noop
{
	for my $path (map { "$Sandbox::BUILD/$_" } qw(t/bench/noop noop)) {
		return $path if -x $path;
	}
	my $path = $box->path('noop');
	my ($status, undef, $why) = -x $path ? 0 : $box->run('cc', '-O2', '-o',
		$path, Sandbox->top . '/t/bench/noop.c', '-lmilter',
		'-lpthread');
	$status eq '0' or BAIL_OUT("noop: $why");
	return $path;
}

# Starts it on a socket; its pid, once it listens.
sub start_filter
{
	my ($socket) = @_;
	my $pid = $box->spawn('noop' . ++$filters, noop(), $socket);

	push @pids, $pid;
	$box->wait_for(10, sub {
		eval { Milter::Client->new($socket, timeout => 2)->quit; 1 };
	}) or BAIL_OUT("noop does not answer on $socket");
	chmod 0666, $1 if $socket =~ /^unix:(.*)/;
	return $pid;
}

# Not by SIGTERM: libmilter takes up to five seconds to notice.
sub end_filter
{
	my ($pid) = @_;

	kill KILL => $pid;
	return $box->reap($pid, 5);
}

my $unix = 'unix:' . $box->path('noop.sock');
my $inet = 'inet:' . Sandbox->free_port . '@127.0.0.1';
my $local_filter = start_filter($unix);
my $inet_filter = start_filter($inet);

subtest 'the mock MTA' => sub {
	for my $socket ($unix, $inet) {
		for my $version (2, 4, 6) {
			my $mta = Milter::Client->new($socket,
				version => $version);
			my $what = substr($socket, 0, 4) . " v$version";
			is $mta->{asked}{version}, $version, "$what: spoken";
			my $result = $mta->message(body => 'x' x 200_000,
				rcpts => ['<a@example.org>',
					['<b@example.org>', ['NOTIFY=NEVER']],
					['<c@example.org>', [],
						{ rcpt_mailer => 'error' }]]);
			is "$result->{cmd} $result->{stage}", 'c eom',
				"$what: a message";
			is_deeply $result->{changes}, [], "$what: no edits";
			is scalar @{ $result->{rcpts} }, 3,
				"$what: an answer for each recipient";
			is $mta->unknown('BOGUS')->{cmd}, 'c',
				"$what: an unknown command";
			$mta->quit_new;
			is $mta->message->{cmd}, 'c', "$what: a new session";
			$mta->quit;
		}
	}
	my $mta = Milter::Client->new($unix);
	ok $mta->asks_for(0x80), 'version 6: no reply to headers';
	ok !$mta->asks_for(0x8000), 'but at RCPT';
	$mta->connect;
	$mta->drop;
	$mta = Milter::Client->new($unix, negotiate => 0);
	$mta->send_raw(pack('N', 1) . 'Z' x 50);
	ok $mta->is_closed, 'garbage is answered by closing';
	$mta = Milter::Client->new($unix, version => 6, steps => 0x7f);
	ok !$mta->asks_for(~0x7f), 'no flag that was not offered';
	is $mta->message->{cmd}, 'c', 'and a message';
	$mta->quit;
};

subtest 'the mock MTA has a time limit' => sub {
	my $path = $box->path('silent.sock');
	my $silent = IO::Socket::UNIX->new(Local => $path, Listen => 1);
	my $begin = time;

	ok !eval { Milter::Client->new("unix:$path", timeout => 0.3) },
		'a filter that is silent';
	like $@, qr/^the filter said nothing for 0\.3 s$/, 'is told';
	cmp_ok time - $begin, '<', 3, 'in time';
	close $silent;
	ok !eval { Milter::Client->new("unix:$path.gone") }, 'no filter';
	like $@, qr/\Q$path.gone\E: \S/, 'is told';
};

# Mail from a client to one recipient; the last reply's code.
sub mail
{
	my ($port, $from, $to, %how) = @_;
	my $client = SMTP->new($port, from => $from, %how);

	$client->auth(@{ $how{login} }) if $how{login};
	my ($code) = $client->message(to => "<$to>", text =>
		"From: a\@example.net\nSubject: to $to\n\nHi\n.\n.dots\n");
	$client->quit;
	return $code;
}

# What any MTA of ours must do, with a filter on $socket.
sub try_mta
{
	my ($mta) = @_;

	is mail($mta->port, '127.0.0.1', 'ours@example.org'), 250,
		'mail for us';
	is mail($mta->port, '127.0.0.2', 'stranger@example.org'), 250,
		'mail for us from a stranger';
	is mail($mta->port, '127.0.0.1', 'away@remote.example'), 250,
		'mail for elsewhere';
	like mail($mta->port, '127.0.0.2', 'away@remote.example'), qr/^55/,
		'not from a stranger';
	my @texts = $mta->delivered(3);
	is scalar @texts, 3, 'all of them came to the sink';
	my %text = map { /^Subject: to (.*)/m ? ($1 => $_) : () } @texts;
	is_deeply [sort keys %text], [qw(away@remote.example ours@example.org
		stranger@example.org)], 'each once';
	like $text{'stranger@example.org'},
		qr/^Received: from .*\[127\.0\.0\.2\]/m,
		'from where they came';
	like $text{'ours@example.org'}, qr/\n\nHi\n\.\n\.dots\n/,
		'as they were';
	is mail($mta->port, '127.0.0.1', 'ours@example.org',
		helo => 'other.example.net'), 250, 'another name at HELO';
	$mta->forget_delivered;
	return;
}

subtest 'Postfix' => sub {
	plan skip_all => 'no Postfix here, or not root'
		unless Postfix->is_there;
	my $postfix = Postfix->new($box, milters => $unix, non_smtpd => $inet,
		users => { alice => 'secret' }, tls => 1, listeners =>
		{ submission => { options => { smtpd_milters =>
			Postfix::_milters($inet) } } });
	push @pids, $postfix->pid;
	try_mta($postfix);
	$postfix->delivered(1);
	$postfix->forget_delivered;

	my @login = (login => ['alice', 'secret']);
	is mail($postfix->port, '127.0.0.2', 'login@remote.example', @login),
		250, 'a stranger with a login may relay';
	is mail($postfix->port, '127.0.0.2', 'bad@remote.example',
		login => ['alice', 'wrong']), 554, 'not with a wrong password';
	is mail($postfix->{listeners}{submission}{port}, '127.0.0.2',
		'other@remote.example', @login), 250, 'another listener';
	is mail($postfix->port, '127.0.0.2', 'tls@remote.example', @login,
		tls => 1), 250, 'with TLS';
	my $client = SMTP->new($postfix->port);
	is +($client->auth_login('alice', 'secret'))[0], 235, 'AUTH LOGIN';
	$client->quit;

	$client = SMTP->new($postfix->port);
	is +($client->xclient(ADDR => '192.0.2.77', PORT => 4711,
		NAME => 'host.example.net'))[0], 220, 'XCLIENT';
	is +($client->message)[0], 250, 'and mail from there';
	$client->quit;
	like $client->transcript, qr/^C: MAIL.*^S: 250.*^C: QUIT/ms,
		'what was said is kept';

	my ($status) = $postfix->sendmail("From: root\@example.org\n" .
		"To: user\@example.org\nSubject: local\n\nHi\n", '-t');
	is $status, 0, 'the sendmail command';
	my @texts = $postfix->delivered(5);
	is scalar @texts, 5, 'all is delivered';
	is +(grep { /with ESMTPSA/ } @texts), 1, 'one of them by TLS';
	is +(grep { /host\.example\.net \[192\.0\.2\.77\]/ } @texts), 1,
		'one from a name that is not ours';
	unlike $postfix->log, qr/(?:warning|error|fatal): (?!\S+: SASL)/,
		'no complaint in its log';

	is end_filter($local_filter), 128 + 9, 'the filter ends';
	is mail($postfix->port, '127.0.0.1', 'later@example.org'), 451,
		'without it mail is deferred: it was asked indeed';
	is mail($postfix->{listeners}{submission}{port}, '127.0.0.1',
		'now@example.org'), 250, 'not where the other one is asked';
	$local_filter = start_filter($unix);
	is mail($postfix->port, '127.0.0.1', 'later@example.org'), 250,
		'when it is back, all is well';
	my $second = Postfix->new($box);
	push @pids, $second->pid;
	is mail($second->port, '127.0.0.1', 'ours@example.org'), 250,
		'a second one beside it';
	is scalar $second->delivered(1), 1, 'with a sink of its own';
	$second->stop;
	my $master = $postfix->pid;
	$postfix->stop;
	ok !Postfix::_has_group($master), 'it is gone with its children when stopped';
};

subtest 'Sendmail' => sub {
	my $why = Sendmail->why_not;
	plan skip_all => $why if defined $why;
	for my $socket ($unix, $inet) {
		my $sendmail = Sendmail->new($box, milters => $socket);
		push @pids, $sendmail->pid;
		try_mta($sendmail);
		like $sendmail->log, qr/Milter accept: message/,
			"the filter was asked, $socket";
		unlike $sendmail->log, qr/Milter.*error/, 'without an error';
		if ($socket eq $unix) {
			is end_filter($local_filter), 128 + 9, 'the filter ends';
			is mail($sendmail->port, '127.0.0.1',
				'later@example.org'), 451,
				'without it mail is deferred';
		}
		$sendmail->stop;
	}
};

is end_filter($inet_filter), 128 + 9, 'the filter ends';
undef $box;
ok !-e $dir, 'the folder is removed';
is +(grep { kill 0, $_ } @pids), 0, 'no process is left';
is_deeply [grep { (readlink $_ // '') =~ m{^\Q$dir\E} }
	glob '/proc/[0-9]*/cwd'], [], 'nor a child of one';

done_testing;
