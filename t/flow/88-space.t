# The disk of the records: warned of, mail deferred at the limit, or the oldest
# days removed as far as they may be.

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $mount = $box->path('small');
my ($daemon, $starts);
mkdir $mount;
plan skip_all => 'a tmpfs cannot be mounted here' unless $> == 0 &&
	system("mount -t tmpfs -o size=16m,mode=0700 none $mount 2>/dev/null") == 0;
END {
	local $?;
	$daemon->stop if $daemon;
	system "umount $mount 2>/dev/null" if $mount;
}
chown +(getpwnam Sandbox::user())[2, 3], $mount;

sub day { POSIX::strftime('%Y-%m-%d', gmtime(time - $_[0] * 86400)) }
sub file { "$mount/records/" . day($_[0]) . '.mdb' }
sub days_there { join ' ', grep { -e file($_) } 90, 80, 70, 59, 5, 0 }

# Has other files take what is missing to so many percent.
sub fill_to
{
	my ($percent) = @_;
	my $file = "$mount/filler";
	my ($used, $free) = `df -B1 --output=used,avail $mount` =~ /(\d+)\s+(\d+)/;
	my $bytes = ((-s $file) // 0) + int(($used + $free) / 100 * $percent) -
		$used;

	system "head -c $bytes /dev/zero >$file";
}

sub send_one
{
	my ($id, @headers) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $result = $mta->message(queue_id => $id,
		@headers ? (headers => \@headers) : ());
	$mta->quit;
	return $result->{cmd} eq 'none' ? $result->{rcpts}[0]{text} :
		$result->{cmd} eq 'c' ? 'accepted' : $result->{text};
}

sub begin
{
	# A name is a log of its own.
	$daemon = $box->daemon(name => 'small' . ++$starts, state_dir => $mount,
		relay => { domains => ['example.org'] },
		records => { keep => '100d', @_ });
}

sub logged
{
	my ($event) = @_;
	return scalar(() = $daemon->log =~ /\b$event\b/g);
}

sub records { decode_json(($daemon->reevectl('--json', 'status'))[1])->{records} }

subtest 'defer' => sub {
	begin();
	fill_to(50);
	is send_one('Q1'), 'accepted', 'room';
	like +($daemon->reevectl('status'))[1],
		qr/^disk of records +50% in use; warning at 80%, limit at 95%$/m,
		'and the status says so';
	fill_to(85);
	ok $box->wait_for(10, sub { logged('disk_warning') }),
		'the log warns when a share is in use';
	like $daemon->log, qr/disk_warning.* in_use=85% .*warning=80% limit=95%/,
		'and says how much';
	my ($status, $out) = $daemon->reevectl('status');
	like $out, qr/^disk of records +NEARLY FULL: 85% in use; /m,
		'the status does, too';
	is $status, 0, 'but it is no failure';
	is send_one('Q2'), 'accepted', 'mail is taken';
	fill_to(96);
	ok $box->wait_for(10, sub { send_one('Q3') ne 'accepted' }),
		'at the limit it is not';
	like send_one('Q4'), qr/^451 4\.3\.1 the disk has no room for records/,
		'it is deferred';
	is logged('disk_limit'), 1, 'which is told once';
	is records()->{has_room}, JSON::PP::false, 'and by the status';
	like +($daemon->reevectl('status'))[1],
		qr/NEARLY FULL: 96% in use: NO ROOM FOR MORE MAIL;/, 'in words';
	fill_to(50);
	ok $box->wait_for(10, sub { send_one('Q5') eq 'accepted' }),
		'room again: accepted again';
	is logged('disk_has_room'), 1, 'and told';
	is logged('store_failed'), 0, 'the disk was never full';
	ok scalar $daemon->records(1, '--symbol', 'STORE_FULL'),
		'what was deferred has its record';
	$daemon->stop;
	fill_to(96);
	begin(on_failure => 'accept');
	ok $box->wait_for(10, sub { logged('disk_limit') }),
		'records.on_failure = accept: told';
	is send_one('Q6'), 'accepted', 'and mail goes on';
	$daemon->stop;
	unlink "$mount/filler", glob "$mount/records/*";
};

sub noise { join '', map { chr(97 + rand 26) } 1 .. 4000 }

# A daemon of that day, in which mail comes that no sealing makes small.
sub run_day
{
	my ($ago) = @_;

	begin(at_disk_limit => 'expire', header_text => 4096);
	send_one("D$ago.$_", map { [$_ => noise()] } qw(From Subject Date))
		for 1 .. 40;
	$daemon->stop;
	rename file(0), file($ago) or die "$!\n";
	unlink file(0) . '-lock';
}

sub seal_of { file($_[0]) =~ s/mdb$/seal/r }

subtest 'expire' => sub {
	run_day($_) for 90, 80, 70, 59, 5;
	begin(at_disk_limit => 'expire');
	send_one('D0');
	ok $box->wait_for(20, sub { 5 == grep { -e seal_of($_) } 90, 80, 70, 59, 5 }),
		'days that are over are sealed';
	is +($daemon->reevectl('records', 'hold', 'add', 'case-7', '--since',
		day(91), '--until', day(85)))[0], 0, 'a day is on hold';
	is days_there(), '90 80 70 59 5 0', 'all are within records.keep';
	fill_to(95.3);
	ok $box->wait_for(10, sub { logged('day_dropped') }), 'at the limit';
	is days_there(), '90 70 59 5 0',
		'the oldest that is not on hold goes, and no more';
	ok $box->wait_for(10, sub { records()->{days_dropped} == 1 }), 'told';
	is send_one('E1'), 'accepted', 'mail is taken';
	is logged('disk_limit'), 1, 'the limit is told';
	ok $box->wait_for(10, sub { logged('disk_has_room') }), 'its end, too';
	fill_to(95.3);
	ok $box->wait_for(10, sub { logged('day_dropped') == 2 }), 'again';
	is days_there(), '90 59 5 0', 'the next one';
	ok $box->wait_for(10, sub { logged('disk_has_room') == 2 }), 'room';
	is send_one('E2'), 'accepted', 'mail is taken';
	fill_to(95.3);
	ok $box->wait_for(10, sub { send_one('E3') =~ /^451 4\.3\.1 / }),
		'nothing else may go: mail is deferred';
	is days_there(), '90 59 5 0', 'no day of the last sixty went';
	my ($status, $out) = $daemon->reevectl('records', 'verify');
	is $status, 0, 'what went so is no breach' or diag $out;
	my @drops = grep { $_->{action} eq 'records drop' }
		map { decode_json($_) } split /\n/,
		($daemon->reevectl('audit', 'list', '--json'))[1];
	is_deeply [map { "$_->{operator} $_->{subject}" } @drops],
		['mailreeve ' . day(80), 'mailreeve ' . day(70)],
		'each is written down';
	like $drops[0]{reason}, qr/^95% of the disk were in use/, 'and why';
	like +($daemon->reevectl('status'))[1], qr/^days dropped +2 before /m,
		'the status tells';
};

subtest 'records days' => sub {
	my ($status, $out, $err) = $daemon->reevectl('records', 'days', '--json');
	my @days = map { decode_json($_) } split /\n/, $out;
	is $status, 0, 'lists' or diag $err;
	is_deeply [map { $_->{day} } @days], [map { day($_) } 90, 59, 5, 0],
		'each day';
	is_deeply [map { $_->{state} } @days], [qw(sealed sealed sealed open)],
		'whether it grows';
	is_deeply [map { "@{$_->{holds}}" } @days], ['case-7', '', '', ''],
		'for whom it stays';
	ok !exists $days[0]{expires_us}, 'a day on hold does not go';
	is POSIX::strftime('%Y-%m-%d', gmtime($days[1]{expires_us} / 1e6)),
		day(59 - 101), 'when the others do';
	is scalar(grep { $_->{records} < 1 } @days), 0, 'how many records';
	is scalar(grep { $_->{bytes} < 300000 } @days[0 .. 2]), 0, 'what they take';
	unlink seal_of(5);
	my $day = day(5);
	like +($daemon->reevectl('records', 'days'))[1],
		qr/^$day +80 +\d+\.\d.{1,2}KiB +seal lost +\d{4}-/m, 'for people';
	like +($daemon->reevectl('records', 'days'))[1],
		qr/^all +[1-9]\d* +1\.\d.{1,2}MiB *$/m, 'all of it';
	is +($daemon->reevectl('records', 'days', 'all'))[0], 64, 'no arguments';
	$box->write_file(file(59), 'x' x 8192);
	($status, $out, $err) = $daemon->reevectl('records', 'days');
	is $status, 65, 'a day that cannot be read';
	like $err, qr/\Q@{[day(59)]}\E/, 'is named';
	like $out, qr/^\Q@{[day(59)]}\E +\? /m, 'and counts none';
	my %bad = map { $_->{day} => $_->{problem} } @{ records()->{bad_days} };
	is_deeply \%bad, { day(59) => 'cut short', day(5) => 'seal lost' },
		'the status names those that are damaged';
	like +($daemon->reevectl('status'))[1],
		qr/^days damaged +2: \Q@{[day(59)]}\E cut short, /m, 'in words';
	truncate file(59), 0;
	is records()->{bad_days}[0]{problem}, 'emptied', 'and which are empty';
};

is $daemon->stop, 0, 'it ends well';
unlink file(59), glob "$mount/state.mdb*";
is +($daemon->reevectl('records', 'days'))[0], 0, 'days are listed without a state';
undef $daemon;
done_testing;
