# A real clamd, with a signature database of one signature: EICAR in all the
# ways that it may be wrapped, and a clamd that dies.

use strict;
use warnings;

use IO::Socket::UNIX;
use MIME::Base64;
use Test::More;

use Milter::Client;
use Sandbox;

my ($clamd) = grep { -x } map { "$_/clamd" } '/usr/sbin', '/usr/local/sbin',
	split /:/, $ENV{PATH} // '';
defined $clamd or plan skip_all => 'no clamd here';

# In two parts, so that no scanner takes this file for it.
my $eicar = 'X5O!P%@AP[4\PZX54(P^)7CC)7}$' .
	'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
my $box = Sandbox->new;
my $port = Sandbox::free_port();
my $socket = $box->path('clamd.sock');

mkdir $box->path($_) for qw(db tmp);
$box->write_file('db/test.ndb', 'Test.Eicar:0:*:' . unpack('H*', $eicar) .
	"\n");
$box->write_file('clamd.conf', <<"CONF");
DatabaseDirectory ${\ $box->path('db')}
TemporaryDirectory ${\ $box->path('tmp')}
LocalSocket $socket
LocalSocketMode 666
TCPSocket $port
TCPAddr 127.0.0.1
Foreground yes
OfficialDatabaseOnly no
ScanMail yes
ScanArchive yes
StreamMaxLength 1M
MaxThreads 4
CONF

my $pid;

sub start_clamd
{
	unlink $socket;
	$pid = $box->spawn('clamd', $clamd, '-c', $box->path('clamd.conf'));
	return $box->wait_for(30, sub {
		my $peer = IO::Socket::UNIX->new(Peer => $socket) or return;
		syswrite $peer, "zPING\0";
		return (readline($peer) // '') =~ /PONG/;
	});
}

sub attachment
{
	my ($name, $bytes) = @_;

	return (headers => [['From', 'a@a.example'], ['To', 'b@example.org'],
		['Subject', 'x'], ['MIME-Version', '1.0'],
		['Content-Type', 'multipart/mixed; boundary="b"']],
		body => "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n" .
		"--b\r\nContent-Type: application/octet-stream; " .
		"name=\"$name\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" .
		encode_base64($bytes, "\r\n") . "--b--\r\n");
}

# A zip of one file that is only stored.
sub zip_of
{
	my ($name, $bytes) = @_;
	my $crc = 0xffffffff;

	for my $byte (unpack 'C*', $bytes) {
		$crc ^= $byte;
		$crc = $crc & 1 ? $crc >> 1 ^ 0xedb88320 : $crc >> 1
			for 1 .. 8;
	}
	my $facts = pack 'v5V3v2', 10, 0, 0, 0, 0x21, $crc ^ 0xffffffff,
		length $bytes, length $bytes, length $name, 0;
	my $file = "PK\3\4$facts$name$bytes";
	my $entry = "PK\1\2" . pack('v', 20) . $facts .
		pack('v3V2', 0, 0, 0, 0, 0) . $name;

	return $file . $entry . "PK\5\6" . pack 'v4V2v', 0, 0, 1, 1,
		length $entry, length $file, 0;
}

start_clamd() or plan skip_all => 'clamd does not start: ' .
	$box->read_file('clamd.err');
my $number = 0;

sub symbols
{
	my ($daemon, $id) = @_;
	my ($record) = $daemon->records(1, '--queue-id', $id);

	return { map { $_->{symbol} => $_->{detail} }
		grep { $_->{symbol} =~ /^VIRUS/ } @{ $record->{findings} } };
}

sub try_all
{
	my ($address, $what) = @_;
	my $daemon = $box->daemon(name => "m$number",
		relay => { domains => ['example.org'] },
		clamd => { sockets => [$address], on_error => 'defer' });
	my $mta = Milter::Client->new($daemon->socket);
	my %odd = attachment('b.com', $eicar);

	unshift @{ $odd{headers} }, ['X-Odd', 'y'];
	for my $case (
		['clean', 0, body => "hello\r\n"],
		['clean attachment', 0, attachment('a.bin', 'hello' x 50)],
		['plain', 1, body => "$eicar\r\n"],
		['base64', 1, attachment('a.com', $eicar)],
		['zip', 1, attachment('a.zip', zip_of('a.com', $eicar))],
		['an odd first field', 1, %odd],
	) {
		my ($name, $is_bad, %message) = @$case;
		my $id = 'Q' . ++$number;
		my $reply = $mta->message(queue_id => $id, %message);

		if ($is_bad) {
			like $reply->{text}, qr/^550 5\.7\.1 .*virus/,
				"$what: $name is refused";
			like symbols($daemon, $id)->{VIRUS}, qr/Test\.Eicar/,
				'the record has the name';
		} else {
			is $reply->{cmd}, 'c', "$what: $name passes";
			is_deeply symbols($daemon, $id), {}, 'nothing found';
		}
	}
	return ($daemon, $mta);
}

my ($first, $mta) = try_all("127.0.0.1:$port", 'TCP');
$mta->quit;
is $first->stop, 0, 'it ends well';
my ($daemon, $client) = try_all($socket, 'a Unix socket');

# Past clamd's own limit.
my $line = 'x' x 70 . "\r\n";
is $client->message(queue_id => 'BIG', body => $line x 30_000)->{cmd}, 'c',
	'past StreamMaxLength: accepted';
like symbols($daemon, 'BIG')->{VIRUS_PARTLY}, qr/StreamMaxLength/, 'but told';

my $file = $box->write_file('e.eml', "Subject: x\n\n$eicar\n");
my ($status, $out) = $daemon->reevectl('try', $file);
like $out, qr/VIRUS.*Test\.Eicar/, 'reevectl try shows it';

kill KILL => $pid;
$box->reap($pid, 10);
like $client->message(queue_id => 'D1', body => "x\r\n")->{text},
	qr/^451 4\.7\.1 /, 'clamd was killed: deferred';
ok defined symbols($daemon, 'D1')->{VIRUS_UNSCANNED}, 'and told';
like $daemon->log, qr/clamd_failed/, 'and logged';
ok start_clamd(), 'clamd is there again';
is $client->message(queue_id => 'D2', body => "x\r\n")->{cmd}, 'c',
	'and is asked at once';

# Stopped with the message in hand, then killed.
kill STOP => $pid;
my $killer = fork // die "fork: $!\n";
if (!$killer) {
	select undef, undef, undef, 0.5;
	kill KILL => $pid;
	POSIX::_exit(0);
}
like $client->message(queue_id => 'D3', body => $line x 9000)->{text},
	qr/^451 4\.7\.1 /, 'killed in the midst: deferred';
waitpid $killer, 0;
like symbols($daemon, 'D3')->{VIRUS_UNSCANNED}, qr/closed/, 'and told';
$client->quit;
is $daemon->stop, 0, 'it ends well';
done_testing;
