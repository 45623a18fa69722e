# A clock that was ahead and is set back: records go on, it is told,
# and they are found.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-03-09T12:00:00Z');
my $daemon = $box->daemon(relay => { domains => ['example.org'] });

sub send_mail
{
	my ($id) = @_;
	my $mta = Milter::Client->new($daemon->socket);

	is $mta->message(queue_id => $id)->{cmd}, 'c', "$id is taken";
	$mta->quit;
}

sub status { decode_json(($daemon->reevectl('--json', 'status'))[1])->{records} }
sub ids
{
	return join ' ', map { $_->{queue_id} } $daemon->objects('records', 'search',
		@_);
}

send_mail('QRIGHT');
$clock->set('2026-03-20T12:00:00Z');
send_mail('QAHEAD');
ok !status()->{ahead_day}, 'nobody knows that it is wrong';
$clock->set('2026-03-09T13:00:00Z');
send_mail('QBACK');
like $daemon->log, qr/ error clock_behind records_go_to=2026-03-20 /, 'the log tells';
ok $box->wait_for(10, sub { (status()->{ahead_day} // '') eq '2026-03-20' }),
	'and the status';
like +($daemon->reevectl('status'))[1], qr/^records go to +2026-03-20, a day to come/m,
	'in words';
is ids('--until', '2026-03-10T00:00:00Z'), 'QBACK QRIGHT', 'found by its time';
is ids('--since', '2026-03-09T12:30:00Z', '--until', '2026-03-09T13:30:00Z'), 'QBACK',
	'to the minute';
is ids('--since', '2026-03-20T00:00:00Z'), 'QAHEAD', 'as is the other';
is +($daemon->reevectl('records', 'verify'))[0], 0, 'all in order';
is $daemon->stop, 0, 'it ends';
$daemon->start;
send_mail('QAGAIN');
ok $box->wait_for(10, sub { (status()->{ahead_day} // '') eq '2026-03-20' }),
	'it is told of a new start, too';
$clock->set('2026-03-20T14:00:00Z');
ok $box->wait_for(10, sub { $daemon->log =~ / clock_caught_up day=2026-03-20/ }),
	'until the clock gets there';
send_mail('QTHERE');
is ids('--limit', 0), 'QTHERE QAGAIN QBACK QAHEAD QRIGHT', 'none was lost';
is +($daemon->reevectl('records', 'verify'))[0], 0, 'and the order holds';
is $daemon->stop, 0, 'it ends well';

done_testing;
