# Days that are over are sealed: at midnight, with the record of what was under
# way then in the next; after a start; and again when it was cut off.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-03-01T23:59:00Z');
my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my $records = $daemon->state . '/records';

sub send_mail
{
	my ($count, %what) = @_;
	my $mta = Milter::Client->new($daemon->socket);

	for my $i (1 .. $count) {
		my $r = $mta->message(queue_id => 'Q' . ++$main::sent,
			from => "<s$i\@example.net>", %what);
		$r->{cmd} eq 'c' or die "answered $r->{cmd}\n";
	}
	$mta->quit;
}

sub verify { $daemon->reevectl('records', 'verify', @_) }
sub found { ($daemon->reevectl('--json', 'records', 'search', '--limit', 0, @_))
	[1] =~ tr/\n// }
sub is_sealed
{
	my ($day) = @_;
	return $box->wait_for(20, sub { -e "$records/$day.seal" &&
		!-e "$records/$day.seal.sealing" });
}

send_mail(40);
my $late = Milter::Client->new($daemon->socket);
$late->connect;
$late->helo('late.example.net');
$late->mail('<late@example.net>');
$clock->advance(120);
is $clock->day, '2026-03-02', 'it is tomorrow';
# No mail comes, and yet the day begins.
ok is_sealed('2026-03-01'), 'yesterday is sealed';
ok -e "$records/2026-03-02.mdb", 'today has begun';
is((verify())[0], 0, 'all is whole');
like +(verify())[1], qr/ 2 days, 1 sealed: all there/, 'which verify counts';
is found(), 40, 'what is sealed is found';
is found('--from', 's7@example.net'), 1, 'by its index, too';
$late->rcpt('<r@example.org>');
$late->quit;
undef $late;
ok $box->wait_for(10, sub { found('--from', 'late@example.net') == 1 }),
	'what was under way at midnight is recorded';
ok !-e "$records/2026-03-01.mdb-lock", 'a sealed day has no lock';
my $seal = $box->read_file("$records/2026-03-01.seal");
like $seal, qr/\Amailreeve-seal 1\nday 2026-03-01\nformat 2\nrecords \d+\n/,
	'the seal says what it is of';

# Whoever has the public key can check it with tools that are not ours.
my ($signed, $hex) = $seal =~ /\A(.*)signature (\w+)\n\z/s;
$box->write_file('signed', $signed);
open my $fh, '>:raw', $box->path('signature') or die;
print {$fh} pack 'H*', $hex;
close $fh or die;
{
	local $ENV{LD_PRELOAD};
	like +($box->run('openssl', 'pkeyutl', '-verify', '-pubin', '-rawin',
		'-inkey', $daemon->state . '/seal.pub', '-in', $box->path('signed'),
		'-sigfile', $box->path('signature')))[1], qr/Verified Success/,
		'openssl takes the signature for ours';
	my ($sha256) = $seal =~ /^sha256 (\w+)/m;
	like +($box->run('sha256sum', "$records/2026-03-01.mdb"))[1],
		qr/^\Q$sha256\E /, 'and sha256sum the file';
	my ($key) = $seal =~ /^key (\w+)/m;
	is((verify('--key', $key))[0], 0, 'verify with the key as given');
	my ($status, $out) = verify('--key', 'ab' x 32);
	is $status, 65, 'and with another one';
	like $out, qr/2026-03-01: the seal is forged/, 'it says so';
	is((stat $daemon->state . '/seal.key')[2] & 0777, 0400,
		'the key is for its owner alone');
}

# Killed while it seals, whenever that is.
for my $day (2 .. 5) {
	send_mail(300);
	$clock->set("2026-03-0${day}T23:59:59Z");
	send_mail(1);
	$clock->advance(2);
	sleep 0.01 * $day;
	$daemon->kill9;
	$daemon->start;
	ok is_sealed("2026-03-0$day"), "2026-03-0$day is sealed in the end";
}
my ($status, $out) = verify();
is $status, 0, 'all is whole' or diag $out;
is found(), $main::sent + 1, 'and nothing is lost';
is_deeply [glob "$records/*.sealing*"], [], 'nothing is left lying about';
is $daemon->stop, 0, 'it ends well';
like $daemon->log, qr/day_sealed day=2026-03-01 records=\d+ bytes=\d+ ms=\d+/,
	'the log tells';

done_testing;
