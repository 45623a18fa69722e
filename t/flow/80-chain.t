# Whether records are what was written: verify and anchor, beside a daemon that
# writes, and after somebody had the files.

use strict;
use warnings;

use JSON::PP;
use POSIX ();
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { domains => ['example.org'] });

sub send_some
{
	my ($count, $name) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	$mta->message(queue_id => "$name$_", from => "<$name$_\@example.net>")
		for 1 .. $count;
	$mta->quit;
	return $daemon->records($count, '--queue-id', "$name$count");
}

sub verify { $daemon->reevectl('records', 'verify', @_) }

my ($status, $out, $err) = $daemon->reevectl('records', 'anchor');
is $status, 69, 'no record, no anchor';
like $err, qr/there is no record yet/, 'it says so';
($status, $out) = verify();
is $status, 0, 'nothing is whole';

send_some(30, 'first');
my $line = ($daemon->reevectl('records', 'anchor'))[1];
like $line, qr/\A\d{4}-\d\d-\d\d \d+ [0-9a-f]{64}\n\z/, 'an anchor';
my $anchors = $box->write_file('anchors', "# the notary's\n\n$line");
send_some(30, 'second');
($status, $out) = verify('--anchors', $anchors);
is $status, 0, 'all is there, the anchored, too' or diag $out;
like $out, qr/\A\d+ records of 1 days, 0 sealed: all there, unchanged\n\z/, 'in words';
($status, $out) = verify('--json', '--since', 'today');
is_deeply [@{ decode_json($out) }{qw(whole)}], [JSON::PP::true], 'in JSON';
($status, $out) = verify('--until', '2020-01-01');
like $out, qr/\A0 records of 0 days/, 'only the days asked for';

for (['--since', 'someday', 64, qr/--since: someday is no day/],
	['--anchors', $box->path('none'), 65, qr/none/],
	['--anchors', $box->write_file('wrong', "# x\nnonsense\n"), 65,
		qr/wrong:2: no line of/],
	['extra', 'word', 64, qr/"extra": what is that\? There are no arguments/]) {
	my ($option, $value, $exit, $what) = @$_;
	($status, $out, $err) = verify($option, $value);
	is $status, $exit, "$option $value";
	like $err, $what, 'it says why';
}

is $daemon->stop, 0, 'it ends well';

# A day is over: a file of yesterday, which the chain does not mind.
my ($today) = glob $daemon->state . '/records/*.mdb';
my $yesterday = $daemon->state . '/records/' . POSIX::strftime('%Y-%m-%d',
	gmtime(time - 86400)) . '.mdb';
my $seal = $yesterday =~ s/mdb$/seal/r;
my $copy = $box->path('copy.mdb');
system('cp', $today, $copy) == 0 or die "cp: $?\n";
rename $today, $yesterday or die "$today: $!\n";
my $last = ($daemon->reevectl('records', 'anchor'))[1];
chomp(my $anchor = $last);
my $kept = $daemon->state . '/kept';
sub started_with
{
	my ($command) = @_;
	unlink $today, "$today-lock";
	my $again = $box->daemon(name => 'again', state_dir => $daemon->state,
		relay => { domains => ['example.org'] },
		records => { anchor_command => $command });
	ok $box->wait_for(10, sub { $again->log =~ /anchor_failed/ || -s $kept }),
		"$command: it ran";
	like $again->log, qr/records_anchor anchor="\Q$anchor\E"/,
		'the log has the anchor';
	$box->wait_for(10, sub { -s $seal }) or diag 'not sealed';
	$again->stop;
	return $again->log;
}
started_with("tee $kept");
is $box->read_file($kept), $last, 'a command has the anchor of yesterday';
unlink $kept;
like started_with('false'), qr/anchor_failed command="false" .* it failed/,
	'one that fails is told';
like started_with('/no/such'), qr/anchor_failed .*No such file/, 'or is not there';
is +(verify('--anchors', $anchors))[0], 0, 'and all is whole';
is +($daemon->reevectl('records', 'anchor'))[1], $last,
	'the newest day that has a record';

# The daemon sealed it at each start; now as it was before.
ok -s $seal, 'yesterday is sealed';
like +(verify())[1], qr/ of 2 days, 1 sealed: /, 'which verify tells';
unlink $today, $yesterday, $seal;
system('cp', '-p', $copy, $today) == 0 or die "cp: $?\n";
chown((stat $daemon->state)[4, 5], $today) or die "$today: $!\n";

my ($file) = glob $daemon->state . '/records/*.mdb';
my $bytes = $box->read_file($file);
my $at = rindex $bytes, 'second7@example.net';
cmp_ok $at, '>', 0, 'a record, as it is on disk';
sub put_byte
{
	my ($byte) = @_;
	open my $fh, '+<:raw', $file or die "$file: $!\n";
	seek $fh, $at, 0;
	print {$fh} $byte;
	close $fh or die "$file: $!\n";
}

put_byte('z');
($status, $out) = verify();
is $status, 65, 'a changed byte';
like $out, qr/record \d+ was changed/, 'the record is named';
like $out, qr/\n1 of 1 days are not what was written\n\z/, 'and the days counted';
my ($wrong) = $out =~ /record (\d+) was/;
($status, $out) = verify('--json');
is decode_json($out)->{sequence}, $wrong, 'in JSON, too';

put_byte('s');
is +(verify())[0], 0, 'put right, it is whole';
unlink $file;
($status, $out) = verify('--anchors', $anchors);
is $status, 65, 'without any day';
like $out, qr/all records up to \d+, which was anchored, were removed/, 'it says so';
is +(verify())[0], 0, 'without an anchor nobody knows';

done_testing;
