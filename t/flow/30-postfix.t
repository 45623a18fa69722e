# Real mail through a real Postfix: inet and unix sockets, SMTP and the sendmail
# command, logins, TLS, what Postfix itself refuses.

use strict;
use warnings;

use Test::More;

use Postfix;
use Sandbox;
use SMTP;

Postfix::is_there()
	or plan skip_all => 'no Postfix here, or not root to start one';

my $box = Sandbox->new;
my $mail = "From: a\@example.net\nTo: b\@example.org\nSubject: flow\n" .
	"Message-ID: <flow\@example.net>\nX-Mailreeve-Record: FORGED\n" .
	"X-Spam-Flag: NO\n\nHello\n.\nbye\n";
my $takes_all = 'check_client_access static:OK, reject';

for my $kind (qw(unix inet)) {
	subtest "over $kind" => sub {
		my $daemon = $box->daemon(name => $kind,
			relay => { networks => ['127.0.0.1/32'],
				domains => ['example.org'] },
			$kind eq 'inet' ? (listen => 'inet:' .
				Sandbox->free_port . '@127.0.0.1') : ());
		my $milter = $daemon->socket;
		$milter =~ s/^inet:(\d+)\@(.*)/inet:$2:$1/;
		my $postfix = Postfix->new($box, milters => $milter,
			non_smtpd => $milter, users => { alice => 'secret' },
			main => { smtpd_relay_restrictions => $takes_all });

		my $s = SMTP->new($postfix->port, from => '127.0.0.2');
		my @reply = $s->message(text => $mail);
		is $reply[0], 250, 'a stranger to us: accepted';
		my ($text) = $postfix->delivered(1);
		like $text, qr/^X-Mailreeve-Record: [0-9A-Z]{13}$/m,
			'delivered with the record\'s id';
		unlike $text, qr/FORGED|X-Spam-Flag: NO/,
			'forged headers of ours are gone';
		my ($id) = $text =~ /^X-Mailreeve-Record: (\S+)/m;
		my ($status, $out) = $daemon->reevectl('records', 'show', $id);
		is $status, 0, 'the record is found by it';
		like $out, qr/^queue id +[0-9A-F]+$/m, 'with the queue id';
		like $out, qr/^Message-ID +<?flow\@example.net>?$/m,
			'and the Message-ID';

		@reply = $s->message(to => '<x@remote.example>');
		is $reply[0], 550, 'to relay: refused';
		like $reply[1], qr/^5\.7\.1 relaying denied \[([0-9A-Z]{13})\]/,
			'with the reason and the id';
		$s->cmd('RSET');
		is +($s->auth('alice', 'secret'))[0], 235, 'a login';
		@reply = $s->message(to => '<x@remote.example>');
		is $reply[0], 250, 'may relay';
		is +($s->message(to => "<$_>"))[0] =~ /^5/ ? 1 : 0, 0,
			"with a login Postfix decides on $_"
			for 'y@other.example';
		$s->quit;
		my ($login) = $daemon->records(1, '--account', 'alice');
		is $login->{client}{login_mechanism}, 'PLAIN',
			'the login is recorded';
		my ($session) = $daemon->records(1, '--kind', 'session',
			'--account', 'alice');
		is $session->{last_login}, 'alice', 'in the session, too';

		$s = SMTP->new($postfix->port);
		is +($s->message(to => '<x@remote.example>'))[0], 250,
			'a trusted network may relay';
		$s->quit;

		my ($sent, $o, $e) = $postfix->sendmail($mail, '-f',
			'me@example.org', 'x@remote.example');
		is $sent, 0, 'the sendmail command' or diag "$o$e";
		my ($local) = $daemon->records(1, '--from', 'me@example.org');
		is $local->{direction}, 'local', 'is the MTA itself';
		is $local->{verdict}, 'accept', 'and accepted';

		for my $game ('user%remote.example@example.org',
			'@example.org:user@remote.example',
			'"user@remote.example"@example.org',
			'remote.example!user@example.org',
			'user@[192.0.2.1]', 'user@remote.example.',
			'"user@remote.example"', 'user%remote.example') {
			$s = SMTP->new($postfix->port, from => '127.0.0.2');
			@reply = $s->message(to => "<$game>");
			like $reply[0], qr/^5/, "a stranger to $game: refused"
				or diag $s->transcript;
			$s->quit;
		}
		is $daemon->stop, 0, 'the daemon ends';
		$s = SMTP->new($postfix->port, from => '127.0.0.2');
		like +($s->message)[0], qr/^4/,
			'without it mail is deferred, not let through';
		$postfix->stop;
	};
}

subtest 'what Postfix itself refuses' => sub {
	my $daemon = $box->daemon(name => 'rejected',
		relay => { domains => ['example.org'] });
	my $postfix = Postfix->new($box, milters => $daemon->socket);
	my $s = SMTP->new($postfix->port, from => '127.0.0.2');
	like +($s->message(to => '<x@remote.example>'))[1],
		qr/Relay access denied/, 'by its own policy';
	$s->quit;
	my ($record) = $daemon->records(1, '--rcpt', 'x@remote.example');
	is $record->{recipients}[0]{state}, 'refused-by-mta', 'is recorded';
	like $record->{recipients}[0]{reason}, qr/Relay access denied/,
		'with its reason';
	$postfix->stop;
	$daemon->stop;
};

subtest 'milter_protocol 2' => sub {
	my $daemon = $box->daemon(name => 'old',
		relay => { networks => [], domains => ['example.org'] });
	my $postfix = Postfix->new($box, milters => $daemon->socket,
		main => { milter_protocol => 2,
			smtpd_relay_restrictions => $takes_all });
	my $s = SMTP->new($postfix->port, from => '127.0.0.2');
	is +($s->message)[0], 250, 'accepts';
	is +($s->message(to => '<x@remote.example>'))[0], 550, 'and refuses';
	$s->quit;
	is scalar $daemon->records(2), 2, 'with records';
	$postfix->stop;
	$daemon->stop;
};

subtest 'a listener of its own' => sub {
	my $daemon = $box->daemon(name => 'named', relay => {
		networks => [], domains => ['example.org'] },
		listeners => { submission => { direction => 'outbound' } });
	my $postfix = Postfix->new($box, milters => $daemon->socket,
		main => { smtpd_relay_restrictions => $takes_all },
		listeners => { submission => {} });
	my $port = $postfix->{listeners}{submission}{port};
	my $s = SMTP->new($port, from => '127.0.0.2');
	is +($s->message(to => '<x@remote.example>'))[0], 250,
		'is outbound by its name';
	$s->quit;
	$s = SMTP->new($postfix->port, from => '127.0.0.2');
	is +($s->message(to => '<x@remote.example>'))[0], 550,
		'the other one is not';
	$s->quit;
	$postfix->stop;
	$daemon->stop;
};

subtest 'quarantine and discard' => sub {
	my $daemon = $box->daemon(name => 'held', relay => {
		networks => [], domains => ['example.org'] }, verdict => { actions => {
		RELAY_OWN_SENDER => 'quarantine' } });
	my $postfix = Postfix->new($box, milters => $daemon->socket);
	my $s = SMTP->new($postfix->port, from => '127.0.0.2');
	is +($s->message(from => '<boss@example.org>'))[0], 250, 'taken';
	ok $box->wait_for(10, sub {
		glob "$postfix->{dir}/queue/hold/*"
	}), 'and held by Postfix';
	ok $box->wait_for(10, sub {
		$postfix->log =~ /milter triggers HOLD action/
	}), 'at our word';
	$daemon->configure(relay => { networks => [],
		domains => ['example.org'] }, verdict => { actions => { RELAY_OWN_SENDER => 'discard' } });
	is +($daemon->reevectl('reload'))[0], 0, 'settings change';
	is +($s->message(from => '<boss@example.org>'))[0], 250, 'taken';
	$s->quit;
	ok $box->wait_for(10, sub { $postfix->log =~ /discard/ }),
		'and thrown away';
	is scalar $daemon->records(1, '--verdict', 'discard'), 1,
		'with a record';
	$postfix->stop;
	$daemon->stop;
};

subtest 'the relay probe' => sub {
	my $daemon = $box->daemon(name => 'probed', relay => {
		networks => [], domains => ['example.org'] });
	my $open = Postfix->new($box, main => {
		smtpd_relay_restrictions => $takes_all });
	my $closed = Postfix->new($box, milters => $daemon->socket,
		main => { smtpd_relay_restrictions => $takes_all });
	my ($status, $out, $err) = $daemon->reevectl('relay-probe',
		'127.0.0.1:' . $open->port);
	is $status, 1, 'an open relay: exit 1';
	like $out, qr/OPEN/, 'and told';
	($status, $out, $err) = $daemon->reevectl('relay-probe',
		'127.0.0.1:' . $closed->port);
	is $status, 0, 'the same Postfix behind Mailreeve: closed'
		or diag $out;
	($status, $out, $err) = $daemon->reevectl('relay-probe',
		'192.0.2.1:25');
	is $status, 77, 'another\'s server: not permitted';
	like $err, qr/i-run-this-server/, 'is not probed';
	my ($probe) = $daemon->objects('relay-probe',
		'127.0.0.1:' . $closed->port);
	is $probe->{verdict}, 'closed', 'as JSON';
	cmp_ok scalar @{ $probe->{tests} }, '>', 20, 'with every test';
	($status, $out, $err) = $daemon->reevectl('relay-probe',
		'127.0.0.1:' . Sandbox->free_port);
	is $status, 75, 'no server: could not tell';
	$_->stop for $open, $closed;
	$daemon->stop;
};

done_testing;
