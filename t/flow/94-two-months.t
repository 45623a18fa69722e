# Eleven weeks by a clock of our own, in steps of all kinds, backwards too: no
# record is gone before its term, none is there behind it, but for what is held.

use strict;
use warnings;

use JSON::PP;
use List::Util qw(max);
use Test::More;

use Clock;
use Milter::Client;
use Sandbox;

my $DAY = 86400;
my $keep = 60;
my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-01-01T09:00:00Z');
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	records => { keep => "${keep}d" });
my $records = $daemon->state . '/records';
my @sent;			# queue id, sender, day of its file
my $newest = 0;			# day that records are added to

sub send_mail
{
	my ($sender) = @_;
	my $id = sprintf 'Q%04d', scalar @sent;
	my $mta = Milter::Client->new($daemon->socket);
	my $r = $mta->message(queue_id => $id, from => "<$sender\@example.net>");

	$mta->quit;
	$r->{cmd} eq 'c' or die "$id was answered $r->{cmd}\n" . $daemon->log;
	$newest = max $newest, int $clock->now / $DAY;
	push @sent, [$id, $sender, $newest];
}

my @held;			# (from day, to day, sender or undef)
sub is_held
{
	my ($id, $sender, $day) = @{ $_[0] };
	return grep { $day >= $_->[0] && $day <= $_->[1] &&
		(!defined $_->[2] || $sender eq $_->[2]) } @held;
}

# Those that must be there now: a day goes when it ended so long ago.
sub expected
{
	my $now = $clock->now;
	return map { $_->[0] => 1 } grep {
		$_->[2] == $newest || is_held($_) ||
		($_->[2] + 1 + $keep) * $DAY > $now } @sent;
}

sub there
{
	my ($status, $out, $err) = $daemon->reevectl('--json', 'records',
		'search', '--limit', 0);
	die "search: $status $err" if $status != 0;
	return map { decode_json($_)->{queue_id} => 1 } split /\n/, $out;
}

my ($lost, $late, $steps) = (0, 0, 0);
sub check
{
	my %expected = expected();
	my %there;
	# The housekeeper is told by the record that began the day.
	my $is_right = $box->wait_for(10, sub {
		%there = there();
		my @gone = grep { !$there{$_} } keys %expected;
		if (@gone) {
			$lost += @gone;
			diag $clock->day, ": @gone went too early";
			return 1;
		}
		return keys %there == keys %expected;
	});
	my @old = sort grep { !$expected{$_} } keys %there;
	diag $clock->day, ": @old stay" if !$is_right;
	$late += @old unless $is_right;
	$steps++;
}

# As they come; the clock is set back now and then, and jumps.
my @hours = (24, 7, 17, 23.9, 25, 12, 12, -5, 30, 48, 1, -30, 53, 24);
my $end = $clock->now + 77 * $DAY;
my $is_held = 0;
while ($clock->now < $end) {
	send_mail($_) for 'plain', $steps % 3 ? 'other' : 'held';
	check();
	if ($steps == 12) {
		my $day = int $clock->now / $DAY - 4;
		push @held, [$day, $day + 2];
		is(($daemon->reevectl('records', 'hold', 'add', 'days', '--since',
			POSIX::strftime('%Y-%m-%d', gmtime $day * $DAY), '--until',
			POSIX::strftime('%Y-%m-%d', gmtime(($day + 2) * $DAY))))[0],
			0, 'some days are held');
		push @held, [0, 1e6, 'held'];
		is(($daemon->reevectl('records', 'hold', 'add', 'person',
			'--from', 'held@example.net'))[0], 0, "and one's records");
	}
	$clock->advance(3600 * $hours[$steps % @hours]);
}
is $lost, 0, "no record went early, in $steps steps";
is $late, 0, 'none stayed too long';
cmp_ok scalar(grep { is_held($_) && ($_->[2] + 1 + $keep) * $DAY < $clock->now }
	@sent), '>', 5, 'some are there for a hold alone';
my ($status, $out) = $daemon->reevectl('records', 'verify');
is $status, 0, 'all is whole' or diag $out;

@held = ();
$daemon->reevectl('records', 'hold', 'release', $_) for 'days', 'person';
$clock->advance($DAY);
send_mail('last');
check();
is $lost + $late, 0, 'when the holds end, it all goes';
my $days = () = glob "$records/*.mdb";
cmp_ok $days, '<=', $keep + 2, 'and no file is left of them';
is $daemon->stop, 0, 'it ends well';

done_testing;
