# Each look at records is written down, before anything is shown.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;

sub asked
{
	my ($daemon) = @_;
	my ($status, $out) = $daemon->reevectl('audit', 'list', '--json');
	is $status, 0, 'the list';
	return map { decode_json($_) } split /\n/, $out;
}

my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $mta = Milter::Client->new($daemon->socket);
$mta->message(queue_id => 'Q1', from => '<ann@example.net>');
$mta->quit;
my ($record) = $daemon->records(1);
my $before = () = asked($daemon);

$daemon->reevectl('records', 'search', '--from', 'ann@example.net', '--reason',
	'case 7');
$daemon->reevectl('records', 'show', '--reason', ' a complaint ', $record->{id});
$daemon->reevectl('records', 'stats');
$daemon->reevectl('records', 'search', '--nonsense');
my @all = asked($daemon);
my @new = @all[$before .. $#all];
is scalar @new, 3, 'three looks, and no entry for what was none';
is_deeply [map { $_->{action} } @new],
	['records search', 'records show', 'records stats'], 'what was done';
is_deeply [map { $_->{reason} } @new], ['case 7', 'a complaint', ''], 'what for';
like $new[0]{subject}, qr/--from ann\@example\.net/, 'with which options';
is $new[1]{subject}, $record->{id}, 'which record';
ok !(grep { $_->{operator} !~ /\S/ } @new), 'by whom';
cmp_ok abs($new[2]{when_us} / 1e6 - time), '<', 60, 'when';
like +($daemon->reevectl('audit', 'list'))[1], qr/records show +a complaint/,
	'a table for people';
my ($status, $out, $err) = $daemon->reevectl('audit', 'verify');
is $status, 0, 'it is whole';
like $out, qr/\A\d+ entries: all there, unchanged\n\z/, 'in words';
$daemon->stop;

$daemon = $box->daemon(name => 'strict', relay => { domains => ['example.org'] },
	records => { reason => 'required' });
for (['search'], ['stats'], ['show', $record->{id}], ['follow', '-n', 1],
	['search', '--reason', ' ']) {
	($status, $out, $err) = $daemon->reevectl('records', @$_);
	is $status, 64, "@$_: without a reason";
	is $out, '', 'nothing is shown';
	like $err, qr/--reason TEXT \(records\.reason asks for it\)/, 'it says why';
}
is +($daemon->reevectl('records', 'search', '--reason', 'x'))[0], 0, 'with one';
$daemon->stop;

SKIP: {
	skip 'a tmpfs cannot be mounted here', 3 unless $> == 0;
	my $mount = $box->path('small');
	mkdir $mount;
	skip 'a tmpfs cannot be mounted here', 3 unless system('mount -t tmpfs -o ' .
		"size=6m,mode=0700 none $mount 2>/dev/null") == 0;
	chown +(getpwnam Sandbox::user())[2, 3], $mount;
	$daemon = $box->daemon(name => 'full', state_dir => $mount,
		relay => { domains => ['example.org'] });
	$mta = Milter::Client->new($daemon->socket);
	$mta->message(queue_id => 'Q1');
	$mta->quit;
	$daemon->records(1);
	system "dd if=/dev/zero of=$mount/filler bs=4k 2>/dev/null";
	my $shown = 0;
	for (1 .. 200) {
		($status, $out, $err) = $daemon->reevectl('records', 'search',
			'--reason', 'y' x 1900);
		last if $status;
		$shown++;
	}
	is $status, 69, "a full disk, after $shown more";
	is $out, '', 'nothing is shown';
	like $err, qr/written down first, and that is not possible/, 'it says why';
	$daemon->stop;
	system 'umount', $mount;
}

done_testing;
