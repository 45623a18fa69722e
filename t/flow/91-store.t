# A store that cannot write: mail is deferred, told once, and all is well again.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $mount = $box->path('small');
mkdir $mount;

sub is_mounted
{
	return system("mount -t tmpfs -o size=6m,mode=0700 none $mount " .
		'2>/dev/null') == 0;
}

sub send_one
{
	my ($daemon, %m) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $result = $mta->message(%m);
	$mta->quit;
	return $result;
}

SKIP: {
	skip 'a tmpfs cannot be mounted here', 1 unless $> == 0 && is_mounted();
	chown +(getpwnam Sandbox::user())[2, 3], $mount;
	subtest 'a full disk' => sub {
		my $daemon = $box->daemon(state_dir => $mount,
			relay => { domains => ['example.org'] });
		is send_one($daemon, queue_id => 'F1')->{cmd}, 'c',
			'room: accepted';
		system "dd if=/dev/zero of=$mount/filler bs=4k 2>/dev/null";
		my @replies = map { send_one($daemon, queue_id => "F2.$_",
			body => 'x' x 1000, from => '<' . 'f' x 60 .
			"$_\@example.net>") } 1 .. 60;
		my $last = $replies[-1];
		my $text = $last->{cmd} eq 'none' ? $last->{rcpts}[0]{text} :
			$last->{text};
		like $text, qr/^451 4\.3\.0 /, 'no room: deferred';
		is scalar(grep { $_->{cmd} eq 'c' } @replies) +
			scalar(grep { $_->{cmd} eq 'y' ||
			$_->{cmd} eq 'none' } @replies), 60, 'all answered';
		my $accepted = 1 + grep { $_->{cmd} eq 'c' } @replies;
		my $alerts = () = $daemon->log =~ /store_failed/g;
		is $alerts, 1, 'one alert';
		my ($status) = $daemon->objects('status');
		unlink "$mount/filler";
		ok $box->wait_for(10, sub {
			send_one($daemon)->{cmd} eq 'c'
		}), 'room again: accepted again';
		like $daemon->log, qr/store_recovered/, 'and told';
		my @records = $daemon->records($accepted, '--verdict',
			'accept');
		cmp_ok scalar @records, '>=', $accepted,
			'all that was accepted is recorded';
		my @deferred = $daemon->records(1, '--symbol',
			'STORE_FAILED');
		ok scalar @deferred, 'and what was deferred, later';
		is $daemon->stop, 0, 'it ends well';
	};
	subtest 'a disk that is full at the start' => sub {
		system "dd if=/dev/zero of=$mount/filler bs=4k 2>/dev/null";
		my $daemon = eval { $box->daemon(state_dir => $mount,
			name => 'again') };
		ok $daemon, 'the daemon starts' or diag $@;
		unlink "$mount/filler";
		ok $daemon && $box->wait_for(10, sub {
			send_one($daemon)->{cmd} eq 'c'
		}), 'and takes mail when there is room';
		$daemon->stop if $daemon;
	};
	system "umount $mount";
}

subtest 'records.on_failure = accept' => sub {
	plan skip_all => 'a tmpfs cannot be mounted here'
		unless $> == 0 && is_mounted();
	chown +(getpwnam Sandbox::user())[2, 3], $mount;
	my $daemon = $box->daemon(state_dir => $mount, name => 'accepting',
		records => { on_failure => 'accept' },
		relay => { domains => ['example.org'] });
	system "dd if=/dev/zero of=$mount/filler bs=4k 2>/dev/null";
	my @replies = map { send_one($daemon, queue_id => "A$_",
		from => '<' . 'f' x 60 . "$_\@example.net>") } 1 .. 60;
	is scalar(grep { $_->{cmd} ne 'c' } @replies), 0, 'all accepted';
	unlink "$mount/filler";
	my @records = $daemon->records(60);
	is scalar @records, 60, 'and recorded when there is room';
	$daemon->stop;
	system "umount $mount";
};

subtest 'records without permission' => sub {
	plan skip_all => 'only root can make such a folder' if $> != 0;
	my $daemon = $box->daemon(name => 'denied');
	$daemon->stop;
	my $records = $daemon->state . '/records';
	chown 0, 0, $records, glob "$records/*";
	chmod 0500, $records;
	my $started = eval { $daemon->start };
	ok !$started, 'the daemon does not start';
	like $@, qr/records.*(?:Permission denied|not permitted)/,
		'and says what it lacks';
	is $daemon->{status}, 69, 'with "unavailable"';
};

done_testing;
