# Limits: who sends too much is held up, and nobody else; what is counted, when
# it is forgotten, what operators can do about it.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Milter::Client;
use Postfix;
use SMTP;
use Sandbox;

my $box = Sandbox->new;
my %settings = (
	relay => { domains => ['example.org'],
		networks => ['192.0.2.0/24', '127.0.0.1/32'] },
	bulk => {
		preset_limits => 'no', exempt => ['192.0.2.250'],
		snapshot => '2s',
		limits => {
			messages => { key => 'account', most => 200,
				within => '1h' },
			recipients => { key => 'client', count => 'recipients',
				most => 100, within => '10min',
				except => ['192.0.2.240/28'] },
			spread => { key => ['sender', 'recipient-domain'],
				count => 'distinct-recipients', most => 3,
				within => '1d', direction => 'inbound',
				action => 'reject' },
			size => { key => 'network', count => 'bytes',
				most => '100k', within => '1h',
				direction => 'inbound' },
			guesses => { key => 'client', most => 5,
				count => 'refused-recipients',
				within => '10min', direction => 'inbound' },
			visits => { key => 'client', count => 'sessions',
				most => 4, within => '1min',
				direction => 'inbound' },
			told => { key => 'sender-domain', most => 2,
				within => '1h', direction => 'inbound',
				action => 'none', score => 3,
				incident => 'no' },
			bad => { key => 'customer', most => 2,
				count => 'refused-messages', within => '1h',
				direction => 'any' },
		},
		customers => { acme => { accounts => ['@acme.example'] } },
	},
);
my $daemon = $box->daemon(name => 'mock', %settings);
my $said_when = qr/it frees at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)/;

sub talk { Milter::Client->new($daemon->socket) }

sub many
{
	my ($prefix, $count, $domain) = @_;
	return [map { "<$prefix$_\@" . ($domain // 'remote.example') . '>' }
		1 .. $count];
}

subtest 'recipients' => sub {
	my $mta = talk();
	my $r = $mta->message(addr => '192.0.2.1', rcpts => many('a', 60));
	is $r->{cmd}, 'c', '60 of 100 recipients';
	$r = $mta->message(addr => '192.0.2.1', rcpts => many('b', 50));
	my @cmd = map { $_->{cmd} } @{ $r->{rcpts} };
	is join('', @cmd), 'c' x 40 . 'y' x 10, 'the 101st is deferred';
	is $r->{cmd}, 'c', 'and not the message';
	like $r->{rcpts}[40]{text}, qr/^451 4\.7\.1 limit recipients: 100 recipients in 10min; $said_when/,
		'told with its name and when it frees';
	$mta->quit;
	$mta = talk();
	$r = $mta->message(addr => '192.0.2.2', rcpts => many('c', 100));
	is $r->{cmd}, 'c', 'another client is not touched';
	$mta->quit;
	for my $addr ('192.0.2.250', '192.0.2.241') {
		$mta = talk();
		$r = $mta->message(addr => $addr, rcpts => many('c', 150));
		is scalar(grep { $_->{cmd} ne 'c' } @{ $r->{rcpts} }), 0,
			"nor the exception $addr";
		$mta->quit;
	}
};

subtest 'what was not accepted is not counted' => sub {
	my $mta = talk();
	$mta->open_session(addr => '192.0.2.3');
	for (1 .. 5) {
		$mta->mail('<x@example.net>', [], i => "A$_");
		$mta->rcpt($_, []) for @{ many('d', 90) };
		$mta->abort;
	}
	my $r = $mta->message(rcpts => many('d', 100));
	is scalar(grep { $_->{cmd} eq 'c' } @{ $r->{rcpts} }), 100,
		'aborted messages give their recipients back';
	$mta->quit;
	$mta = talk();
	$mta->open_session(addr => '192.0.2.4');
	$mta->mail('<x@example.net>', [], i => 'L1');
	$mta->rcpt($_, []) for @{ many('e', 90) };
	$mta->drop;
	$box->wait_for(sub {
		my ($s) = $daemon->objects('records', 'search', '--client-ip',
			'192.0.2.4');
		$s;
	});
	$mta = talk();
	$r = $mta->message(addr => '192.0.2.4', rcpts => many('e', 100));
	is scalar(grep { $_->{cmd} eq 'c' } @{ $r->{rcpts} }), 100,
		'so do those whose client went away';
	$mta->quit;
};

subtest 'other things that are counted' => sub {
	my $mta = talk();
	my $r = $mta->message(addr => '198.51.100.1', from => '<s@a.example>',
		rcpts => [(map { "<r$_\@example.org>" } 1, 2, 3, 2, 1, 4)]);
	is join('', map { $_->{cmd} } @{ $r->{rcpts} }), 'cccccy',
		'different recipients: the same again is none';
	like $r->{rcpts}[5]{text}, qr/^550 5\.7\.1 limit spread: 3 distinct recipients in 1d/,
		'rejected as set';
	$mta->quit;

	$mta = talk();
	$r = $mta->message(addr => '198.51.101.1', from => '<z@b.example>',
		body => 'x' x 76_000 . "\r\n");
	is $r->{cmd}, 'c', 'bytes: 74 KiB of 100';
	$r = $mta->message(from => '<z@b.example>', body => 'x' x 38_000);
	is $r->{cmd}, 'y', 'and 37 more are too many at the end';
	like $r->{text}, qr/limit size: 100k bytes in 1h/, 'told';
	$mta->quit;
	$mta = talk();
	$r = $mta->message(addr => '198.51.101.77', from => '<z@b2.example>',
		body => 'x' x 38_000);
	is $r->{cmd}, 'y', 'its network is one';
	$mta->quit;

	$mta = talk();
	my @guesses = map { ["<g$_\@example.org>", [], { rcpt_mailer => 'error',
		rcpt_host => '5.1.1', rcpt_addr => 'User unknown' }] } 1 .. 5;
	$r = $mta->message(addr => '198.51.102.1', from => '<g@c.example>',
		rcpts => [@guesses, '<real@example.org>']);
	is $r->{cmd}, 'none', 'five dead recipients: no more';
	like $r->{rcpts}[5]{text}, qr/limit guesses: 5 refused recipients/,
		'told';
	$mta->quit;

	my @visits;
	for (1 .. 6) {
		$mta = talk();
		for my $n (1, 2) {
			$r = $mta->message(addr => '198.51.103.1',
				from => "<v\@v$_$n.example>");
			push @visits, $r->{cmd};
		}
		$mta->quit;
	}
	is "@visits", 'c c c c c c c c none none none none',
		'sessions, however many messages they have';

	$mta = talk();
	my @scores;
	for (1 .. 4) {
		$r = $mta->message(addr => '198.51.104.1',
			from => "<t$_\@told.example>", queue_id => "TOLD$_");
		push @scores, $r->{cmd};
	}
	is "@scores", 'c c c c', 'a finding alone holds up nobody';
	$mta->quit;
	my ($third) = $daemon->records(1, '--queue-id', 'TOLD3');
	my ($found) = grep { $_->{symbol} eq 'BULK_LIMIT_TOLD' }
		@{ $third->{findings} };
	is $found->{score}, 3, 'it has its score';
	my ($second) = $daemon->records(1, '--queue-id', 'TOLD2');
	is scalar(grep { $_->{symbol} =~ /^BULK/ } @{ $second->{findings} }),
		0, 'and not before';
};

subtest 'what operators see and do' => sub {
	my @rows;
	$box->wait_for(sub {
		@rows = $daemon->objects('limits', 'show', '192.0.2.1');
		@rows && $rows[0]{count} == 100;
	});
	is $rows[0]{limit}, 'recipients', 'limits show';
	is $rows[0]{most}, 100, 'its most';
	ok $rows[0]{full}, 'full';
	my @top = $daemon->objects('limits', 'top', '--count', 3);
	is scalar @top, 3, 'limits top';
	my ($status, $out) = $daemon->reevectl('limits', 'top');
	like $out, qr/recipients +192\.0\.2\.1 +100 +100/, 'for people';
	($status, $out) = $daemon->reevectl('limits', 'show', 'a.example');
	is $status, 0, 'a key that nothing counts';
	my @pair = $daemon->objects('limits', 'show', 's@a.example');
	is $pair[0]{key}, 's@a.example,example.org', 'part of a pair is found';

	my $one = sub {
		my $mta = talk();
		my $r = $mta->message(addr => '192.0.2.1',
			rcpts => many('f', $_[0]));
		$mta->quit;
		return scalar grep { $_->{cmd} eq 'c' } @{ $r->{rcpts} };
	};
	is $one->(5), 0, 'it is still closed';
	my $err;
	($status, $out, $err) = $daemon->reevectl('limits', 'raise', '192.0.2.1');
	is $status, 64, 'a raise needs to say to what';
	($status, $out, $err) = $daemon->reevectl('limits', 'raise', '--limit',
		'recipients', '--most', 90, '192.0.2.1');
	is $status, 64, 'and is none when it is less';
	($status, $out, $err) = $daemon->reevectl('limits', 'raise', '--limit',
		'recipient', '--times', 2, '192.0.2.1');
	like $err, qr/none of .*recipients/, 'limits have names';
	($status, $out, $err) = $daemon->reevectl('limits', 'raise', '--limit',
		'recipients', '--most', 103, '--for', '3s', '192.0.2.1');
	is $status, 0, 'raised' or diag $err;
	is $one->(5), 3, 'in force at once';
	ok +($daemon->objects('limits', 'show', '192.0.2.1'))[0]{raised},
		'and shown';
	sleep 3.2;
	is $one->(1), 0, 'until its time is over';
	$daemon->reevectl('limits', 'raise', '--times', 2, '192.0.2.1');
	is $one->(10), 10, 'times';
	my ($exception) = grep { $_->{exception} }
		$daemon->objects('limits', 'show', '192.0.2.1');
	is_deeply [@$exception{qw(exception times expires_us)}], ['*', 2, 0],
		'exceptions are listed';
	($status, $out) = $daemon->reevectl('limits', 'show');
	like $out, qr/\*\s+192\.0\.2\.1\s+times 2\s+never/, 'for people';
	$daemon->reevectl('limits', 'raise', '--undo', '192.0.2.1');
	is $one->(1), 0, 'undone';
	($status) = $daemon->reevectl('limits', 'raise', '--undo', '192.0.2.1');
	is $status, 65, 'what is not raised cannot be';
	is +($daemon->reevectl('limits', 'clear', '192.0.2.1'))[0], 0,
		'limits clear';
	is $one->(60), 60, 'frees at once';
	sleep 2.5;
	is $one->(60), 40, 'once: what came since is counted';
	my @incidents = grep { $_->{key} eq 'recipients 192.0.2.1' }
		$daemon->objects('incidents', '--kind', 'limit');
	is scalar @incidents, 1, 'one incident';
	cmp_ok $incidents[0]{count}, '>', 15, 'that went on';
	like $incidents[0]{text}, qr/^client 192\.0\.2\.1: more than 100 recipients in 10min/,
		'it says what';
	is scalar(() = $daemon->log =~ /incident kind=limit key="recipients 192\.0\.2\.1"/g),
		1, 'one line in the log';
	($status, $out) = $daemon->reevectl('incidents');
	like $out, qr/client 192\.0\.2\.1: more than/, 'for people';
};

subtest 'kill -9' => sub {
	my $mta = talk();
	$mta->message(addr => '192.0.2.9', rcpts => many('k', 100));
	$mta->quit;
	sleep 3.5;
	$daemon->kill9;
	$daemon->start;
	$mta = talk();
	my $r = $mta->message(addr => '192.0.2.9', rcpts => many('k', 1));
	is $r->{cmd}, 'none', 'what was counted two snapshots ago still counts';
	$mta->quit;
	$mta = talk();
	$mta->message(addr => '192.0.2.10', rcpts => many('k', 100));
	$mta->quit;
	is $daemon->stop, 0, 'stop';
	$daemon->start;
	$mta = talk();
	$r = $mta->message(addr => '192.0.2.10', rcpts => many('k', 1));
	is $r->{cmd}, 'none', 'at an orderly end all is kept';
	$mta->quit;
	is scalar(grep { $_->{key} eq 'recipients 192.0.2.1' }
		$daemon->objects('incidents')), 1, 'and the incidents';
	is $daemon->stop, 0, 'stop';
	my ($row) = $daemon->objects('limits', 'show', '192.0.2.10');
	is $row->{count}, 100, 'limits show without a daemon';
	is +($daemon->reevectl('limits', 'clear', '192.0.2.10'))[0], 0,
		'and limits clear';
	$daemon->start;
	$mta = talk();
	$r = $mta->message(addr => '192.0.2.10', rcpts => many('k', 101));
	is scalar(grep { $_->{cmd} eq 'c' } @{ $r->{rcpts} }), 100,
		'which the next one does';
	$mta->quit;
};

subtest 'a reload' => sub {
	my %other = %{ $settings{bulk} };
	$other{limits} = { fresh => { key => 'client', count => 'recipients',
		most => 2, within => '10min' } };
	$daemon->configure(bulk => \%other);
	is +($daemon->reevectl('reload'))[0], 0, 'reloaded';
	my $mta = talk();
	my $r = $mta->message(addr => '192.0.2.11', rcpts => many('k', 5));
	is join('', map { $_->{cmd} } @{ $r->{rcpts} }), 'ccyyy',
		'other limits are in force';
	like $r->{rcpts}[2]{text}, qr/limit fresh: /, 'by their names';
	$mta->quit;
	$daemon->configure(bulk => $settings{bulk});
	is +($daemon->reevectl('reload'))[0], 0, 'reloaded again';
	$mta = talk();
	$r = $mta->message(addr => '192.0.2.10', rcpts => many('k', 1));
	is $r->{cmd}, 'none', 'what the old ones counted still counts';
	$mta->quit;
};

subtest 'settings that are wrong' => sub {
	my %bad = (
		'key = "frog"; most = 5;' => qr/limits\.x\.key: "frog" is none of client/,
		'most = 0;' => qr/limits\.x\.most: must be given/,
		'most = 5; count = "frogs";' => qr/limits\.x\.count: "frogs" is none of/,
		'most = 5; within = 1s;' => qr/limits\.x\.within: 1s is less/,
		'most = 5; except = ["192.0.2.1/24"];' => qr/limits\.x\.except: /,
		'most = 5; count = sessions; key = [account, recipient];' =>
			qr/limits\.x\.count: .* leave it out of the key/,
		'most = 5; key = [client, network, account];' =>
			qr/limits\.x\.key: one part is needed, or two/,
	);
	for my $text (sort keys %bad) {
		my $file = $box->write_file('bad.conf',
			"bulk { limits { x { $text } } }\n");
		my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl",
			'-c', $file, 'check');
		is $status, 78, $text;
		like $err, $bad{$text}, 'names its field';
	}
};

is $daemon->stop, 0, 'the daemon ends well';

subtest 'one account, 500 messages in a minute, a real Postfix' => sub {
	Postfix::is_there() or
		plan skip_all => 'no Postfix here, or not root to start one';
	my $real = $box->daemon(name => 'real', bulk => {
		preset_limits => 'no', limits => {
			messages => $settings{bulk}{limits}{messages} } });
	my $postfix = Postfix->new($box, milters => $real->socket,
		users => { alice => 'secret', bob => 'hidden' });
	my $began = time;
	my ($accepted, $deferred, @when) = (0, 0);
	my $s;

	my $send = sub {
		my ($who, $password, $n) = @_;
		unless ($s && $s->{who} eq $who) {
			$s->quit if $s;
			$s = SMTP->new($postfix->port, from => '127.0.0.9');
			$s->{who} = $who;
			$s->auth($who, $password);
		}
		my @reply = $s->message(from => "<$who\@example.org>",
			to => "<r$n\@remote.example>",
			text => "From: $who\@example.org\nSubject: $n\n\nHello\n");
		$s->cmd('RSET') if $reply[0] != 250;
		return @reply;
	};
	for my $n (1 .. 500) {
		if ($n == 150) {	# counted for longer than a snapshot takes
			$box->wait_for(15, sub {
				my ($row) = $real->objects('limits', 'show',
					'alice');
				$row && $row->{count} >= 149;
			});
			$real->kill9;
			$real->start;
			undef $s;
		}
		my ($code, $text) = $send->('alice', 'secret', $n);
		$code == 250 ? $accepted++ : $deferred++;
		push @when, $text if $code != 250;
		if ($n % 100 == 50) {
			($code, $text) = $send->('bob', 'hidden', $n);
			is $code, 250, "another account after $n" or diag $text;
		}
	}
	my $took = time - $began;
	note sprintf 'took %.1f s', $took;
	cmp_ok $took, '<', 60, 'in a minute';
	is $accepted, 200, '200 are accepted, a kill -9 among them';
	is $deferred, 300, 'the rest is deferred';
	like $when[0], qr/4\.7\.1 limit messages: 200 messages in 1h; $said_when/,
		'with the text that says when';
	my @incidents;
	$box->wait_for(sub {
		@incidents = $real->objects('incidents');
		@incidents && $incidents[0]{count} == 300;
	});
	is scalar @incidents, 1, 'one incident';
	is $incidents[0]{key}, 'messages alice', 'of that account';
	is $incidents[0]{count}, 300, 'that counts them all';
	is +($real->reevectl('limits', 'clear', 'alice'))[0], 0, 'cleared';
	my ($code, $text) = $send->('alice', 'secret', 501);
	is $code, 250, 'it is free at once' or diag $text;
	$s->quit;
};

done_testing;
