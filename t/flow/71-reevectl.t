# reevectl: records, lists, try, status, help.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $socket = $daemon->socket;

my $sent = 0;

# The record of a refused message may come as late as the end of its session, so
# the next one waits for it.
sub send_one
{
	my (%m) = @_;
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(%m);
	$mta->quit;
	$daemon->records(++$sent);
	return $result;
}

send_one(queue_id => 'R1', addr => '192.0.2.1', from => '<ann@a.example>');
send_one(queue_id => 'R2', addr => '192.0.2.2', from => '<bob@b.example>',
	rcpts => ['<x@example.org>', '<y@remote.example>']);
send_one(queue_id => 'R3', addr => '198.51.100.1', from => '<>',
	rcpts => ['<y@remote.example>']);
send_one(queue_id => 'R4', addr => '2001:db8::4', login => 'Carol',
	from => '<carol@c.example>', rcpts => ['<y@remote.example>'],
	headers => [['Message-ID', '<Four@c.example>']]);
is scalar $daemon->records(4), 4, 'four records';

sub found
{
	my @queue = map { $_->{queue_id} } $daemon->objects('records',
		'search', @_);
	return join ' ', @queue;
}

my @searches = (
	['R4 R3 R2 R1'],
	['R1', '--client-ip', '192.0.2.1'],
	['R2 R1', '--client-ip', '192.0.2.0/24'],
	['R4', '--client-ip', '2001:db8::/32'],
	['R4 R3 R2 R1', '--since', '1h'],
	['', '--since', '2100-01-01'],
	['', '--until', '2020-01-01T00:00:00Z'],
	['R1', '--from', 'ann@a.example'],
	['R1', '--from', 'ANN@A.EXAMPLE'],
	['R1', '--from', '@a.example'],
	['R3', '--from', '<>'],
	['R4 R3 R2', '--rcpt', 'y@remote.example'],
	['R4 R3 R2', '--rcpt', '@remote.example'],
	['R4 R3 R2', '--domain', 'remote.example'],
	['R1', '--domain', 'a.example'],
	['R4', '--account', 'carol'],
	['R4', '--message-id', '<Four@c.example>'],
	['R4', '--message-id', 'Four@c.example'],
	['', '--message-id', 'four@c.example'],
	['R2', '--queue-id', 'R2'],
	['R3', '--verdict', 'reject'],
	['R4 R2 R1', '--verdict', 'accept'],
	['R3 R2', '--symbol', 'RELAY_DENIED'],
	['R4', '--direction', 'outbound'],
	['R2', '--client-ip', '192.0.2.0/24', '--rcpt', 'y@remote.example'],
	['R4 R3', '--limit', '2'],
);
for my $search (@searches) {
	my ($want, @args) = @$search;
	is found(@args), $want, "search @args";
}

my ($status, $out, $err) = $daemon->reevectl('records', 'search');
is $status, 0, 'a table';
like $out, qr/^time +record +verdict/, 'with titles';
like $out, qr/accept .*192\.0\.2\.1 .*ann\@a\.example/, 'and rows';
unlike $out, qr/\033/, 'no colour where there is no terminal';

($status, $out) = $daemon->reevectl('records', 'search', '--csv');
my @lines = split /\r\n/, $out;
is scalar @lines, 5, 'CSV: titles and rows';
like $lines[1], qr/^"[^"]+","[0-9A-Z]{13}","accept","2001:db8::4","Carol"/,
	'quoted';

my ($record) = $daemon->objects('records', 'search', '--queue-id', 'R2');
($status, $out) = $daemon->reevectl('records', 'show', $record->{id});
is $status, 0, 'show';
like $out, qr{RELAY_DENIED}, 'all of it';
($status, $out) = $daemon->reevectl('records', 'show', lc $record->{id});
is $status, 0, 'in small letters, too';
($status, undef, $err) = $daemon->reevectl('records', 'show',
	'0000000000001');
is $status, 65, 'an id that there is not';
($status, undef, $err) = $daemon->reevectl('records', 'show', 'nonsense');
is $status, 64, 'what is no id';
like $err, qr/is no record id/, 'is told';

for my $bad (['--since', 'whenever'], ['--client-ip', '1.2.3'],
	['--verdict', 'hang'], ['--nonsense'], ['stray']) {
	($status, undef, $err) = $daemon->reevectl('records', 'search', @$bad);
	is $status, 64, "usage: @$bad";
	ok length $err, 'with a word why';
}

subtest 'follow' => sub {
	my $pid = $box->spawn('follow', "$Sandbox::BUILD/reevectl", '-c',
		$daemon->{conf}, 'records', 'follow', '--json', '--count', 3);
	sleep 1;
	send_one(queue_id => 'F1');
	is $box->reap($pid, 10) // 'none', 0, 'ends after its count'
		if send_one(queue_id => 'F2');
	my $seen = $box->read_file('follow.out');
	like $seen, qr/"queue_id":"F1"/, 'the first is seen';
};

subtest 'lists' => sub {
	my %spam = (from => '<spam@bad.example>', addr => '203.0.113.9');
	my @kinds = (['address', '203.0.113.9'],
		['network', '203.0.113.0/24'], ['sender', 'spam@bad.example'],
		['domain', 'bad.example']);
	is send_one(%spam)->{cmd}, 'c', 'before';
	for my $kind (@kinds) {
		is +($daemon->reevectl('list', 'add', 'block', @$kind,
			'--reason', 'a test', '--expires', '1h'))[0], 0,
			"block @$kind";
		like send_one(%spam)->{rcpts}[0]{text},
			qr/^550 5\.7\.1 refused by local policy/,
			'in force at once';
		is +($daemon->reevectl('list', 'remove', 'block',
			@$kind))[0], 0, 'removed';
		is send_one(%spam)->{cmd}, 'c', 'and gone at once';
	}
	$daemon->reevectl('list', 'add', 'block', 'account', 'Eve');
	like send_one(login => 'eve')->{rcpts}[0]{text}, qr/^550/,
		'an account';
	$daemon->reevectl('list', 'add', 'block', 'domain', '.bad.example');
	is send_one(%spam)->{cmd}, 'c', 'subdomains: not itself';
	like send_one(from => '<x@sub.bad.example>')->{rcpts}[0]{text},
		qr/^550/, 'but what is below';
	$daemon->reevectl('list', 'add', 'welcome', 'sender',
		'good@sub.bad.example');
	is send_one(from => '<good@sub.bad.example>')->{cmd}, 'c',
		'welcome wins';
	$daemon->reevectl('list', 'add', 'block', 'network',
		'203.0.113.0/24', '--expires', '1s');
	sleep 2;
	is send_one(%spam)->{cmd}, 'c', 'an entry that expired';
	my @entries = $daemon->objects('list', 'show');
	is scalar @entries, 4, 'show';
	ok $entries[0]{operator}, 'with the operator';
	my ($bad, undef, $why) = $daemon->reevectl('list', 'add', 'block',
		'network', '203.0.113.9/24');
	is $bad, 65, 'a bad value';
	like $why, qr/write 203\.0\.113\.0\/24/, 'is told';
	is +($daemon->reevectl('list', 'remove', 'block', 'sender',
		'none@example.net'))[0], 65, 'an entry that there is not';
	is +($daemon->reevectl('list', 'add', 'grey', 'sender', 'x'))[0], 64,
		'a list that there is not';
};

subtest 'try' => sub {
	my $file = $box->write_file('try.eml',
		"Return-Path: <a\@example.net>\nFrom: a\@example.net\nSubject: x\n\nhi\n");
	my ($r) = $daemon->objects('try', '--client-ip', '192.0.2.1',
		'--rcpt', 'y@remote.example', $file);
	is "$r->{verdict} $r->{code} $r->{enhanced}", 'reject 550 5.7.1',
		'refused as the daemon would';
	is $r->{findings}[0]{symbol}, 'RELAY_DENIED', 'and why';
	is $r->{direction}, 'inbound', 'the direction';
	($r) = $daemon->objects('try', '--account', 'alice', '--rcpt',
		'y@remote.example', $file);
	is $r->{verdict}, 'accept', 'accepted with a login';
	like $r->{headers}[0]{value}, qr/^[0-9A-Z]{13}$/,
		'with the headers that would be added';
	my @records = $daemon->objects('records', 'search', '--rcpt',
		'y@remote.example', '--account', 'alice');
	is scalar @records, 0, 'nothing is stored';
	mkdir $box->path('folder');
	$box->write_file("folder/$_.eml", "Subject: $_\n\nx\n") for 1 .. 3;
	my @many = $daemon->objects('try', $box->path('folder'));
	is scalar @many, 3, 'a folder: a line each';
	like $many[0]{file}, qr/1\.eml$/, 'which says the file';
	my ($status, $out) = $daemon->reevectl('try', $file);
	like $out, qr/^accept: 250 /, 'for people';
	is +($daemon->reevectl('try', '/none'))[0], 66, 'no such file';
	is +($daemon->reevectl('try'))[0], 64, 'no file at all';
};

subtest 'status and help' => sub {
	my ($s) = $daemon->objects('status');
	ok $s->{running}, 'it runs';
	is $s->{pid}, $daemon->pid, 'as this process';
	ok $s->{records}{healthy}, 'and can write';
	my ($status, $out) = $daemon->reevectl('status');
	like $out, qr/daemon +runs as process/, 'for people';
	($status, $out) = $daemon->reevectl('help');
	is $status, 0, 'help';
	for my $command ($out =~ /^  ([a-z-]+)  +[A-Z]/mg) {
		my ($code, $text) = $daemon->reevectl($command, '--help');
		is $code, 0, "$command --help";
		like $text, qr/reevectl $command|Examples|usage/, 'tells';
	}
	for my $verb ('records search', 'records show', 'records follow',
		'list add', 'list remove', 'list show') {
		my ($code, $text) = $daemon->reevectl(split(/ /, $verb),
			'--help');
		like $text, qr/Examples:/, "$verb: examples";
	}
	is +($daemon->reevectl('nonsense'))[0], 64, 'no such command';
	is +($daemon->reevectl)[0], 64, 'none at all';
};

is $daemon->stop, 0, 'it ends well';
is found('--queue-id', 'R1'), 'R1', 'records are found without the daemon';

done_testing;
