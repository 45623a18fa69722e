# kill -9 under load, again and again: what was answered 250 has its record.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Sandbox;
use Senders;

my $kills = $ENV{MAILREEVE_KILLS} // 50;
my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	log => { level => 'warning' });

my $senders = Senders->new($box, $daemon, 4);
my $slowest = 0;
for my $round (1 .. $kills) {
	$senders->start($round);
	sleep 0.05 + rand 0.15;
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
}
cmp_ok $slowest, '<', 1, "it starts within a second after $kills kills";

my %accepted = map { $_ => 1 } $senders->accepted;
my ($status, $out, $err) = $daemon->reevectl('--json', 'records', 'search',
	'--limit', 0);
is $status, 0, 'every record can be read' or diag $err;
my %recorded = map { /"queue_id":"([^"]+)"/ ? ($1 => 1) : () } split /\n/, $out;
my @lost = grep { !$recorded{$_} } keys %accepted;
cmp_ok scalar(keys %accepted), '>', 4 * $kills,
	scalar(keys %accepted) . ' messages were accepted';
is scalar @lost, 0, 'none of them lacks its record';
my @sequences = map { /"sequence":(\d+)/ ? $1 : () } split /\n/, $out;
is $daemon->stop, 0, 'it ends well';

done_testing;
