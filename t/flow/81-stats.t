# reevectl records stats: counts that agree with what was sent.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] });

sub sent
{
	my ($addr, %mail) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	$mta->open_session(addr => $addr);
	$mta->message(%mail);
	$mta->quit;
}

is +($daemon->reevectl('records', 'stats'))[1], '', 'no records, no rows';
sent('192.0.2.' . $_, from => '<a@example.net>', queue_id => "A$_") for 1 .. 3;
sent('198.51.100.9', from => '<b@example.net>', queue_id => 'B1');
sent('2001:db8::1', from => '<>', queue_id => 'C1');
sent('198.51.100.9', from => '<b@example.net>', queue_id => 'B2',
	rcpts => ['<stranger@elsewhere.example>']);
$daemon->records(6);

sub counts
{
	my ($status, $out) = $daemon->reevectl('--json', 'records', 'stats', @_);
	is $status, 0, "stats @_";
	my %by;
	for (map { decode_json($_) } split /\n/, $out) {
		$by{$_->{by}}{$_->{name}} = "$_->{messages} $_->{refused}";
	}
	return \%by;
}

my $by = counts();
is_deeply [values %{ $by->{day} }], ['6 1'], 'a day';
is_deeply $by->{sender}, { 'a@example.net' => '3 0', 'b@example.net' => '2 1',
	'<>' => '1 0' }, 'senders';
is_deeply $by->{network}, { '192.0.2.0/24' => '3 0', '198.51.100.0/24' => '2 1',
	'2001:db8::/64' => '1 0' }, 'networks';
is_deeply $by->{direction}, { inbound => '6 1' }, 'directions';
is $by->{finding}{RELAY_DENIED}, '1 1', 'findings' or diag explain $by->{finding};
is_deeply [sort keys %{ counts('--limit', 1)->{sender} }], ['a@example.net'],
	'the most frequent only';
is_deeply [values %{ counts('--from', 'b@example.net')->{day} }], ['2 1'],
	'of what is chosen';
is_deeply counts('--until', '2020-01-01'), {}, 'of a time';

my ($status, $out, $err) = $daemon->reevectl('records', 'stats');
like $out, qr/^sender +messages +refused/m, 'tables for people';
like $out, qr/^a\@example\.net +3 +0/m, 'with rows';
($status, $out, $err) = $daemon->reevectl('records', 'stats', '--csv');
is $status, 64, 'what is only for a search';

done_testing;
