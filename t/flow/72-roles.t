# Operators who come through sudo: what a viewer, one of the desk and an admin
# may, by their Unix groups; what is refused is in the audit. The groups are
# some that every system has.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Milter::Client;
use Sandbox;

plan skip_all => 'only root can be somebody else' if $> != 0;
my %person = (viewer => 'games', desk => 'man', admin => 'lp', stranger => 'news');
for my $name (values %person) {
	my @user = getpwnam $name;
	plan skip_all => "no user $name with a group of that name" unless @user &&
		($user[3] // -1) == (getgrnam $name // -2);
}

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	evidence => { sendmail => '/bin/true' }, operators => {
	viewers => $person{viewer}, desk => $person{desk},
	admins => $person{admin} });
chmod 0644, $daemon->conf;
my $mta = Milter::Client->new($daemon->socket);
$mta->message;
$mta->quit;
my $id = ($daemon->records(1))[0]{id};

# As sudo -u starts it.
sub reevectl_as
{
	my ($who, @words) = @_;
	my ($uid, $gid) = (getpwnam $box->user)[2, 3];
	my $command = join ' ', map { "'$_'" } "$Sandbox::BUILD/reevectl", '-c',
		$daemon->conf, @words;
	local $ENV{SUDO_UID} = getpwnam $person{$who};

	return $box->run('perl', '-e', '$) = "$ARGV[1] $ARGV[1]"; $( = $ARGV[1];' .
		'$< = $> = $ARGV[0]; exec "/bin/sh", "-c", $ARGV[2]', $uid, $gid,
		$command);
}

my %least = (viewer => 1, desk => 2, admin => 3);
my %rank = (stranger => 0, %least);
for (['viewer', 'records', 'search'], ['viewer', 'records', 'verify'],
	['viewer', 'list', 'show', 'block'], ['viewer', 'audit', 'list'],
	['desk', 'list', 'add', 'block', 'account', 'joe'],
	['desk', 'records', 'hold', 'add', 'case', '--account', 'joe'],
	['viewer', 'report', 'monthly'], ['viewer', 'report', 'users'],
	['viewer', 'report', 'abuse', $id],
	['desk', 'report', 'abuse', '--to', 'abuse@far.example', $id],
	['admin', 'records', 'hold', 'release', 'case'],
	['admin', 'records', 'erase', '--account', 'joe', '--reason', 'his wish']) {
	my ($least, @words) = @$_;
	for my $who (qw(stranger viewer desk admin)) {
		next if $rank{$who} > $rank{$least};	# done once is enough
		my ($status, $out, $err) = reevectl_as($who, @words);
		if ($rank{$who} < $rank{$least}) {
			is $status, 77, "$who: @words";
			like $err, qr/$person{$who} has the role \w+, and this takes $least/,
				'it says why';
		} else {
			is $status, 0, "$who may: @words" or diag $err;
		}
	}
}
my ($status, $out, $err) = $daemon->reevectl('--json', 'audit', 'list',
	'--operator', $person{viewer});
my @all = map { decode_json($_) } split /\n/, $out;
is_deeply [map { $_->{subject} } grep { $_->{action} eq 'refused' } @all],
	['list add', 'records hold add', 'report abuse --to', 'records hold release',
	'records erase'],
	'what was refused is written down';
is scalar(grep { $_->{operator} ne $person{viewer} } @all), 0,
	'audit of one operator';
is +($daemon->reevectl('audit', 'list', '--since', 'when'))[0], 64, 'no time';
is +($daemon->reevectl('audit', 'verify'))[0], 0, 'the audit is whole';

# Other settings would name other groups.
my $mine = $box->write_file('mine.conf', $box->read_file($daemon->conf) =~
	s/"$person{admin}"/"$person{viewer}"/r);
chown scalar(getpwnam $person{viewer}), -1, $mine or die "$mine: $!\n";
{
	my $conf = $daemon->{conf};
	$daemon->{conf} = $mine;
	($status, $out, $err) = reevectl_as('viewer', 'records', 'erase',
		'--account', 'joe', '--reason', 'x');
	is $status, 77, 'settings of his own';
	like $err, qr/only settings that belong to root/, 'it says so';
	$daemon->{conf} = $conf;
}
is $daemon->stop, 0, 'it ends well';

# Where the groups are not there, all may do all.
$daemon->configure(operators => { viewers => 'no-such-1', desk => 'no-such-2',
	admins => 'no-such-3' });
chmod 0644, $daemon->conf;
is +(reevectl_as('stranger', 'list', 'add', 'block', 'account', 'ann'))[0], 0,
	'without groups there are no roles';

done_testing;
