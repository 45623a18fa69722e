# The bench of the store (t/bench/store), with few records: each phase runs, and
# what it measures is there.

use strict;
use warnings;

use Test::More;

use Sandbox;

my $box = Sandbox->new;
my $program = Sandbox->top . '/t/bench/store';
my ($status, $out, $err) = $box->run('perl', $program, '-b', $Sandbox::BUILD, '-o',
	$box->path('records'), '-d', 3, '-r', 2000, '-q', 3, '-a', 300);
is $status, 0, 'it runs' or diag $out, $err;
like $out, qr/^$_ [\d.]+ /m, $_ for qw(make size append fresh sealing seal sealed
	verify warm.address cold.recipient expire);
my ($bytes) = $out =~ /^sealed ([\d.]+) /m;
cmp_ok $bytes, '<', 300, 'a sealed record is small, its index included';
unlike $out, qr/^\w+\.(?:message-id|queue-id) .* 0\.0 found/m, 'what is there is found';

done_testing;
