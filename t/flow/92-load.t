# Many connections at once, with reloads and list changes between: nothing
# fails, nothing is lost, memory does not grow.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Milter::Client;
use Sandbox;

my $shared = Sandbox->shared
	or plan skip_all => 'no ../shared here: nothing to drive it';
my $messages = $ENV{MAILREEVE_LOAD} // 6000;
my $box = Sandbox->new;
my $load = $box->path('milterload');
is system('cc', '-O2', '-w', '-pthread', '-o', $load,
	"$shared/tools/milterload.c"), 0, 'milterload builds';
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	log => { level => 'warning' });
$box->write_file('one.eml', "Subject: load\nMessage-ID: <load\@e.net>\n\n" .
	"text\n" x 500);

# KiB of its own memory; a sanitizer's would say nothing.
sub rss_anon
{
	return 0 if Sandbox::is_sanitized();
	return $box->read_file('/proc/' . $daemon->pid . '/status') =~
		/RssAnon:\s*(\d+)/ ? $1 : 0;
}

sub drive
{
	my ($count) = @_;
	my $pid = $box->spawn('load', $load, '-n', $count, '-c', 64, '-s', 5,
		'-i', '198.18.%d.%d', '-r', 'user@example.org', '-r',
		'x@remote.example', $daemon->socket, $box->path('one.eml'));
	my $status;
	for my $i (1 .. 600) {
		$status = $box->reap($pid, 0);
		last if defined $status;
		kill USR1 => $daemon->pid;
		$daemon->reevectl('list', 'add', 'block', 'address',
			'203.0.113.' . $i % 250) if $i % 5 == 0;
		sleep 0.1;
	}
	return $status;
}

is drive($messages / 2), 0, 'the first half: every message is answered';
my $half = rss_anon();
is drive($messages / 2), 0, 'the second half, too';
my $whole = rss_anon();
cmp_ok $whole, '<', $half * 1.5 + 8000,
	"memory does not grow: $half KiB, then $whole KiB";
my $records = () = ($daemon->reevectl('--json', 'records', 'search',
	'--limit', 0))[1] =~ /\n/g;
is $records, $messages, 'each has one record';
my ($status) = $daemon->objects('status');
cmp_ok $status->{reloads}, '>', 3, "$status->{reloads} reloads meanwhile";
is $daemon->stop, 0, 'it ends well';
unlike $daemon->log, qr/ bug |WARNING: ThreadSanitizer|ERROR: /,
	'no mistake of our own in the log';

done_testing;
