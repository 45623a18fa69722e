# What a stranger can make huge or odd: each ends in a clear answer.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $socket = $daemon->socket;

# KiB of its own memory; a sanitizer's would say nothing.
sub rss_anon
{
	return 0 if Sandbox::is_sanitized();
	return $box->read_file('/proc/' . $daemon->pid . '/status') =~
		/RssAnon:\s*(\d+)/ ? $1 : 0;
}

subtest 'a message of 100 MiB' => sub {
	my $mta = Milter::Client->new($socket);
	$mta->open_session;
	$mta->mail('<big@example.net>', [], i => 'BIG');
	$mta->rcpt('<user@example.org>');
	$mta->data;
	$mta->header('Subject', 'big');
	$mta->eoh;
	my $chunk = 'x' x (1 << 20);
	$mta->body($chunk) for 1 .. 100;
	is $mta->eom(i => 'BIG')->{cmd}, 'c', 'accepted';
	$mta->quit;
	my ($record) = $daemon->records(1, '--queue-id', 'BIG');
	is $record->{body_bytes}, 100 << 20, 'its true size is recorded';
	ok scalar(grep { $_->{symbol} eq 'LIMIT_BODY' }
		@{ $record->{findings} }), 'and that not all of it was looked at';
	# What is looked at of it (41 MiB) may still lie with malloc.
	cmp_ok rss_anon(), '<', 80_000, 'memory stays small';
};

subtest '50,000 headers' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(queue_id => 'MANYH',
		headers => [map { ["X-$_", "value $_"] } 1 .. 50_000]);
	is $result->{cmd}, 'c', 'accepted';
	$mta->quit;
	my ($record) = $daemon->records(1, '--queue-id', 'MANYH');
	is $record->{header_count}, 50_000, 'all are counted';
	ok scalar(grep { $_->{symbol} eq 'LIMIT_HEADERS' }
		@{ $record->{findings} }), 'it is told';
};

subtest 'results behind so many headers that none looks at them' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(queue_id => 'HIDDEN',
		headers => [(map { ["X-$_", "value $_"] } 1 .. 50_000),
			['authentication-results', 'mx; dkim=pass']]);
	is $result->{cmd}, 'y', 'refused';
	like $result->{text}, qr/^554 5\.6\.0 /, 'since it could not be removed';
	$mta->quit;
};

subtest 'one header of 10 MiB' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(queue_id => 'LONGH',
		headers => [['Subject', 'y' x (10 << 20)], ['To', 'x']]);
	is $result->{cmd}, 'c', 'accepted';
	$mta->quit;
	my ($record) = $daemon->records(1, '--queue-id', 'LONGH');
	is $record->{headers_cut}, 1, 'cut';
	cmp_ok $record->{header_bytes}, '>', 10 << 20, 'and counted';
};

subtest 'a packet of 20 MiB' => sub {
	my $mta = Milter::Client->new($socket);
	$mta->open_session;
	$mta->mail('<packet@example.net>', [], i => 'PACKET');
	$mta->rcpt('<user@example.org>');
	$mta->send_packet('L', "X\0" . 'z' x (20 << 20) . "\0");
	ok $mta->is_closed(10), 'ends the connection';
	my ($record) = $daemon->records(1, '--from', 'packet@example.net');
	is $record->{ending}, 'aborted', 'what was begun is recorded';
};

subtest 'NUL bytes everywhere' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(queue_id => 'NULS',
		body => "a\0b\0\r\n" x 1000);
	is $result->{cmd}, 'c', 'in the body: accepted';
	$mta->quit;
	my ($record) = $daemon->records(1, '--queue-id', 'NULS');
	is $record->{body_bytes}, 6000, 'all of it is counted';
	for my $packet (['C', "ho\0st4\0\0\0"], ['H', "he\0lo\0"],
		['M', "<a\0\@b>\0\0\0"], ['L', "Na\0me\0va\0lue\0"],
		['D', "M{i}\0\0\0\0"], ['R', "\0\0\0"], ['U', "\0\0"]) {
		my $odd = Milter::Client->new($socket);
		$odd->send_packet(@$packet);
		$odd->drop;
	}
	ok $daemon->answers, 'elsewhere: the daemon lives on';
};

subtest 'a thousand recipients and more' => sub {
	my $mta = Milter::Client->new($socket);
	my $result = $mta->message(queue_id => 'MANYR',
		rcpts => [map { "<u$_\@example.org>" } 1 .. 1010]);
	$mta->quit;
	is $result->{cmd}, 'c', 'the message is taken';
	is scalar(grep { $_->{cmd} eq 'c' } @{ $result->{rcpts} }), 1000,
		'for a thousand';
	like $result->{rcpts}[1000]{text}, qr/^452 4\.5\.3/,
		'the others are deferred';
	my ($record) = $daemon->records(1, '--queue-id', 'MANYR');
	is $record->{recipients_dropped}, 10, 'and counted';
};

subtest '1,000 idle connections' => sub {
	my @idle = map { Milter::Client->new($socket) } 1 .. 1000;
	$_->open_session for @idle;
	my $mta = Milter::Client->new($socket);
	is $mta->message->{cmd}, 'c', 'mail goes on beside them';
	$mta->quit;
	my ($status) = $daemon->objects('status');
	ok $box->wait_for(5, sub {
		($status) = $daemon->objects('status');
		$status->{counters}{sessions_open} >= 1000;
	}), 'they are counted';
	$_->drop for @idle;
	ok $box->wait_for(20, sub {
		($status) = $daemon->objects('status');
		$status->{counters}{sessions_open} == 0;
	}), 'and forgotten when they go';
};

subtest 'HELO again and again' => sub {
	my $mta = Milter::Client->new($socket);
	$mta->open_session;
	$mta->helo('x' x 1000 . $_) for 1 .. 2000;
	is $mta->message->{cmd}, 'c', 'no harm';
	$mta->quit;
	cmp_ok rss_anon(), '<', 100_000, 'memory stays small';
};

is $daemon->stop, 0, 'it ends well';
unlike $daemon->log, qr/ bug /, 'no mistake of our own in the log';

done_testing;
