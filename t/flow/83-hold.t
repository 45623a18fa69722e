# Days on hold stay whatever their term; others go, and the
# chain tells both apart.

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $state = $box->path('held.state');
my $daemon;

sub day { POSIX::strftime('%Y-%m-%d', gmtime(time - $_[0] * 86400)) }
sub file { "$state/records/" . day($_[0]) . '.mdb' }

# A daemon of that day, in which a message comes.
sub run_day
{
	my ($ago) = @_;
	$daemon = $box->daemon(name => 'held', relay => { domains => ['example.org'] });
	my $mta = Milter::Client->new($daemon->socket);
	$mta->message(queue_id => "Q$ago");
	$mta->quit;
	$daemon->records(1, '--queue-id', "Q$ago");
	ok $box->wait_for(10, sub { !-e file(64) }), 'what is past its term goes'
		unless $ago;
	$daemon->stop;
	rename file(0), file($ago) or die "$!\n" if $ago;
	unlink file(0) . '-lock' if $ago;
}

sub hold { $daemon->reevectl('records', 'hold', @_) }

run_day(70);
my ($status, $out, $err) = hold('add', 'case-7', '--since', day(71), '--until',
	day(69), '--reason', 'the court asks');
is $status, 0, 'a hold' or diag $err;
is +(hold('add', 'case-7'))[0], 65, 'not twice';
is +(hold('add', 'case-8', '--since', day(1), '--until', day(2)))[0], 64,
	'since is behind until';
is +(hold('add', 'case-8', '--since', 'never'))[0], 64, 'what is no day';
is +(hold('add', 'x' x 101))[0], 65, 'a long name';
is +(hold('add'))[0], 64, 'no name';
($status, $out) = $daemon->reevectl('records', 'hold', 'list', '--json');
my $hold = decode_json($out);
is_deeply [@$hold{qw(name since until reason)}],
	['case-7', day(71), day(69), 'the court asks'], 'it is listed';
like +(hold('list'))[1], qr/^case-7 +\d{4}-\d\d-\d\d/m, 'for people, too';

run_day(64);
ok -e file(70), 'a day on hold stays';
run_day(5);
run_day(3);
run_day(0);
ok -e file(70), 'it still does';
($status, $out) = $daemon->reevectl('records', 'verify');
is $status, 0, 'what expired behind it is no breach' or diag $out;
unlink file(3);
($status, $out) = $daemon->reevectl('records', 'verify');
is $status, 65, 'a day within its term that is gone is one';
($status, $out) = $daemon->reevectl('--json', 'status');
my $records = decode_json($out)->{records};
is_deeply [@$records{qw(days days_on_hold oldest expires)}],
	[3, 1, day(70), day(5)], 'the status tells what is kept, and what goes next';
my ($year, $month, $mday) = split /-/, day(5 - 61);
is POSIX::strftime('%Y-%m-%d', gmtime($records->{expires_us} / 1e6)),
	"$year-$month-$mday", 'and when';
cmp_ok $records->{bytes}, '>', $records->{newest_bytes}, 'what they take';
cmp_ok $records->{disk_bytes}, '>', $records->{disk_free_bytes}, 'of what disk';
like +($daemon->reevectl('status'))[1],
	qr/^records on disk +3 days since \d{4}-.* 1 on hold; /m, 'in words';
is +(hold('add', 'person', '--from', 'a@example.net', '--since', day(5)))[0], 0,
	'a hold of a person';
($status, $out) = $daemon->reevectl('--json', 'status');
$records = decode_json($out)->{records};
is_deeply [@$records{qw(days_on_hold days_partly_on_hold expires)}], [1, 2, day(5)],
	'keeps no day, and is told apart';
is_deeply $records->{bad_days}, [], 'no day is damaged';
like +($daemon->reevectl('status'))[1], qr/ 1 on hold, 2 in part; /, 'in words';
my @listed = $daemon->objects('records', 'days');
is_deeply [map { $_->{held_in_part} ? 1 : 0 } @listed], [0, 1, 1], 'so do the days';
ok $listed[1]{expires_us} && !$listed[0]{expires_us}, 'and when they go';
like +($daemon->reevectl('records', 'days'))[1], qr/ person \(in part\)/, 'by name';
is +(hold('release', 'person'))[0], 0, 'it is released';
is +(hold('release', 'case-9'))[0], 65, 'no such hold';
is +(hold('release', 'case-7'))[0], 0, 'released';
$daemon = $box->daemon(name => 'held', relay => { domains => ['example.org'] });
ok $box->wait_for(10, sub { !-e file(70) }), 'then it goes';
$daemon->stop;
my @actions = map { decode_json($_) }
	split /\n/, ($daemon->reevectl('audit', 'list', '--json'))[1];
is scalar(grep { $_->{action} eq 'records hold release' } @actions), 3,
	'releases are written down';

done_testing;
