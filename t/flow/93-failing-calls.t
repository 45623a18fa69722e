# A disk that fails: mail is deferred, what was accepted stays, and service
# comes back by itself when the fault is over. See 91-store.t.

use strict;
use warnings;

use Errno qw(EIO ENOSPC);
use POSIX ();
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $control = $box->path('faults');
my $library = $box->path('faults.so');
my $sender = 0;
my %accepted;			# by daemon: queue id -> 1

plan skip_all => 'no C compiler here' if system(
	"cc -O1 -w -shared -fPIC -o $library " . Sandbox::top() .
	'/t/lib/faults.c -ldl 2>/dev/null') != 0;

# A sanitizer's library must be the first.
my ($sanitizer) = `ldd $Sandbox::BUILD/mailreeve` =~ m{=> (\S*lib[at]san\S*)};
my $preload = join ' ', grep { defined } $sanitizer, $library;

sub write_control
{
	my ($text) = @_;
	open my $fh, -e $control ? '+<' : '>', $control
		or die "$control: $!\n";
	syswrite $fh, pack 'a256', $text;
	close $fh or die "$control: $!\n";
}

sub fail_calls
{
	my ($number, $calls, $every, $when, $part) = @_;
	write_control(join ' ', $number, $every // 1, $when // 'before', $calls,
		$part // '/');
}

sub be_well { write_control('') }
sub failed_calls { unpack 'Q', substr $box->read_file($control), 256, 8 }

$box->write_file($control, "\0" x 264);
chmod 0666, $control;

# The daemon, and with it all that it starts, on the failing disk.
sub faulty_daemon
{
	my ($name, %settings) = @_;
	my $state = $settings{state_dir} // $box->path("$name.state");
	my $program = $box->write_file("$name.sh", <<"END");
#!/bin/sh
FAULTS_CONTROL=$control FAULTS_DIR=$state LD_PRELOAD="$preload"
export FAULTS_CONTROL FAULTS_DIR LD_PRELOAD
exec $Sandbox::BUILD/mailreeve "\$@"
END
	chmod 0755, $program;
	local $Sandbox::PROGRAM = $program;
	return $box->daemon(name => $name, bulk => { snapshot => '1s' },
		relay => { domains => ['example.org'] }, %settings);
}

sub start_again
{
	my ($daemon) = @_;
	local $Sandbox::PROGRAM = $box->path("$daemon->{name}.sh");
	return $daemon->start;
}

# reevectl on the failing disk.
sub faulty_reevectl
{
	my ($daemon, @args) = @_;
	local @ENV{qw(FAULTS_CONTROL FAULTS_DIR LD_PRELOAD)} =
		($control, $daemon->state, $preload);
	return $daemon->reevectl(@args);
}

# "accepted", or the text of the refusal.
sub send_one
{
	my ($daemon, %m) = @_;
	my $id = 'Q' . ++$sender;
	my $mta = Milter::Client->new($daemon->socket);
	my $r = $mta->message(queue_id => $id, from => "<$id\@example.net>",
		%m);
	$mta->quit;
	$accepted{ $daemon->{name} }{$id} = 1 if $r->{cmd} eq 'c';
	return $r->{cmd} eq 'c' ? 'accepted' :
		$r->{cmd} eq 'none' ? $r->{rcpts}[0]{text} : $r->{text};
}

sub takes_mail
{
	my ($daemon) = @_;
	return $box->wait_for(10, sub { send_one($daemon) eq 'accepted' });
}

# Verifies, and compares what was accepted with what is recorded.
sub check_records
{
	my ($daemon, $what) = @_;
	my %count;

	$count{ $_->{queue_id} // '' }++ for $daemon->objects('records',
		'search', '--limit', 0, '--verdict', 'accept');
	is_deeply [map { $_ . ': ' . ($count{$_} // 0) } grep {
		($count{$_} // 0) != 1 } sort keys %{ $accepted{ $daemon->{name} } }], [],
		"$what: all that was accepted is recorded, once";
	my ($status, $out, $err) = $daemon->reevectl('records', 'verify');
	is $status, 0, "$what: the records verify" or diag "$out$err";
}

my $daemon = faulty_daemon('disk');
plan skip_all => 'a library cannot be put in front here'
	unless $box->read_file('/proc/' . $daemon->pid . '/maps') =~ /faults\.so/;

subtest 'records' => sub {
	ok takes_mail($daemon), 'it is well';
	my $number = 0;
	for ([EIO, 'pwrite,write,writev'], [ENOSPC, 'pwrite,write,writev'],
		[EIO, 'pwrite', 1, 'after'], [EIO, 'head'],
		[EIO, 'head', 1, 'after'], [EIO, 'head', 3, 'after'],
		[EIO, 'fdatasync,fsync,msync'],
		[EIO, 'fdatasync', 1, 'after'],
		[EIO, 'head,pwrite,write,writev,fdatasync', 3],
		[ENOSPC, 'head,pwrite,write,writev,fdatasync', 2, 'after']) {
		my ($error, $calls, $every, $when) = @$_;
		my $name = join ' ', ++$number, $! = $error, $calls,
			'of', $every // 1, $when // 'before';
		my $before = failed_calls();
		fail_calls(@$_);
		my @replies = map { send_one($daemon) } 1 .. 8;
		cmp_ok failed_calls(), '>', $before, "$name: it failed";
		my @other = grep { !/^(?:accepted|451 4\.3\.0 )/ } @replies;
		is "@other", '', "$name: deferred, or accepted";
		isnt "@replies", 'accepted ' x 7 . 'accepted',
			"$name: deferred" if ($every // 1) == 1;
		be_well();
		ok takes_mail($daemon), "$name: and accepted when it is over";
	}
	my $failed = () = $daemon->log =~ /store_failed why="[^"]*\.mdb: /g;
	my $well = () = $daemon->log =~ /store_recovered/g;
	cmp_ok $failed, '>=', 5, 'the log names the file each time';
	is $well, $failed, 'and that it is over';
	check_records($daemon, 'after faults');
};

subtest 'a day that cannot begin' => sub {
	is $daemon->stop, 0, 'it ends well';
	my $again = faulty_daemon('first');
	$again->stop;
	unlink glob $again->state . '/records/*.mdb*';
	for my $calls ('rename', 'fsync') {
		fail_calls(EIO, $calls);
		start_again($again);
		like send_one($again), qr/^451 4\.3\.0 /, "$calls: deferred";
		be_well();
		ok takes_mail($again), "$calls: and accepted";
		check_records($again, $calls);
		$again->stop;
		unlink glob $again->state . '/records/*.mdb*';
		delete $accepted{first};
	}
	start_again($daemon);
};

sub saved_us
{
	my ($daemon) = @_;
	my ($saved) = $box->read_file($daemon->state . '/status.json') =~
		/"saved_us":\s*(\d+)/;
	return $saved // 0;
}

subtest 'state.mdb' => sub {
	my @add = qw(list add block address 203.0.113.9 --reason r);
	for (['pwrite,write,writev', 'before'], ['head', 'before'],
		['head', 'after'], ['fdatasync', 'before']) {
		my ($calls, $when) = @$_;
		fail_calls(EIO, $calls, 1, $when);
		my ($status, $out, $err) = faulty_reevectl($daemon, @add);
		is $status, 75, "$calls: reevectl says try again";
		like $err, qr/state\.mdb: Input\/output error/,
			'and why';
		be_well();
	}
	is +(faulty_reevectl($daemon, @add))[0], 0, 'then it adds';

	# The housekeeper's own writes, with counts that changed.
	my $told = () = $daemon->log =~ /counts_not_saved/g;
	fail_calls(EIO, 'head');
	ok $box->wait_for(10, sub {
		send_one($daemon);
		my $now = () = $daemon->log =~ /counts_not_saved/g;
		return $now > $told + 1;
	}), 'counts are not saved, which is told';
	ok $daemon->log =~ m{counts_not_saved why="\S*/state\.mdb: Input/out},
		'with the file and the reason';
	ok $daemon->log !~ /MDB_PANIC/, 'and the disk is asked each time';
	be_well();
	ok takes_mail($daemon), 'it is over';
	like send_one($daemon, addr => '203.0.113.9'),
		qr/^[45]\d\d /, 'lists are read as before';
	my $until = saved_us($daemon);
	ok $box->wait_for(10, sub {
		send_one($daemon);
		return saved_us($daemon) > $until;
	}), 'and counts are saved';
	check_records($daemon, 'after those of the state');
};

subtest 'a limit of the file size' => sub {
	check_records($daemon, 'before');
	my ($most) = sort { $b <=> $a } map { -s }
		glob($daemon->state . '/*.mdb'),
		glob($daemon->state . '/records/*.mdb'), $box->path('disk.err');
	my $old = length $daemon->log;
	write_control('limit ' . ($most + 65536));
	my $last = '';
	for (1 .. 400) {
		$last = send_one($daemon, from => '<' . 'f' x 60 .
			"$_\@example.net>");
		last if $last ne 'accepted';
	}
	like $last, qr/^451 4\.3\.0 /, 'deferred';
	like send_one($daemon), qr/^451 4\.3\.0 /, 'again';
	# A write that is done in part is an I/O error to LMDB.
	like substr($daemon->log, $old) =~ /(store_failed .*)/ ? $1 : '',
		qr{ why="\S+\.mdb: (?:File too large|Input/output error)"},
		'the log says why';
	write_control('limit -1');
	ok takes_mail($daemon), 'without the limit: accepted';
	be_well();
	check_records($daemon, 'after the limit');
};

subtest 'a full disk, and a list' => sub {
	my $mount = $box->path('small');
	mkdir $mount;
	plan skip_all => 'a tmpfs cannot be mounted here' if $> != 0 ||
		system("mount -t tmpfs -o size=4m,mode=0700 none $mount " .
		'2>/dev/null') != 0;
	chown +(getpwnam Sandbox::user())[2, 3], $mount;
	my $full = faulty_daemon('full', state_dir => $mount);
	my @add = qw(list add block sender);
	is +($full->reevectl(@add, 'a@example.net'))[0], 0, 'room: it adds';
	system "dd if=/dev/zero of=$mount/filler bs=4k 2>/dev/null";
	my ($status, $err);
	for (1 .. 200) {
		($status, undef, $err) = $full->reevectl(@add,
			"b$_\@example.net", '--reason', 'x' x 200);
		last if $status;
	}
	is $status, 75, 'no room: try again';
	like $err, qr/state\.mdb: No space left on device/, 'and why';
	unlink "$mount/filler";
	is +($full->reevectl(@add, 'c@example.net'))[0], 0, 'room: it adds';
	like send_one($full, from => '<a@example.net>'), qr/^[45]\d\d /,
		'which the daemon sees';
	ok takes_mail($full), 'and takes other mail';
	check_records($full, 'on a small disk');
	is $full->stop, 0, 'it ends well';
	system "umount $mount";
};

# Today's file under yesterday's name: then the daemon seals it at its start.
sub yesterday
{
	my ($state, $days) = @_;
	return "$state/records/" . POSIX::strftime('%Y-%m-%d',
		gmtime(time - 86400 * ($days // 1)));
}

sub move_day
{
	my ($state, $to) = @_;
	my ($today) = sort grep { !-e s/mdb$/seal/r }
		glob "$state/records/*.mdb";
	rename $today, "$to.mdb" or die "$today: $!\n";
	unlink "$today-lock";
}

# Starts while calls fail, and ends when the log has the line.
sub start_failing
{
	my ($daemon, $pattern, @fault) = @_;
	my $old = length $daemon->log;
	@fault ? fail_calls(@fault) : be_well();
	start_again($daemon);
	ok $box->wait_for(10, sub {
		substr($daemon->log, $old) =~ $pattern
	}), "@fault: $pattern" or diag substr $daemon->log, $old;
	$daemon->stop;
}

subtest 'a day that is sealed' => sub {
	$daemon->stop;
	my $day = yesterday($daemon->state);
	move_day($daemon->state, $day);
	for ([EIO, 'head', 1, 'before', '.mdb.sealing'],
		[ENOSPC, 'pwrite,write,writev', 1, 'before', '.mdb.sealing'],
		[EIO, 'fdatasync', 1, 'after', '.mdb.sealing'],
		[ENOSPC, 'write', 1, 'before', '.seal.sealing'],
		[EIO, 'rename', 1, 'before', '.seal.sealing'],
		[EIO, 'fsync,unlink', 1, 'before', '.sealing']) {
		start_failing($daemon, qr/day_not_sealed .*why="[^"]+"/, @$_);
		be_well();
		ok !-e "$day.seal", 'it is not sealed';
		is +($daemon->reevectl('records', 'verify'))[0], 0,
			"@$_: whole in between";
	}
	# What could not be removed, and what has its seal but not its name.
	start_failing($daemon, qr/day_not_sealed /, EIO, 'fsync,unlink', 1,
		'before', '.sealing');
	ok -s "$day.mdb.sealing", 'a file that cannot be removed';
	start_failing($daemon, qr{day_not_sealed .*why="\S*\.mdb\.sealing: Inp},
		EIO, 'unlink', 1, 'before', '.sealing');
	start_failing($daemon, qr/day_not_sealed /, EIO, 'rename', 1, 'before',
		'.mdb.sealing');
	ok -s "$day.seal.sealing" && !-e "$day.seal", 'a seal without a day';
	be_well();
	start_again($daemon);
	ok $box->wait_for(10, sub { -s "$day.seal" }),
		'sealed by the next start';
	$daemon->stop;
	is_deeply [glob $daemon->state . '/records/*.sealing*'], [],
		'and nothing half is left';
	start_again($daemon);
	check_records($daemon, 'sealed');
	$daemon->stop;
};

subtest 'days that expire' => sub {
	my $state = $daemon->state;
	my $old = yesterday($state, 100);
	my $day = yesterday($state);
	my $recent = yesterday($state, 3);
	system('cp', '-p', "$day.mdb", "$old.mdb") == 0 or die "cp: $?\n";
	start_failing($daemon, qr/clock_leapt /);
	be_well();
	ok -e "$old.mdb", 'nothing goes by a clock that may be wrong';
	system('cp', '-p', "$day.mdb", "$recent.mdb") == 0 or die "cp: $?\n";
	start_failing($daemon, qr/expiry_failed why="\S+: Input/, EIO,
		'unlink', 1, 'before', '/records/');
	be_well();
	ok -e "$old.mdb", 'it is still there';
	ok $daemon->log !~ /records_expired/, 'and not said to be gone';
	start_failing($daemon, qr/records_expired days=1/);
	ok !-e "$old.mdb", 'gone by the next start';
	$daemon->stop;
	unlink "$recent.mdb";
	start_again($daemon);
	check_records($daemon, 'after the expiry');
	is $daemon->stop, 0, 'it ends well';
	ok $daemon->log !~ / bug |Sanitizer/, 'without a mistake of ours';
};

done_testing;
