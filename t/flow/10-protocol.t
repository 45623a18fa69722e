# The milter protocol: versions, sessions, what the filter asks
# for, odd clients.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $socket = $daemon->socket;

for my $version (2, 4, 6) {
	my $mta = Milter::Client->new($socket, version => $version);
	is $mta->{asked}{version}, $version, "version $version is spoken";
	my $result = $mta->message(queue_id => "V$version");
	is $result->{cmd}, 'c', "version $version: accepted";
	my ($id) = map { $_->{value} } grep {
		($_->{name} // '') eq 'X-Mailreeve-Record'
	} @{ $result->{changes} };
	like $id, qr/^ ?[0-9A-Z]{13}$/, "version $version: the record's id";
	$mta->quit;
	my ($record) = $daemon->records(1, '--queue-id', "V$version");
	is $record->{verdict}, 'accept', "version $version: the record";
	is "$record->{client}{address} $record->{client}{port}",
		'192.0.2.10 40000', 'the client in it';
	is $record->{sender}, 'sender@example.net', 'the sender in it';
	is $record->{recipients}[0]{address}, 'user@example.org',
		'the recipient in it';
	is $record->{message_id}, "V$version\@example.net", 'the Message-ID';
	is $record->{body_bytes}, 7, 'the size of the body';
}

{
	my $mta = Milter::Client->new($socket);
	my $asked = $mta->{asked};
	is $asked->{steps} & 0xff080, 0xf2080,
		'replies only at connect, MAIL and RCPT, and at the end';
	ok $asked->{steps} & 0x800, 'refused recipients are asked for';
	ok $asked->{steps} & 0x100000, 'and the leading space of headers';
	is $asked->{steps} & 0x37f, 0, 'and no step is left out';
	like $asked->{macros}{3}, qr/\{rcpt_mailer\}/, 'macros are asked for';
	$mta->quit;
}

{
	my $mta = Milter::Client->new($socket, actions => 0x11);
	is $mta->{asked}{actions} & ~0x11, 0,
		'no action is asked for that the MTA does not offer';
	is $mta->message->{cmd}, 'c', 'and mail goes on';
	$mta->quit;
}

subtest 'many messages in one session, aborts between them' => sub {
	my $mta = Milter::Client->new($socket);
	for my $i (1 .. 20) {
		is $mta->message(queue_id => "MANY$i")->{cmd}, 'c',
			"message $i"
			if $i % 3;
		next if $i % 3;
		$mta->mail("<aborted$i\@example.net>", [], i => "MANY$i");
		$mta->rcpt('<user@example.org>');
		$mta->abort;
	}
	$mta->quit;
	my @records = $daemon->records(20, '--client-ip', '192.0.2.10',
		'--since', '1h');
	my @aborted = grep { $_->{ending} eq 'aborted' } @records;
	is scalar @aborted, 6, 'the aborted ones have records too';
	my ($session) = $daemon->records(1, '--kind', 'session', '--session',
		$aborted[0]{session});
	is $session->{messages}, 20, 'the session counts them all';
	is $session->{recipients_accepted}, 20, 'and the recipients';
};

subtest 'a client that leaves at any point' => sub {
	my @steps = (
		sub { },
		sub { $_[0]->connect },
		sub { $_[0]->helo('leaver') },
		sub { $_[0]->mail('<leaver@example.net>', [], i => 'LEFT') },
		sub { $_[0]->rcpt('<user@example.org>') },
		sub { $_[0]->data },
		sub { $_[0]->header('Subject', 'x') },
		sub { $_[0]->eoh },
		sub { $_[0]->body("text\r\n") },
	);
	for my $last (0 .. $#steps) {
		my $mta = Milter::Client->new($socket);
		$steps[$_]->($mta) for 0 .. $last;
		$mta->drop;
	}
	my @records = $daemon->records(6, '--from', 'leaver@example.net');
	is scalar @records, 6, 'each begun message has a record';
	is $_->{ending}, 'aborted', "it tells: $_->{ending}" for $records[0];
	is $_->{verdict}, 'none', 'with no verdict' for $records[0];
	ok $daemon->answers, 'the daemon lives on';
};

subtest 'sessions one after another on one connection' => sub {
	my $mta = Milter::Client->new($socket);
	is $mta->message(addr => '192.0.2.31', queue_id => 'NC1')->{cmd}, 'c',
		'first';
	$mta->quit_new;
	$mta->{is_open} = 0;
	is $mta->message(addr => '192.0.2.32', queue_id => 'NC2')->{cmd}, 'c',
		'second';
	$mta->quit;
	my ($second) = $daemon->records(1, '--queue-id', 'NC2');
	is $second->{client}{address}, '192.0.2.32', 'each has its client';
	my ($first) = $daemon->records(1, '--queue-id', 'NC1');
	isnt $first->{session}, $second->{session}, 'and its session';
};

subtest 'garbage' => sub {
	for my $bytes ("GET / HTTP/1.0\r\n\r\n", "\0" x 1000, "\xff" x 64,
		pack('N', 1) . 'Z', pack('N', 5) . 'M' . "\0" x 4,
		pack('N', 13) . 'O' . pack('NNN', 1, 0, 0), '',
		pack('N', 0x7fffffff) . 'L') {
		my $mta = Milter::Client->new($socket, negotiate => 0);
		$mta->send_raw($bytes);
		$mta->drop;
	}
	ok $daemon->answers, 'the daemon lives on';
	my $mta = Milter::Client->new($socket);
	is $mta->message->{cmd}, 'c', 'and takes mail';
	$mta->quit;
};

subtest 'what the MTA says is in the record' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(addr => '2001:db8::7', port => 4711,
		host => 'host.example.net', helo => 'helo.example.net',
		from => '<Sender@EXAMPLE.net>',
		from_args => ['SIZE=1234', 'BODY=8BITMIME', 'RET=HDRS',
			'ENVID=abc+2Bdef', 'X-OTHER=1'],
		rcpts => [
			['<user@example.org>', ['NOTIFY=NEVER',
				'ORCPT=rfc822;user+40example.org'],
				{ rcpt_mailer => 'local' }],
			['<gone@example.org>', [], { rcpt_mailer => 'error',
				rcpt_host => '5.1.1',
				rcpt_addr => '550 5.1.1 user unknown' }],
		],
		connect_macros => { daemon_addr => '192.0.2.25',
			daemon_port => 25, client_resolve => 'OK' },
		helo_macros => { tls_version => 'TLSv1.3',
			cipher => 'AES', cipher_bits => 256,
			cert_subject => 'CN=x', cert_issuer => 'CN=ca' },
		headers => [['Subject', "folded\n\tsubject"], ['X', '']],
		body => 'x' x 100_000, queue_id => 'WHOLE');
	is $result->{cmd}, 'c', 'accepted';
	$mta->quit;
	my ($r) = $daemon->records(1, '--queue-id', 'WHOLE');
	is $r->{client}{address}, '2001:db8::7', 'IPv6';
	is $r->{client}{port}, 4711, 'port';
	is $r->{client}{name}, 'host.example.net', 'name';
	ok $r->{client}{name_verified}, 'which leads back';
	is $r->{client}{helo}, 'helo.example.net', 'HELO';
	is $r->{client}{tls_version}, 'TLSv1.3', 'TLS';
	is $r->{client}{tls_bits}, 256, 'bits';
	is $r->{client}{cert_subject}, 'CN=x', 'certificate';
	is $r->{sender}, 'Sender@example.net', 'sender';
	is $r->{size_declared_bytes}, 1234, 'SIZE';
	is $r->{body_type}, '8BITMIME', 'BODY';
	is "$r->{ret} $r->{envid}", 'HDRS abc+def', 'RET and ENVID';
	is $r->{parameters}, 'X-OTHER=1', 'others';
	is $r->{recipients}[0]{orcpt}, 'rfc822;user@example.org', 'ORCPT';
	is $r->{recipients}[0]{notify}, 'NEVER', 'NOTIFY';
	is $r->{recipients}[1]{state}, 'refused-by-mta', 'refused by the MTA';
	like $r->{recipients}[1]{reason}, qr/5\.1\.1.*user unknown/,
		'for its reason';
	is $r->{body_bytes}, 100_000, 'the body, all of it';
	is $r->{header_count}, 2, 'the header fields';
	like $r->{header_subject}, qr/folded\s+subject/, 'the subject';
	is $r->{direction}, 'inbound', 'the direction';
};

subtest 'directions' => sub {
	my $mta = Milter::Client->new($socket);
	my @cases = (
		[inbound => {}],
		[outbound => { addr => '127.0.0.1' }],
		[outbound => { login => 'alice' }],
		[local => { family => 'U' }],
		[local => { family => 'L', addr => '/run/socket' }],
		[local => { addr => '127.0.0.1', port => 0 }],
	);
	for my $i (0 .. $#cases) {
		my ($direction, $how) = @{ $cases[$i] };
		$mta->{is_open} = 0;
		$mta->message(%$how, queue_id => "DIR$i");
		my ($record) = $daemon->records(1, '--queue-id', "DIR$i");
		is $record->{direction}, $direction, "$i: $direction";
		$mta->quit_new;
	}
	$mta->quit;
};

subtest 'limits.past_body = skip' => sub {
	my $skipping = $box->daemon(name => 'skip', limits => {
		body => 1000, past_body => 'skip' });
	my $mta = Milter::Client->new($skipping->socket);
	ok $mta->asks_for(0x400), 'SKIP is asked for';
	ok !$mta->asks_for(0x80000), 'and bodies are answered';
	$mta->open_session;
	$mta->mail('<skip@example.net>', [], i => 'SKIP');
	$mta->rcpt('<user@example.org>');
	$mta->data;
	$mta->header('Subject', 'x');
	$mta->eoh;
	is $mta->body('x' x 500_000)->{cmd}, 's',
		'the rest of a long body is not wanted';
	is $mta->eom(i => 'SKIP')->{cmd}, 'c', 'accepted';
	$mta->quit;
	my ($record) = $skipping->records(1, '--queue-id', 'SKIP');
	ok $record->{body_bytes_at_least}, 'the size is a least one';
	is $record->{body_bytes}, 65535, 'of what was seen';
	is $skipping->stop, 0, 'it ends well';
};

is $daemon->stop, 0, 'SIGTERM ends it with 0';
unlike $daemon->log, qr/ bug /, 'no mistake of our own in the log';

done_testing;
