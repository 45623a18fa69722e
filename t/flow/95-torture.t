# kill -9 at any moment: under load, at midnight, while a day is sealed or
# removed, while a back-up is made or restored. After each the daemon starts at
# once, what was acknowledged has its record, once, and the records are whole.
#	MAILREEVE_KILLS=1000 prove -It/lib t/flow/95-torture.t

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Clock;
use Sandbox;
use Senders;

my $kills = $ENV{MAILREEVE_KILLS} // (Sandbox->is_sanitized ? 25 : 200);
my $keep = 3;				# days
my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-03-01T12:00:00Z');
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	log => { level => 'notice' }, records => { keep => "${keep}d",
		keep_short => 'a test' });
# With the day in which it was sent.
my $senders = Senders->new($box, $daemon, 3,
	note => sub { int($clock->now / 86400) });
# A folder of the daemon's user, for what reevectl makes.
my $own = $box->path('own');
mkdir $own, 0700 or die "$own: $!\n";
chown +(getpwnam Sandbox->user)[2, 3], $own if $> == 0;
my $backups = "$own/backups";
srand($ENV{MAILREEVE_SEED} // 20260301);

# The tool, killed after a while, or not.
sub reevectl_killed
{
	my ($seconds, @words) = @_;
	my $pid = $box->spawn('tool', "$Sandbox::BUILD/reevectl", '-c',
		$daemon->conf, @words);

	sleep $seconds;
	kill KILL => $pid;
	return $box->reap($pid, 20);
}

my %done;
sub happen
{
	my ($what) = @_;

	$done{$what}++;
	if ($what eq 'midnight') {
		$clock->advance(86400);		# sealing, and expiry
	} elsif ($what eq 'backup') {
		reevectl_killed(rand 0.2, 'backup', $backups);
	} elsif ($what eq 'restore') {
		my $there = "$own/restored";
		reevectl_killed(rand 0.2, 'restore', $backups, '--state-dir',
			$there);
		# Whole, or not there at all.
		if (-d $there && glob "$there/*") {
			my ($status, $out) = $daemon->reevectl('records', 'verify',
				'--state-dir', $there);
			is $status, 0, 'what was restored is whole' or diag $out;
			$done{'restored whole'}++;
		}
		system 'rm', '-rf', $there, glob "$there.*";
	}
	sleep rand 0.1;
}

my ($slowest, $lost, $twice, $broken) = (0, 0, 0, 0);
sub check
{
	my ($round) = @_;
	my ($status, $out) = $daemon->reevectl('records', 'verify');

	if ($status != 0) {
		$broken++;
		diag "round $round: $out";
	}
	($status, $out) = $daemon->reevectl('--json', 'records', 'search',
		'--limit', 0);
	$status == 0 or $broken++;
	my %there;
	$there{$_}++ for $out =~ /"queue_id":"([^"]+)"/g;
	$twice += grep { $_ > 1 } values %there;
	my $first = int($clock->now / 86400) - $keep;
	my @gone = grep { my ($id, $day) = split / /; $day >= $first && !$there{$id} }
		$senders->accepted;
	$lost += @gone;
	diag "round $round: lost @gone" if @gone;
}

is +($daemon->reevectl('backup', $backups))[0], 0, 'a back-up to begin with';
my @events = qw(nothing midnight backup midnight restore midnight nothing);
for my $round (1 .. $kills) {
	$senders->start($round);
	sleep 0.02 + rand 0.05;
	happen($events[rand @events]);
	$daemon->kill9;
	$senders->wait;
	my $began = time;
	eval { $daemon->start } or do {
		fail "start after kill $round";
		diag $@;
		last;
	};
	my $took = time - $began;
	$slowest = $took if $took > $slowest;
	check($round) if $round % 10 == 0 || $round == $kills;
}
cmp_ok $slowest, '<', 1, "it starts within a second after $kills kills"
	unless Sandbox->is_sanitized;
is $lost, 0, 'what was acknowledged has its record';
is $twice, 0, 'once';
is $broken, 0, 'the records are whole each time';
cmp_ok $done{$_} // 0, '>', 0, "with: $_" for qw(midnight backup restore);
my $accepted = () = $senders->accepted;
cmp_ok $accepted, '>', 3 * $kills, "$accepted messages were accepted";
is +($daemon->reevectl('backup', 'verify', $backups))[0], 0,
	'the back-ups that are there are whole';
is_deeply [glob "$backups/*.part"], [], 'and only those'
	if ($daemon->reevectl('backup', $backups))[0] == 0;
is $daemon->stop, 0, 'it ends well';

done_testing;
