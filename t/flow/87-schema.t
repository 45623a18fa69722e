# Files of other versions: a state directory of each released one is kept
# in t/data and must stay readable; what a newer program wrote is refused
# with a clear text.
#
# That of this version is made by
# MAILREEVE_KEEP_STATE=t/data/state-VERSION.tar.xz.

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my ($uid, $gid) = $> == 0 ? (getpwnam Sandbox::user())[2, 3] : ($>, $) + 0);

sub send_some
{
	my ($daemon, $count, $name) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	$mta->message(queue_id => "$name$_", from => "<$name$_\@example.net>")
		for 1 .. $count;
	$mta->quit;
	$daemon->records(1, '--queue-id', "$name$count");
}

# What each of them has: a sealed day and an open one, a list, a hold, an audit.
sub make
{
	my $daemon = $box->daemon(name => 'made', relay => { domains => ['example.org'] });
	my $state = $daemon->state;
	send_some($daemon, 20, 'old');
	$daemon->stop;
	my $day = POSIX::strftime('%Y-%m-%d', gmtime(time - 86400));
	rename glob("$state/records/*.mdb"), "$state/records/$day.mdb" or die "$!\n";
	unlink glob "$state/records/*-lock";
	$daemon->start;
	send_some($daemon, 5, 'new');
	$daemon->reevectl('list', 'add', 'block', 'sender', 'bad@example.net');
	$daemon->reevectl('records', 'hold', 'add', 'kept');
	ok $box->wait_for(sub { -e "$state/records/$day.seal" }), 'a day is sealed';
	$daemon->stop;
	unlink "$state/status.json", "$state/mailreeve.pid",
		glob("$state/*-lock"), glob("$state/records/*lock");
	return $state;
}

# A daemon and reevectl for a state directory that is there.
sub unpack_state
{
	my ($file) = @_;
	my ($name) = $file =~ m{([^/]+)\.tar\.xz$};
	my $state = $box->path("$name.state");
	mkdir $state, 0700;
	system('tar', '-xJf', $file, '-C', $state) == 0 or die "tar failed\n";
	system 'chown', '-R', "$uid:$gid", $state if $> == 0;
	return bless { box => $box, name => $name, state => $state,
		conf => $box->write_file("$name.conf", Sandbox::conf_text({
			state_dir => $state })) }, 'Sandbox::Daemon';
}

my $made = make();
if ($ENV{MAILREEVE_KEEP_STATE}) {
	system('tar', '--owner=0', '--group=0', '-cJf', $ENV{MAILREEVE_KEEP_STATE}, '-C',
		$made, '.') == 0 or die "tar failed\n";
}
my @kept = glob Sandbox::top() . '/t/data/state-*.tar.xz';
cmp_ok scalar @kept, '>', 0, 'states are kept';

for my $file (@kept) {
	my ($version) = $file =~ /state-([\d.]+)\.tar/;
	subtest "state of $version" => sub {
		plan skip_all => 'xz is not there' if system('xz --version >/dev/null 2>&1');
		my $old = unpack_state($file);
		my @found = $old->objects('records', 'search', '--limit', 0);
		is scalar(@found), 25, 'all records are found';
		is scalar($old->objects('records', 'search', '--from', 'old7@example.net')), 1,
			'one by its sender, in a sealed day';
		my ($status, $out) = $old->reevectl('records', 'verify');
		is $status, 0, 'they verify' or diag $out;
		is +($old->reevectl('audit', 'verify'))[0], 0, 'so does the audit';
		is scalar($old->objects('list', 'show', 'block')), 1, 'the list';
		is scalar($old->objects('records', 'hold', 'list')), 1, 'the hold';
		my $on = $box->daemon(name => "state-$version",
			relay => { domains => ['example.org'] });
		send_some($on, 3, 'more');
		is scalar($on->objects('records', 'search', '--limit', 0)), 28,
			'a daemon goes on from there';
		($status, $out) = $on->reevectl('records', 'verify');
		is $status, 0, 'and the chain, too' or diag $out;
		is $on->stop, 0, 'it ends well';
	};
}

# The version in a file, by the bytes around it; a sealed day's
# guide has its own.
sub set_version
{
	my ($file, $key, $from, $to) = @_;
	my $bytes = $box->read_file($file);
	my $old = $key . pack 'L', $from;
	my $count = $bytes =~ s/\Q$old\E/$key . pack 'L', $to/ge;
	my $guide = $to == 9 ? 9 : 1;
	$bytes =~ s/MRguide.\z/'MRguide' . chr $guide/es;
	cmp_ok $count, '>', 0, "$file is of version $to";
	open my $fh, '+<:raw', $file or die "$file: $!\n";
	print {$fh} $bytes;
	close $fh or die "$file: $!\n";
}

my $text = 'written by a newer Mailreeve \(version 9 of its form, this one, [\d.]+, ' .
	'knows up to %d\): install that Mailreeve again, or restore a back-up';

sub refuses
{
	my ($what, $known, $command, $status) = @_;
	my $wanted = sprintf $text, $known;
	my ($got, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c',
		$box->path('made.conf'), @$command);
	is $got, $status, "$what: reevectl @$command refuses it";
	my $tail = $what =~ s{.*/}{}r;
	like "$out$err", qr/\Q$tail\E: $wanted/, 'and says why';
}

sub daemon_refuses
{
	my ($what, $known) = @_;
	my $started = eval { $box->daemon(name => 'made') };
	ok !$started, "$what: the daemon does not start";
	like $@, qr/start_failed .*\Q$what\E: @{[sprintf $text, $known]}/, 'and says why';
}

my ($day) = grep { !-e s/mdb$/seal/r } glob "$made/records/*.mdb";
set_version($day, 'meta', 1, 9);
refuses($day, 2, ['records', 'search'], 65);
refuses($day, 2, ['records', 'verify'], 65);
refuses($day, 2, ['backup', $box->path('backups')], 65)
	if mkdir($box->path('backups')) && chown $uid, $gid, $box->path('backups');
daemon_refuses($day, 2);
set_version($day, 'meta', 9, 1);
(my $sealed) = grep { -e s/mdb$/seal/r } glob "$made/records/*.mdb";
my $bytes = $box->read_file($sealed);
set_version($sealed, 'meta', 2, 9);
refuses($sealed, 2, ['records', 'search', '--limit', 0], 65);
set_version($sealed, 'meta', 9, 2);
is $box->read_file($sealed), $bytes, 'put right';
set_version("$made/state.mdb", 'version', 1, 9);
refuses("$made/state.mdb", 1, ['list', 'show', 'block'], 65);
refuses("$made/state.mdb", 1, ['records', 'search'], 69);
daemon_refuses("$made/state.mdb", 1);
set_version("$made/state.mdb", 'version', 9, 1);
my $again = $box->daemon(name => 'made', relay => { domains => ['example.org'] });
is scalar($again->objects('records', 'search', '--limit', 0)), 25,
	'nothing was harmed by it';
is $again->stop, 0, 'it ends well';

done_testing;
