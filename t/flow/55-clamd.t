# clamd's protocol against a clamd that misbehaves in every way.

use strict;
use warnings;

use IO::Socket::IP;
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes qw(sleep time);

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;

sub read_exact
{
	my ($fd, $count) = @_;
	my $bytes = '';

	while (length $bytes < $count) {
		sysread $fd, $bytes, $count - length $bytes, length $bytes
			or return;
	}
	return $bytes;
}

# All of the stream, or undef.
sub read_stream
{
	my ($fd) = @_;
	my $all = '';

	while (defined(my $head = read_exact($fd, 4))) {
		my $size = unpack 'N', $head or return $all;
		$all .= read_exact($fd, $size) // return;
	}
	return;
}

sub answer
{
	my ($fd, $text) = @_;

	defined read_stream($fd) and syswrite $fd, $text;
}

sub answer_early
{
	my ($fd, $text) = @_;

	sysread $fd, my $some, 10;
	syswrite $fd, $text;
}

# What it does once it has the command, by name.
my %ways = (
	ok => sub { answer($_[0], "stream: OK\0") },
	found => sub { answer($_[0], "stream: Bad.Thing FOUND\0") },
	keep => sub {
		my $all = read_stream($_[0]);
		$box->write_file('kept', $all);
		syswrite $_[0], "stream: OK\0";
	},
	byte_by_byte => sub {
		read_stream($_[0]);
		for my $byte (split //, "stream: Slow.Thing FOUND\0") {
			syswrite $_[0], $byte;
			sleep 0.01;
		}
	},
	early_found => sub {
		answer_early($_[0], "stream: Early.Thing FOUND\0") },
	early_ok => sub { answer_early($_[0], "stream: OK\0") },
	too_long => sub { answer_early($_[0],
		"INSTREAM size limit exceeded. ERROR\0") },
	long_name => sub { answer($_[0], 'stream: ' . "\e\xff" . 'v' x 20000 .
		" FOUND\0") },
	endless => sub {
		read_stream($_[0]);
		1 while syswrite $_[0], 'z' x 4096;
	},
	error => sub { answer($_[0], "stream: Out of luck ERROR\0") },
	nonsense => sub { answer($_[0], "HTTP/1.1 400 \x01\xff.\0") },
	unended => sub { answer($_[0], 'stream: OK') },
	close => sub { },
	midway => sub { sysread $_[0], my $some, 1000 },
	after => sub { read_stream($_[0]) },
	never => sub { read_stream($_[0]); sleep 8 },
	not_reading => sub { sleep 8 },
);

sub serve
{
	my ($peer, $way, $is_mute) = @_;
	my $command = '';

	# Else prove would wait for it, too.
	open STDOUT, '>', '/dev/null';
	open STDERR, '>', '/dev/null';
	alarm 60;
	while ($command !~ /\0/) {
		sysread $peer, $command, 1, length $command or last;
	}
	if ($command eq "zPING\0" && !$is_mute) {
		syswrite $peer, "PONG\0";
	} elsif ($command =~ /\0/) {
		$ways{$way}->($peer);
	}
	close $peer;
	POSIX::_exit(0);
}

# A clamd that does that; it answers PING unless it is mute.
sub fake
{
	my ($way, %opt) = @_;
	my $path = $box->path(($opt{name} // $way) . '.sock');
	my $listener = $opt{inet} ? IO::Socket::IP->new(Listen => 64,
			LocalHost => $opt{inet}) :
		IO::Socket::UNIX->new(Listen => 64, Local => $path)
		or die "$path: $!\n";
	my $pid = fork // die "fork: $!\n";

	if (!$pid) {
		@SIG{qw(CHLD PIPE TERM)} = qw(IGNORE IGNORE DEFAULT);
		while (1) {
			my $peer = $listener->accept or next;
			my $child = fork // 1;
			serve($peer, $way, $opt{mute}) if !$child;
		}
	}
	chmod 0666, $path unless $opt{inet};
	$box->{pids}{$pid} = $way;
	my $host = $opt{inet} // return $path;
	$host = "[$host]" if $host =~ /:/;
	return "$host:" . $listener->sockport;
}

my %clamd = (timeout => '1s', retry => '5s', on_error => 'defer');
my $number = 0;
my $ok = fake('ok');
my $found = fake('found');
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	clamd => { %clamd, sockets => [$ok] });

sub with
{
	my (%settings) = @_;
	my $before = () = $daemon->log =~ /reloaded/g;

	$daemon->configure(%settings);
	$daemon->reload;
	$box->wait_for(10, sub {
		my $now = () = $daemon->log =~ /reloaded/g;
		$now > $before;
	}) or die "no reload:\n" . $daemon->log;
}

# (reply, VIRUS* findings, seconds) of a message.
sub send_one
{
	my (%message) = @_;
	my $id = 'Q' . ++$number;
	my $mta = Milter::Client->new($daemon->socket);
	my $began = time;
	my $reply = $mta->message(queue_id => $id, body => "hello\r\n",
		%message);
	my $took = time - $began;

	$mta->quit;
	my ($record) = $daemon->records(1, '--queue-id', $id);
	return ($reply, { map { $_->{symbol} => $_->{detail} }
		grep { $_->{symbol} =~ /^VIRUS/ } @{ $record->{findings} } },
		$took);
}

# How many the daemon has open.
sub descriptors { scalar(() = glob '/proc/' . $daemon->pid . '/fd/*') }
send_one();
my $before = descriptors();

# [way, what is answered, finding, its detail]
my $big = ('b' x 70 . "\r\n") x 60_000;
for my $case (
	['ok', 'c'],
	['found', '550 5.7.1', 'VIRUS', qr/^Bad\.Thing$/],
	['byte_by_byte', '550 5.7.1', 'VIRUS', qr/^Slow\.Thing$/],
	['early_found', '550 5.7.1', 'VIRUS', qr/^Early\.Thing$/],
	['early_ok', '451 4.7.1', 'VIRUS_UNSCANNED', qr/before it had/],
	['too_long', 'c', 'VIRUS_PARTLY', qr/nothing was scanned.*Stream/],
	['long_name', '550 5.7.1', 'VIRUS', qr/^\?\?v{100,}$/],
	['endless', '451 4.7.1', 'VIRUS_UNSCANNED', qr/does not end/],
	['error', '451 4.7.1', 'VIRUS_UNSCANNED', qr/Out of luck/],
	['nonsense', '451 4.7.1', 'VIRUS_UNSCANNED', qr/HTTP.1\.1 400 \?\?/],
	['unended', '451 4.7.1', 'VIRUS_UNSCANNED', qr/closed/],
	['close', '451 4.7.1', 'VIRUS_UNSCANNED', qr/closed/],
	['midway', '451 4.7.1', 'VIRUS_UNSCANNED', qr/closed/],
	['after', '451 4.7.1', 'VIRUS_UNSCANNED', qr/closed/],
	['never', '451 4.7.1', 'VIRUS_UNSCANNED', qr/in time/],
	['not_reading', '451 4.7.1', 'VIRUS_UNSCANNED', qr/in time/],
) {
	my ($way, $want, $symbol, $detail) = @$case;
	my $path = $box->path("$way.sock");

	with(clamd => { %clamd, sockets => [-e $path ? $path : fake($way)] });
	my ($reply, $got, $took) = send_one(body => $big);
	like $reply->{text} || $reply->{cmd}, qr/^\Q$want\E/, "$way: $want";
	is join(' ', sort keys %$got), $symbol // '', 'the finding';
	like $got->{$symbol}, $detail, 'its detail' if $symbol;
	cmp_ok $took, '<', 8, 'in time';
}
ok $box->wait_for(5, sub { descriptors() <= $before }),
	'no descriptor is left open';

# The same over TCP, and what was sent.
with(clamd => { %clamd, sockets => [fake('keep', inet => '127.0.0.1')] });
my $body = join '', map { chr($_ % 256) } 0 .. 99_999;
send_one(headers => [['From', 'a@a.example'], ['Subject', "x\n\ty"]],
	body => $body);
my $kept = $box->read_file('kept');
is substr($kept, 0, length($kept) - length $body), "Received: by mailreeve\r\n" .
	"From: a\@a.example\r\nSubject: x\n\ty\r\n\r\n", 'the header is sent';
ok substr($kept, -length $body) eq $body, 'and the body, byte for byte';

SKIP: {
	my $six = eval { fake('found', inet => '::1') }
		or skip 'no IPv6 here', 1;

	with(clamd => { %clamd, sockets => [$six] });
	like +(send_one())[0]{text}, qr/^550 5\.7\.1/, 'over IPv6';
}

# Several: the first that answers.
with(clamd => { %clamd, sockets => [$box->path('nowhere.sock'),
	'127.0.0.1:' . Sandbox::free_port(), $box->path('close.sock'),
	$found] });
my ($reply, $got) = send_one();
like $reply->{text}, qr/^550 5\.7\.1/, 'the next in turn is asked';
like $daemon->log, qr/clamd_failed.*nowhere\.sock/, 'the log says why';
with(clamd => { %clamd, sockets => [fake('never', name => 'hung'), $found] });
($reply) = send_one();
like $reply->{text}, qr/^550 5\.7\.1/, 'one that is silent leaves some time';

# One that is wholly dead is left alone for a while, and asked again after it.
with(clamd => { %clamd, retry => '3s', on_error => 'accept',
	sockets => [fake('not_reading', name => 'mute', mute => 1)] });
my ($slow, $ping, $skip) = map { (send_one())[2] } 1 .. 3;
cmp_ok $slow, '>', 0.9, 'the first message waits';
cmp_ok $ping, '>', 0.4, 'the second for PING';
cmp_ok $ping, '<', 0.9, 'and no longer';
cmp_ok $skip, '<', 0.4, 'the third not at all';
($reply, $got) = send_one();
is $reply->{cmd}, 'c', 'on_error = accept';
like $got->{VIRUS_UNSCANNED}, qr/sign of life/, 'but it is told';
sleep 3.2;
cmp_ok((send_one())[2], '>', 0.4, 'later it is asked again');

# Limits.
with(clamd => { %clamd, sockets => [$ok], max_size => '100k' });
($reply, $got) = send_one(body => $big);
like $got->{VIRUS_PARTLY}, qr/102400 bytes.*max_size/, 'past clamd.max_size';
with(clamd => { %clamd, sockets => [$ok] }, limits => { body => '100k' });
($reply, $got) = send_one(body => $big);
like $got->{VIRUS_PARTLY}, qr/limits/, 'past limits.body';
with(clamd => { %clamd, sockets => [$found] });
($reply, $got) = send_one(body => $big);
is join(' ', sort keys %$got), 'VIRUS', 'a virus in what was scanned is one';

# Many at once.
with(clamd => { %clamd, timeout => '60s',
	sockets => [$box->path('close.sock'), $found] });
my @pids = map {
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		my $mta = Milter::Client->new($daemon->socket, timeout => 60);
		my $bad = grep { $mta->message(body => "x\r\n" x 1000)->{text}
			!~ /^550/ } 1 .. 10;
		POSIX::_exit($bad ? 1 : 0);
	}
	$pid;
} 1 .. 8;
my $failed = grep { waitpid $_, 0; $? } @pids;
is $failed, 0, 'many connections at once';
is scalar(my @none = $daemon->objects('case', 'list')), 0, "a stranger's virus is nobody's case";
send_one(login => 'mallory', from => '<mallory@example.org>');
ok $box->wait_for(10, sub { grep { "$_->{kind} $_->{subject} $_->{severity}" eq
	'virus mallory 2' } $daemon->objects('case', 'list') }),
	'that of a login of ours is' or diag $daemon->log;
is $daemon->stop, 0, 'it ends well';

# Settings that are wrong, and right.
sub test_settings
{
	my $conf = $box->write_file('test.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), rules => { files => [] },
		clamd => { sockets => \@_ } }));

	return $box->run("$Sandbox::BUILD/mailreeve", '-t', '-c', $conf);
}

for my $bad ('clamd.ctl', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:70000',
	'::1:3310', '[::1]', 'localhost:3310', '/' . 'x' x 200) {
	my ($status, undef, $err) = test_settings($bad);
	is $status, 78, "-t: $bad";
	like $err, qr/clamd\.sockets: .*is no socket/, 'says why';
}
my ($status, undef, $err) = test_settings('[::1]:3310', '127.0.0.1:3310',
	'/run/clamav/clamd.ctl');
is $status, 0, '-t: good ones' or note $err;
done_testing;
