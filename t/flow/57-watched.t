# Who is watched: lower limits, all originals kept, a flag on the
# records; and nobody else.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-11-23T10:00:00Z');
my $daemon = $box->daemon(
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	rules => { files => [] }, calendar => { zone => 'UTC' },
	cases => { watch => '10d', watch_limits => 50 },
	bulk => { preset_limits => 'no', limits => {
		messages => { key => 'account', most => 5, within => '10min' } } });

# The replies, a letter each.
sub sent
{
	my ($login, $count, @to) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $replies = '';

	for (1 .. $count) {
		my $r = $mta->message(addr => '192.0.2.5', login => $login,
			from => "<$login\@example.org>", rcpts => ['<x' . rand . '@far.example>']);
		$replies .= $r->{cmd} eq 'none' ? substr($r->{rcpts}[0]{text}, 0, 1) : $r->{cmd};
	}
	$mta->quit;
	return $replies;
}

is sent('alice', 1), 'c', 'mail flows';
is scalar(my @none = $daemon->objects('evidence', 'list')), 0, 'and no original is kept';
is +($daemon->reevectl('case', 'open', account => 'alice'))[0], 0, 'a case';
is +($daemon->reevectl('case', 'watch', '2026-0001'))[0], 0, 'watched';
is sent('alice', 3), 'c44', 'half of the limit is left: two of five' or diag $daemon->log;
is sent('bob', 6), 'ccccc4', 'a neighbour has all of it';

my @records = $daemon->records(10);
my ($held) = grep { ($_->{client}{login} // '') eq 'alice' && $_->{verdict} eq 'defer' } @records;
my ($limit) = grep { ($_->{detail} // "") =~ m{of 5 messages} } @{ $held->{findings} };
like $limit->{detail}, qr/50 percent of it: watched/, 'the finding says so' or
	diag explain $held;
my @flagged = $daemon->objects('records', 'search', '--symbol', 'CASE_WATCHED');
is scalar @flagged, 3, 'records have a flag';
is scalar(grep { $_->{client}{login} ne 'alice' } @flagged), 0, 'of hers alone';
my ($accepted) = grep { $_->{verdict} eq 'accept' } @flagged;
is_deeply [map { $_->{id} } $daemon->objects('evidence', 'list')], [$accepted->{id}],
	'the original of what was let through is kept';

is +($daemon->reevectl('limits', 'raise', '--limit', 'messages', '--most', 20, 'alice'))[0],
	0, 'an operator raises the limit';
is sent('alice', 2), 'cc', 'which holds';
is +($daemon->reevectl('case', 'remedy', '2026-0001'))[0], 0, 'no longer watched';
is sent('alice', 1), 'c', 'mail flows';
is scalar(@flagged = $daemon->objects('records', 'search', '--symbol', 'CASE_WATCHED')), 5,
	'without the flag';
$daemon->stop;

done_testing;
