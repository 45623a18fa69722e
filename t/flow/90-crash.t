# kill -9 under load, again and again: what was answered 250 has its record.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Milter::Client;
use Sandbox;

my $kills = $ENV{MAILREEVE_KILLS} // 50;
my $senders = 4;
my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	log => { level => 'warning' });

# Sends until the daemon is gone; writes each queue id that was answered with
# "accept", before the next message.
sub send_all
{
	my ($who, $round) = @_;
	my $pid = fork // die "fork: $!\n";
	return $pid if $pid;

	open my $log, '>>', $box->path("accepted.$who");
	$log->autoflush;
	eval {
		my $mta = Milter::Client->new($daemon->socket, timeout => 5);
		for (my $i = 0; ; $i++) {
			my $id = "K$who.$round.$i";
			my $r = $mta->message(queue_id => $id,
				from => "<k\@$round.example>");
			print $log "$id\n" if $r->{cmd} eq 'c';
			last if $r->{cmd} ne 'c';
		}
	};
	POSIX::_exit(0);
}

my $slowest = 0;
for my $round (1 .. $kills) {
	my @pids = map { send_all($_, $round) } 1 .. $senders;
	sleep 0.05 + rand 0.15;
	$daemon->kill9;
	waitpid $_, 0 for @pids;
	my $began = time;
	eval { $daemon->start } or do {
		fail "start after kill $round";
		diag $@;
		last;
	};
	my $took = time - $began;
	$slowest = $took if $took > $slowest;
}
cmp_ok $slowest, '<', 1, "it starts within a second after $kills kills";

my %accepted = map { $_ => 1 } map { split /\n/, $box->read_file("accepted.$_") }
	1 .. $senders;
my ($status, $out, $err) = $daemon->reevectl('--json', 'records', 'search',
	'--limit', 0);
is $status, 0, 'every record can be read' or diag $err;
my %recorded = map { /"queue_id":"([^"]+)"/ ? ($1 => 1) : () } split /\n/, $out;
my @lost = grep { !$recorded{$_} } keys %accepted;
cmp_ok scalar(keys %accepted), '>', $kills * $senders,
	scalar(keys %accepted) . ' messages were accepted';
is scalar @lost, 0, 'none of them lacks its record';
my @sequences = map { /"sequence":(\d+)/ ? $1 : () } split /\n/, $out;
is $daemon->stop, 0, 'it ends well';

done_testing;
