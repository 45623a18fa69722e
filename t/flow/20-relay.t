# The relay policy: who may send where, and the games of thirty years.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $domains = $box->write_file('domains', "# ours\nfile.example\n");
chmod 0644, $domains;
my $daemon = $box->daemon(
	relay => {
		networks => ['127.0.0.0/8', '198.51.100.0/24'],
		domains => ['example.org', '.sub.example.org',
			'bücher.example'],
		domains_file => $domains,
		certificates => ['AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89'],
		addresses => ['192.0.2.25', '2001:db8::25'],
		own_sender => 'tag',
	},
	listeners => { submission => { direction => 'outbound' } },
);
my $socket = $daemon->socket;

# The reply to one recipient, in a session of its own.
sub rcpt
{
	my ($to, %m) = @_;
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(%m, rcpts => [ref $to ? $to : [$to, []]]);

	$mta->quit;
	return $result->{rcpts}[0];
}

my @refused = (
	['<user@remote.example>', '550 5.7.1'],
	['<user@REMOTE.example>', '550 5.7.1'],
	['<user@remote.example.>', '550 5.7.1'],
	['<user@xexample.org>', '550 5.7.1'],
	['<user@sub.example.org>', '550 5.7.1'],
	['<user%remote.example@example.org>', '550 5.7.1'],
	['<user%remote@example.org>', '550 5.7.1'],
	['<user%remote.example%example.org@example.org>', '550 5.7.1'],
	['<remote.example!user@example.org>', '550 5.7.1'],
	['<remote!user@example.org>', '550 5.7.1'],
	['<example.org!remote.example!user@example.org>', '550 5.7.1'],
	['<@example.org,@b.example:user@remote.example>', '550 5.7.1'],
	['<@example.org:user@remote.example>', '550 5.7.1'],
	['<@remote.example:user@example.org>', '550 5.7.1'],
	['<"user@remote.example"@example.org>', '550 5.7.1'],
	['<user@remote.example@example.org>', '550 5.7.1'],
	['<user@[192.0.2.99]>', '550 5.7.1'],
	['<user@[IPv6:2001:db8::99]>', '550 5.7.1'],
	['<"<user@remote.example>"@example.org>', '550 5.7.1'],
	['<<user@remote.example>>', '553 5.1.3'],
	['<user@example..org>', '553 5.1.3'],
	['<user@.example.org>', '553 5.1.3'],
	["<us\x01er\@example.org>", '553 5.1.3'],
	["<us\x7fer\@example.org>", '553 5.1.3'],
	["<\xc3\xbcser\@example.org>", '553 5.6.7'],
	["<user\@b\xc3\xbccher.example>", '553 5.6.7'],
	["<\xffser\@example.org>", '553 5.6.7'],
	['<' . 'a' x 129 . '@example.org>', '553 5.1.3'],
	['<user@' . join('.', ('a' x 60) x 5) . '>', '553 5.1.3'],
	['<user@' . 'a' x 64 . '.example>', '553 5.1.3'],
	['<@example.org>', '553 5.1.3'],
	['<user>', '553 5.1.3'],
	['<>', '553 5.1.3'],
	['<"user@remote.example">', '550 5.7.1'],
	['<user%remote.example>', '550 5.7.1'],
	['<remote.example!user>', '550 5.7.1'],
	['<user@xn--bcher-kva.other.example>', '550 5.7.1'],
);
for my $case (@refused) {
	my ($to, $code) = @$case;
	my $reply = rcpt($to);
	(my $shown = $to) =~ s/[^ -~]/?/g;
	is $reply->{cmd} . ' ' . substr($reply->{text}, 0, 9), "y $code",
		'a stranger is refused ' . substr $shown, 0, 60;
	like $reply->{text}, qr/\[[0-9A-Z]{13}\]$/, 'with the record\'s id';
}

my @taken = (
	'<user@example.org>', 'user@example.org', '<USER@EXAMPLE.ORG>',
	'<user@example.org.>', '<user@a.sub.example.org>',
	'<user@file.example>', '<postmaster>', '<Postmaster>',
	'<user@xn--bcher-kva.example>', '<user@XN--BCHER-KVA.Example>',
	'<50%@example.org>', '<"john doe"@example.org>', '<a..b@example.org>',
	'<@example.org:user@example.org>', '<user@[192.0.2.25]>',
	'<user@[IPv6:2001:db8::25]>', '<user@[127.0.0.1]>',
	'<' . 'a' x 128 . '@example.org>',
	'<user%example.org@example.org>',
);
is rcpt($_)->{cmd}, 'c', 'a stranger may send to ' . substr $_, 0, 60
	for @taken;

is rcpt("<\xc3\xbcser\@b\xc3\xbccher.example>",
	from_args => ['SMTPUTF8'])->{cmd}, 'c', '8-bit with SMTPUTF8';
is rcpt('<user@[192.0.2.77]>', connect_macros =>
	{ daemon_addr => '192.0.2.77' })->{cmd}, 'c',
	'the address that the MTA says it was reached at';

my $remote = '<user@remote.example>';
is rcpt($remote, addr => '198.51.100.7')->{cmd}, 'c', 'a trusted network';
is rcpt($remote, login => 'alice')->{cmd}, 'c', 'a login';
is rcpt($remote, helo_macros => { cert_fp =>
	'ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89' })->{cmd}, 'c',
	'a certificate';
is rcpt($remote, helo_macros => { cert_fp =>
	'ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:88' })->{cmd}, 'y',
	'another certificate';
is rcpt($remote, connect_macros => { daemon_name => 'submission' })->{cmd},
	'c', 'a listener that is outbound';
is rcpt('<a@b@c>', login => 'alice')->{text} =~ /^553 5\.1\.3/, 1,
	'what is no address is refused to all';
is rcpt('<user%remote.example@example.org>', login => 'alice')->{cmd}, 'c',
	'those we trust may use %';

like rcpt(['<user%remote.example@example.org>', [],
	{ rcpt_mailer => 'smtp', rcpt_host => 'remote.example',
	rcpt_addr => 'user@remote.example' }])->{text}, qr/^550 5\.7\.1/,
	'an MTA that rewrites the address';
is rcpt(['<user@example.org>', [], { rcpt_mailer => 'esmtp',
	rcpt_addr => 'user@remote.example' }])->{cmd}, 'c',
	'but one that forwards our address by a table of its own may';

subtest 'null sender with many recipients' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(from => '<>', rcpts => [
		map { "<u$_\@example.org>" } 1 .. 7]);
	$mta->quit;
	is join('', map { $_->{cmd} } @{ $result->{rcpts} }), 'cccccyy',
		'five are taken';
	like $result->{rcpts}[5]{text}, qr/^452 4\.5\.3/, 'others deferred';
	is $result->{cmd}, 'c', 'the message is taken for the five';
};

subtest 'our domain as the sender, from outside' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(from => '<boss@example.org>',
		queue_id => 'OWN1');
	is $result->{cmd}, 'c', 'tagged';
	my %added = map { ($_->{name} // '') => $_->{value} }
		@{ $result->{changes} };
	like $added{'X-Spam-Flag'}, qr/YES/, 'in its header';
	like $added{'X-Spam-Status'}, qr/RELAY_OWN_SENDER/, 'with the reason';
	$result = $mta->message(from => '<boss@example.org>',
		login => 'boss');
	%added = map { ($_->{name} // '') => 1 } @{ $result->{changes} };
	ok !$added{'X-Spam-Flag'}, 'not with a login';
	$mta->quit;
	$daemon->configure(relay => { domains => ['example.org'],
		own_sender => 'reject' });
	is +($daemon->reevectl('reload'))[0], 0, 'the settings change';
	my $reply = rcpt('<user@example.org>', from => '<boss@example.org>');
	like $reply->{text}, qr/^550 5\.7\.1 .*login only/, 'rejected';
	$daemon->configure(relay => { domains => ['example.org'],
		own_sender => 'off' });
	$daemon->reevectl('reload');
	is rcpt('<user@example.org>', from => '<boss@example.org>')->{cmd},
		'c', 'or let pass';
};

subtest 'without a list the MTA\'s opinion decides' => sub {
	$daemon->configure(relay => {});
	is +($daemon->reevectl('reload'))[0], 0, 'reloaded';
	like rcpt(['<user@remote.example>', [], { rcpt_mailer => 'smtp',
		rcpt_host => 'remote.example' }])->{text}, qr/^550 5\.7\.1/,
		'a remote mailer is refused';
	my ($record) = $daemon->records(1, '--symbol', 'RELAY_MTA_OPEN');
	ok $record, 'and reported';
	like $daemon->log, qr/mta_open_relay/, 'in the log, too';
	is rcpt(['<user@any.example>', [], { rcpt_mailer => 'local' }])->{cmd},
		'c', 'a local one is taken';
	is rcpt(['<user@any.example>', [], { rcpt_mailer => 'relay' }])->{cmd},
		'c', 'Postfix\'s relay is for domains of ours';
	like rcpt(['<user%remote@any.example>', [],
		{ rcpt_mailer => 'local' }])->{text}, qr/^550/,
		'games are refused all the same';
};

subtest 'a domains file that changes' => sub {
	$daemon->configure(relay => { domains_file => $domains });
	$daemon->reevectl('reload');
	like rcpt('<user@new.example>')->{text}, qr/^550/, 'not yet';
	open my $fh, '>>', $domains;
	print $fh join '', map { "d$_.example\n" } 1 .. 50_000;
	print $fh "new.example\n";
	close $fh;
	ok $box->wait_for(10, sub {
		rcpt('<user@new.example>')->{cmd} eq 'c'
	}), 'it is read anew by itself, 50,000 lines';
	is rcpt('<user@d49999.example>')->{cmd}, 'c', 'all of it';
	$box->write_file($domains, "new.example\nbad..line\n");
	ok $box->wait_for(10, sub {
		$daemon->log =~ /domains:2: .*is not a domain/
	}), 'a bad line is told';
	is rcpt('<user@d49999.example>')->{cmd}, 'c', 'the old table stays';
};

is $daemon->stop, 0, 'it ends well';

done_testing;
