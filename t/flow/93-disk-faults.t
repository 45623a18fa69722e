# A disk that fails in the midst of it: mail is deferred, what was acknowledged is
# on disk, and all goes on by itself when the fault is over.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;
use World;

my $box = Sandbox->new;
my $world = World->new($box) or plan skip_all => $@;
my $daemon = $box->daemon(relay => { domains => ['example.org'] });
my (@accepted, $count);

sub send_one
{
	my $mta = Milter::Client->new($daemon->socket);
	my $id = sprintf 'Q%04d', ++$count;
	my $reply = $mta->message(queue_id => $id);

	$mta->quit;
	push @accepted, $id if $reply->{cmd} eq 'c';
	return $reply->{cmd} eq 'none' ? $reply->{rcpts}[0] : $reply;
}

# Whatever happened: accepted again, nothing lost, the chain whole.
sub is_well
{
	my ($what) = @_;

	$world->mend;
	ok $box->wait_for(10, sub { send_one()->{cmd} eq 'c' }),
		"$what: accepted again";
	my %seen = map { ($_->{queue_id} // '') => 1 }
		$daemon->records(1, '--verdict', 'accept', '--since',
			'2000-01-01');
	is join(' ', grep { !$seen{$_} } @accepted), '',
		"$what: nothing acknowledged is lost";
	my ($status, $out, $err) = $daemon->reevectl('records', 'verify');
	is $status, 0, "$what: the records verify" or diag "$out$err";
	ok !$daemon->is_gone, "$what: the daemon lives";
}

for my $case (
	['write, EIO', kinds => ['write']],
	['write, ENOSPC', kinds => ['write'], error => 'ENOSPC'],
	['sync', kinds => ['sync']],
	['all', kinds => [qw(write sync unlink create)]],
) {
	my ($what, @how) = @$case;
	is send_one()->{cmd}, 'c', "$what: all is well before";
	$world->fail(@how);
	my @texts = map { send_one()->{text} // '' } 1 .. 3;
	is scalar(grep { /^451 4\.3\.0 / } @texts), 3, "$what: deferred" or
		diag "@texts";
	is_well($what);
}

for my $every (2, 3, 7) {
	$world->fail(kinds => [qw(write sync)], every => $every);
	send_one() for 1 .. 20;
	is_well("every ${every}th call");
}

subtest 'the state' => sub {
	$world->fail(kinds => [qw(write sync)], part => 'state.mdb');
	my ($status, undef, $err) = $daemon->reevectl('list', 'add', 'block',
		'network', '192.0.2.1');
	isnt $status, 0, 'nothing can be added';
	like $err, qr/state\.mdb: .*Input\/output error/, 'and why';
	is send_one()->{cmd}, 'c', 'mail goes on';
	is_well('the state');
	isnt $status, 64, 'the command is right' or diag $err;
	is +($daemon->reevectl('list', 'add', 'block', 'network',
		'192.0.2.1'))[0], 0, 'added, afterwards';
};

subtest 'a day that cannot begin' => sub {
	$world->fail(kinds => [qw(write sync create)], part => '.mdb');
	$world->advance(86400);
	like send_one()->{text} // '', qr/^451 4\.3\.0 /, 'deferred' for 1 .. 2;
	is_well('a new day');
	ok $box->wait_for(10, sub {
		!(() = glob $daemon->state . '/records/*.new*')
	}), 'no half day is left';
};

subtest 'a day that cannot go' => sub {
	my ($oldest) = sort glob $daemon->state . '/records/*.mdb';
	$world->fail(kinds => ['unlink']);
	$world->advance(63 * 86400);
	send_one();
	ok $box->wait_for(10, sub { $daemon->log =~ /expiry_failed/ }),
		'it is told';
	unlike $daemon->log, qr/records_expired/, 'and nothing else is';
	$world->mend;
	$world->advance(86400);
	@accepted = ();
	is_well('an expiry');
	ok $box->wait_for(10, sub { !-e $oldest }), 'then it goes';
};

is $daemon->stop, 0, 'it ends well';

# The signal would end a daemon that has not put it aside.
subtest 'a file size limit' => sub {
	my $limited = $box->write_file('limited', "#!/bin/sh\n" .
		"ulimit -f 2048\nexec $Sandbox::BUILD/mailreeve \"\$@\"\n");
	chmod 0755, $limited;
	local $Sandbox::PROGRAM = $limited;
	$daemon = $box->daemon(name => 'limited',
		relay => { domains => ['example.org'] });
	my $file = (glob $daemon->state . '/records/*.mdb')[0];
	my $last = '';
	for (1 .. 3000) {
		my $mta = Milter::Client->new($daemon->socket);
		my $reply = $mta->message(queue_id => "L$_",
			from => '<' . 'f' x 60 . "$_\@example.net>");
		$mta->quit;
		$last = $reply->{cmd} eq 'none' ? $reply->{rcpts}[0]{text} :
			$reply->{text} // '';
		last if $reply->{cmd} ne 'c';
	}
	like $last, qr/^451 4\.3\.0 /, 'deferred at the limit';
	cmp_ok -s $file, '<=', 2048 * 1024, 'the file keeps to it';
	ok !$daemon->is_gone, 'the daemon lives';
	is +($daemon->reevectl('records', 'verify'))[0], 0, 'all verifies';
	is $daemon->stop, 0, 'and ends well';
};

done_testing;
