# Back-ups that are made while mail flows, and what comes back from them.

use strict;
use warnings;

use File::Path qw(make_path remove_tree);
use JSON::PP;
use POSIX ();
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my ($uid, $gid) = $> == 0 ? (getpwnam Sandbox::user())[2, 3] : ($>, $) + 0);
my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $state = $daemon->state;
my $dir = folder('backups');

# A folder of the daemon's user.
sub folder
{
	my ($name, $mode) = @_;
	my $path = $name =~ m{^/} ? $name : $box->path($name);
	make_path($path, { mode => $mode // 0700 });
	chown $uid, $gid, $path;
	return $path;
}

sub put
{
	my ($name, $text) = @_;
	my $path = $name;
	while ($path =~ s{/[^/]*\z}{} && length $path > length $state) {
		last if -d $path;
	}
	make_path($name =~ s{/[^/]*\z}{}r);
	$box->write_file($name, $text);
	system 'chown', '-R', "$uid:$gid", $state if $> == 0;
	return $name;
}

sub send_some
{
	my ($count, $name) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	$mta->message(queue_id => "$name$_") for 1 .. $count;
	$mta->quit;
	$daemon->records(1, '--queue-id', "$name$count");
}

sub ctl { $daemon->reevectl(@_) }
sub backup { ctl('backup', @_) }
sub made
{
	my ($status, $out, $err) = backup('--json', @_);
	is $status, 0, 'a back-up' or diag $err;
	return decode_json($out);
}

sub verify { ctl('backup', 'verify', @_) }
sub names
{
	my @names = grep { !m{/lock\z} } glob "$_[0]/*";
	return @names;
}
sub ino { (stat $_[0])[1] }
sub day { POSIX::strftime('%Y-%m-%d', gmtime(time - $_[0] * 86400)) }

# All records of a folder, by queue id: how often each is there.
sub found
{
	my ($in) = @_;
	my ($status, $out, $err) = ctl('records', 'search', '--limit', 0,
		'--json', '--state-dir', $in);
	is $status, 0, 'it can be searched' or diag $err;
	my %count;
	$count{ decode_json($_)->{queue_id} }++ for split /\n/, $out;
	return \%count;
}

# A day that is over: nothing is written to it any more.
send_some(5, 'old');
$daemon->stop;
my $old_day = "$state/records/" . day(1) . '.mdb';
rename glob("$state/records/*.mdb"), $old_day or die "$old_day: $!\n";
unlink glob "$state/records/*-lock";
my $long_ago = time - 1000;
my $original = 'evidence/2026/11/25/' . 'a' x 64 . '.eml.zst';
put("$state/$original", 'the original');
put("$state/patterns/cache", 'made anew');
my $open = made($dir);
is_deeply [grep { /seal$/ } glob "$open->{path}/records/*"], [], 'a day that is open';
$daemon->start;
send_some(3, 'new');
(my $old_seal = $old_day) =~ s/mdb$/seal/;
ok $box->wait_for(sub { -e $old_seal && !glob "$state/records/*.sealing" }),
	'it is sealed';
# What changed just now is copied again: it may change in the same moment.
utime $long_ago, $long_ago, $old_day, $old_seal, "$state/$original",
	glob "$state/seal.*";
my $first = made($dir);
my $one = $first->{path};
is_deeply [names($dir)], [$open->{path}, $one], 'it is there, and nothing else';
is $box->read_file("$one/records/" . day(1) . '.mdb'), $box->read_file($old_day),
	'the sealed day has taken the place of the open one';
my @have = map { s{^\./}{}r } split /\n/, `cd $one && find . -type f | sort`;
is_deeply \@have, [sort 'manifest', 'contacts', 'state.mdb', 'seal.key', 'seal.pub', $original,
	'records/' . day(1) . '.seal', map { "records/$_.mdb" } day(1), day(0)], 'what it has'
	or diag explain \@have;
is +(stat "$one/seal.key")[2] & 07777, 0400, 'a key stays a secret';
my ($status, $out, $err) = verify($dir);
is $status, 0, 'it verifies' or diag "$out$err";
like $out, qr/ files, records up to \d+: all there, unchanged\n\z/, 'in words';

# The next one.
send_some(3, 'newer');
my $second = made($dir);
my $two = $second->{path};
cmp_ok $second->{copied}, '<', $second->{files}, 'not all is copied';
for my $file ('records/' . day(1) . '.mdb', 'records/' . day(1) . '.seal', $original, 'seal.key') {
	is ino("$two/$file"), ino("$one/$file"), "$file is not copied again";
}
isnt ino("$two/records/" . day(0) . '.mdb'), ino("$one/records/" . day(0) . '.mdb'),
	'today is';
isnt ino("$two/$original"), ino("$state/$original"), 'nothing is shared with the state';
cmp_ok $second->{sequence}, '>', $first->{sequence}, 'it has what came meanwhile';
($status, $out, $err) = verify('--all', $dir);
is $status, 0, 'all verify' or diag "$out$err";
($status, $out) = ctl('backup', 'list', '--json', $dir);
is_deeply [map { decode_json($_)->{path} } split /\n/, $out], [$two, $one, $open->{path}], 'all are listed';
like +(ctl('backup', 'list', $dir))[1], qr/^\Q$second->{name}\E +\d+ /m, 'for people, too';

subtest 'while mail flows' => sub {
	my $log = $box->path('acknowledged');
	my $sender = fork // die "fork: $!\n";
	if (!$sender) {
		open my $fh, '>', $log;
		$fh->autoflush(1);
		my $mta = Milter::Client->new($daemon->socket);
		for (my $i = 1;; $i++) {
			my $result = $mta->message(queue_id => "L$i");
			print {$fh} "L$i\n" if $result->{cmd} eq 'c';
		}
	}
	my @acknowledged;
	my $all = sub { @acknowledged = split /\n/, $box->read_file($log) };
	for my $round (1 .. 3) {
		ok $box->wait_for(20, sub { $all->() > 50 * $round }), 'mail flows';
		my @before = grep { /^L\d+\z/ } $all->();
		my $made = made($dir);
		cmp_ok scalar(() = $all->()), '>=', scalar @before, 'and goes on';
		my $target = $box->path("loaded$round");
		($status, $out, $err) = ctl('restore', '--state-dir', $target,
			$made->{path});
		is $status, 0, 'it comes back' or diag $err;
		is +(ctl('records', 'verify', '--state-dir', $target))[0], 0,
			'and verifies';
		my $found = found($target);
		is_deeply [grep { ($found->{$_} // 0) != 1 } @before], [],
			'with all that was acknowledged, once: ' . @before;
		my ($id) = map { decode_json($_)->{id} } split /\n/, (ctl('records',
			'search', '--json', '--limit', 1, '--state-dir', $target))[1];
		is +(ctl('records', 'show', '--state-dir', $target, $id))[0], 0,
			'one is shown';
	}
	kill KILL => $sender;
	waitpid $sender, 0;
};

subtest 'restored' => sub {
	my $target = $box->path('restored.state');
	($status, $out, $err) = ctl('restore', '--state-dir', $target, $dir);
	is $status, 0, 'the newest comes back' or diag $err;
	my @facts = stat $target;
	is_deeply [$facts[2] & 07777, @facts[4, 5]], [0700, $uid, $gid], 'the owner';
	is_deeply [grep { my @f = stat $_; $f[4] != $uid || $f[2] & 077 }
		split /\n/, `find $target`], [], 'of all of it';
	is +(stat "$target/seal.key")[2] & 07777, 0400, 'a key';
	is $box->read_file("$target/$original"), 'the original', 'the evidence';
	my $again = $box->daemon(name => 'restored',
		relay => { domains => ['example.org'] });
	is $again->state, $target, 'a daemon runs on it';
	my $mta = Milter::Client->new($again->socket);
	is $mta->message(queue_id => 'after')->{cmd}, 'c', 'and takes mail';
	$mta->quit;
	$again->records(1, '--queue-id', 'after');
	is +($again->reevectl('records', 'verify'))[0], 0, 'its records go on from there';
	my @actions = map { "$_->{action} $_->{subject}" }
		$again->objects('audit', 'list');
	is_deeply [grep { $_ eq "restore $dir" } @actions], ["restore $dir"], 'written down';
	ok grep({ $_ eq "backup $dir" } @actions), 'and the back-up';
	is +($again->reevectl('audit', 'verify'))[0], 0, 'the audit is whole';
	($status, $out, $err) = $again->reevectl('restore', $dir);
	is $status, 65, 'not over what is there';
	like $err, qr/restored\.state is not empty: it has \S+/, 'it says so';
	$again->stop;
	my $empty = folder('empty');
	is +(ctl('restore', '--state-dir', $empty, $one))[0], 0, 'an older one, to an empty folder';
	is_deeply [sort keys %{ found($empty) }], [sort map({ "old$_" } 1 .. 5),
		map { "new$_" } 1 .. 3], 'with what there was';
};

subtest 'one day' => sub {
	my $target = $box->path('day');
	is +(ctl('restore', '--day', day(1), $dir))[0], 64, 'not to the live state';
	($status, $out, $err) = ctl('restore', '--day', day(1), '--state-dir', $target, $dir);
	is $status, 0, 'a day beside' or diag $err;
	is_deeply [sort keys %{ found($target) }], [map { "old$_" } 1 .. 5], 'its records';
	ok !-e "$target/state.mdb", 'alone';
	is +(ctl('records', 'verify', '--state-dir', $target))[0], 0, 'with its seal';
	is +(ctl('records', 'stats', '--state-dir', $target))[0], 0, 'they are counted';
	($status, $out, $err) = ctl('restore', '--day', '2020-01-01', '--state-dir',
		$box->path('none'), $dir);
	is $status, 65, 'a day that no back-up has';
	like $err, qr/no back-up has 2020-01-01/, 'it says so';
};

subtest 'damage' => sub {
	my $file = "$two/records/" . day(0) . '.mdb';
	my $bytes = $box->read_file($file);
	(my $changed = $bytes) =~ s/newer2/newerZ/ or die 'no such record';
	open my $fh, '>:raw', $file or die "$file: $!\n";
	print {$fh} $changed;
	close $fh;
	($status, $out) = verify($two);
	is $status, 65, 'a changed byte';
	like $out, qr/^\Q$file\E: it is not what was written/m, 'names the file';
	like $out, qr/^\Q$file\E: record \d+ was changed/m, 'and the record';
	my ($object) = map { decode_json($_) } split /\n/, (verify('--json', $two))[1];
	is_deeply [@$object{qw(path whole)}], [$two, JSON::PP::false], 'in JSON';
	my $target = $box->path('damaged');
	is +(ctl('restore', '--state-dir', $target, $two))[0], 65, 'it does not come back';
	ok !-e $target && !-e "$target.restore-part", 'and leaves nothing';
	unlink $file;
	like +(verify($two))[1], qr/^\Q$file\E: No such file/m, 'one that is gone';
	symlink '/etc/hostname', $file;
	is +(verify($two))[0], 65, 'a link in its place';
	unlink $file;
	$box->write_file($file, $bytes);
	is +(verify($two))[0], 0, 'put right, it is whole';
	my $manifest = $box->read_file("$two/manifest");
	chmod 0600, "$two/manifest";
	$box->write_file("$two/manifest", $manifest =~ s/^made \d+/made 1/mr);
	($status, $out, $err) = verify($two);
	is $status, 65, 'a changed manifest';
	like $err, qr{manifest: line \d+: the lines before it are not}, 'is told';
	$box->write_file("$two/manifest", $manifest =~ s/backup 1/backup 9/r);
	like +(verify($two))[2], qr/newer Mailreeve \(format 9, this one knows 1\)/,
		'one of the future, too';
	$box->write_file("$two/manifest", $manifest);
};

subtest 'cut off' => sub {
	put("$state/evidence/2026/11/26/" . sprintf('%064d', $_) . '.eml.zst', "x$_")
		for 1;
	for my $i (2 .. 150) {
		$box->write_file("$state/evidence/2026/11/26/" .
			sprintf('%064d', $i) . '.eml.zst', "x$i" x 50_000);
	}
	system 'chown', '-R', "$uid:$gid", "$state/evidence" if $> == 0;
	my $hit = 0;
	for my $when ('', '/state.mdb', '/records', '/evidence/2026/11/26', '/manifest') {
		my @before = grep { !/\.part\z/ } names($dir);
		my $pid = $box->spawn('cut', "$Sandbox::BUILD/reevectl", '-c',
			$daemon->conf, 'backup', $dir);
		1 until glob("$dir/*.part$when") || grep({ !/part\z/ } names($dir)) > @before ||
			defined $box->reap($pid, 0);
		kill KILL => $pid;
		$box->reap($pid, 10);
		my @parts = glob "$dir/*.part";
		$hit += @parts;
		is_deeply [grep { !/\.part\z/ } names($dir)], \@before,
			"killed at .part$when: only whole ones" if @parts;
	}
	cmp_ok $hit, '>', 0, "it was cut off: $hit times";
	is +(verify('--all', $dir))[0], 0, 'those before are whole';
	my $last = made('--keep', 2, $dir);
	is scalar names($dir), 2, 'the next one clears up, and keeps two';
	is +(verify('--all', $dir))[0], 0, 'both are whole';
	my $target = $box->path('cut');
	for my $when ('', '/records', '/evidence') {
		my $pid = $box->spawn('cut', "$Sandbox::BUILD/reevectl", '-c',
			$daemon->conf, 'restore', '--state-dir', $target, $dir);
		1 until -e "$target.restore-part$when" || -e $target ||
			defined $box->reap($pid, 0);
		kill KILL => $pid;
		$box->reap($pid, 10);
		last if -e $target;
		ok !-e $target, "restore killed at $when: nothing";
	}
	remove_tree($target);
	is +(ctl('restore', '--state-dir', $target, $dir))[0], 0, 'and done again';
	ok !-e "$target.restore-part", 'with nothing left';
	is scalar(() = glob "$target/evidence/2026/11/26/*"), 150, 'all is there';
};

subtest 'where it cannot be' => sub {
	($status, $out, $err) = backup("$state/backups");
	is $status, 65, 'within the state';
	like $err, qr/is within \Q$state\E/, 'it says so';
	ok !-e "$state/backups", 'and makes nothing';
	is +(backup())[0], 64, 'nowhere';
	is +(backup('--keep', -1, $dir))[0], 64, 'fewer than none';
	is +(verify($box->path('none')))[0], 69, 'none there';
	is +(ctl('restore', $box->path('none')))[0], 69, 'none to restore';
	is +(ctl('backup', 'verify'))[0], 64, 'none named';
};

SKIP: {
	my $mount = folder('small');
	skip 'a tmpfs cannot be mounted here', 1 unless $> == 0 &&
		system("mount -t tmpfs -o size=8m,mode=0777 none $mount 2>/dev/null") == 0;
	subtest 'another file system, and a full one' => sub {
		remove_tree("$state/evidence/2026/11/26");
		my $here = made($mount);
		is +(verify($mount))[0], 0, 'a back-up there';
		system "dd if=/dev/urandom of=$state/evidence/big bs=1M count=9 2>/dev/null";
		chown $uid, $gid, "$state/evidence/big";
		($status, $out, $err) = backup($mount);
		is $status, 75, 'full: try again';
		like $err, qr/evidence\/big: No space left on device/, 'it says why';
		is_deeply [names($mount)], [$here->{path}], 'nothing half';
		is +(verify('--all', $mount))[0], 0, 'the one before is whole';
		unlink "$state/evidence/big";
		made($mount);
		is scalar names($mount), 2, 'with room it goes on';
		my $mta = Milter::Client->new($daemon->socket);
		is $mta->message->{cmd}, 'c', 'the daemon never minded';
		$mta->quit;
	};
	system "umount $mount";
}

is $daemon->stop, 0, 'it ends well';
made($dir);
is +(verify($dir))[0], 0, 'without the daemon, too';

done_testing;
