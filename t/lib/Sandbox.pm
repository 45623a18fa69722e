package Sandbox;

# A temporary folder, the processes that a test starts, and the daemon in it.
# All is ended and removed with the object, whatever the test does.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP;
use POSIX qw(:sys_wait_h);
use Time::HiRes qw(sleep time);

my $top = abs_path(dirname(__FILE__) . '/../..');
my %all;			# address of a sandbox -> it, to be ended

our $BUILD = $ENV{MAILREEVE_BUILD} ? abs_path($ENV{MAILREEVE_BUILD}) :
	-x 'mailreeve' ? abs_path('.') : "$top/build";

sub top { $top }
# Whether the programs are built with a sanitizer: their memory
# says nothing then.
sub is_sanitized { scalar `ldd $BUILD/mailreeve` =~ /lib[at]san/ }
# The folder of others' test data, or undef where there is none.
sub shared
{
	my $shared = $ENV{MAILREEVE_SHARED} // "$top/../shared";
	return -d "$shared/data" ? $shared : undef;
}

sub new
{
	my ($class) = @_;
	my $self = bless {
		dir => tempdir('mailreeve-XXXXXX', TMPDIR => 1), pids => {},
		owner => $$,
	}, $class;

	chmod 0755, $self->{dir};
	$all{$self} = $self->{dir};
	Scalar::Util::weaken($Sandbox::live{$self} = $self);
	return $self;
}

use Scalar::Util ();
our %live;

# Run in the daemon's place, where a test needs another start.
our $PROGRAM;

# A test that is interrupted ends its processes, too.
for my $signal (qw(HUP INT TERM)) {
	$SIG{$signal} = sub { exit 1 }
		unless ref $SIG{$signal} || ($SIG{$signal} // '') eq 'IGNORE';
}

sub dir { $_[0]{dir} }
sub path { "$_[0]{dir}/$_[1]" }

sub write_file
{
	my ($self, $name, $text) = @_;
	my $path = $name =~ m{^/} ? $name : $self->path($name);

	open my $fh, '>', $path or die "$path: $!\n";
	print $fh $text;
	close $fh or die "$path: $!\n";
	return $path;
}

sub read_file
{
	my ($self, $name) = @_;
	my $path = $name =~ m{^/} ? $name : $self->path($name);

	open my $fh, '<', $path or return '';
	local $/;
	return scalar <$fh> // '';
}

# A port on 127.0.0.1 that was free a moment ago: at random, and below
# those that the system gives to clients, so that tests side by side keep
# out of each other's way.
sub free_port
{
	for (1 .. 1000) {
		my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
			LocalPort => 20000 + int rand 12000, Proto => 'tcp',
			Listen => 1) or next;
		return $socket->sockport;
	}
	die "no port: $!\n";
}

# Starts a program with its output in NAME.out and NAME.err; gives its pid.
sub spawn
{
	my ($self, $name, @command) = @_;
	my $pid = fork // die "fork: $!\n";

	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $self->path("$name.out");
		open STDERR, '>>', $self->path("$name.err");
		{ exec { $command[0] } @command };
		print STDERR "$command[0]: $!\n";
		POSIX::_exit(127);
	}
	$self->{pids}{$pid} = $name;
	return $pid;
}

# Waits for a process; its exit status (128 + n for a signal), undef when it
# still runs after so many seconds.
sub reap
{
	my ($self, $pid, $seconds) = @_;
	my $until = time + ($seconds // 30);

	while (1) {
		my $got = waitpid $pid, WNOHANG;
		if ($got == $pid) {
			delete $self->{pids}{$pid};
			return $? & 127 ? 128 + ($? & 127) : $? >> 8;
		}
		return if $got < 0 || time > $until;
		sleep 0.005;
	}
}

# Runs a program to its end: (status, stdout, stderr). At most `limit` seconds.
sub run
{
	my ($self, @command) = @_;
	my $name = 'run' . ++$self->{runs};
	my $pid = $self->spawn($name, @command);
	my $status = $self->reap($pid, 120);

	if (!defined $status) {
		kill KILL => $pid;
		$self->reap($pid, 5);
		$status = 'time limit';
	}
	my @result = ($status, $self->read_file("$name.out"),
		$self->read_file("$name.err"));
	unlink map { $self->path("$name.$_") } qw(out err);
	return @result;
}

# What the check answers once it is true, undef when it was not for so many
# seconds; in either order.
sub wait_for
{
	my ($self, $seconds, $check) = @_;

	($seconds, $check) = ($check // 10, $seconds) if ref $seconds;
	my $until = time + $seconds;

	while (1) {
		my $answer = $check->();
		return $answer if $answer;
		return if time > $until;
		sleep 0.02;
	}
}

# Text of settings from key => value: hashes are sections, arrays lists.
sub conf_text
{
	my ($settings) = @_;
	my $text = '';

	for my $key (sort keys %$settings) {
		my $value = $settings->{$key};
		$key = qq("$key") if $key !~ /^[A-Za-z_][\w-]*\z/;
		if (ref $value eq 'HASH') {
			$text .= "$key {\n" . conf_text($value) . "}\n";
		} elsif (ref $value eq 'ARRAY') {
			$text .= "$key = [" . join(', ', map { qq("$_") }
				@$value) . "];\n";
		} else {
			$text .= qq($key = "$value";\n);
		}
	}
	return $text;
}

# The user that the daemon becomes in tests.
sub user { 'nobody' }

# Starts the daemon with settings on top of the sandbox's own; dies with its
# log when it does not answer. See package Sandbox::Daemon.
sub daemon
{
	my ($self, %settings) = @_;
	my $name = delete $settings{name} // 'mailreeve';
	my $state = $self->path("$name.state");
	my $run = $self->path("$name.run");
	mkdir $run;

	if ($> == 0) {
		my ($uid, $gid) = (getpwnam user())[2, 3];
		unless (-d $state) {
			mkdir $state, 0700;
			chown $uid, $gid, $state;
		}
		chown $uid, $gid, $run;
	}
	require DNS;
	# Tests ask nobody outside: a name server that knows no name.
	$self->{dns} //= DNS->start($self) unless $settings{resolver};
	my %conf = (
		$self->{dns} ? (resolver => {
			servers => [$self->{dns}->server] }) : (),
		listen => "unix:$run/milter.sock", listen_mode => '0666',
		state_dir => $state, log => { level => 'debug' },
		rules => { files => [] },	# not those installed here
		$> == 0 ? (user => user()) : (),
		%settings,
	);
	my $file = $self->write_file("$name.conf", conf_text(\%conf));
	chmod 0644, $file;
	my $daemon = bless { box => $self, name => $name, conf => $file,
		settings => \%conf, socket => $conf{listen},
		state => $conf{state_dir} }, 'Sandbox::Daemon';

	return $daemon->start;
}

sub end
{
	my ($self) = @_;

	$self->{owner} == $$ or return;
	for my $signal (qw(TERM KILL)) {
		kill $signal, keys %{ $self->{pids} };
		for my $pid (keys %{ $self->{pids} }) {
			$self->reap($pid, $signal eq 'TERM' ? 10 : 5);
		}
	}
	remove_tree($self->{dir}) unless $ENV{MAILREEVE_KEEP};
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);

	delete $all{$self};
	$self->end;
}

END {
	local $?;
	$_ && $_->end for values %live;
}

package Sandbox::Daemon;

use Time::HiRes qw(sleep time);

sub pid { $_[0]{pid} }
sub socket { $_[0]{socket} }
sub state { $_[0]{state} }
sub log { $_[0]{box}->read_file("$_[0]{name}.err") }

# Whether it answers a real negotiation.
sub answers
{
	my ($self) = @_;
	require Milter::Client;

	return eval {
		my $probe = Milter::Client->new($self->{socket}, timeout => 2);
		$probe->quit;
		1;
	};
}

# Starts it (again) with the settings file as it is now.
sub start
{
	my ($self) = @_;
	my $box = $self->{box};

	$self->{pid} = $box->spawn($self->{name}, $Sandbox::PROGRAM // "$Sandbox::BUILD/mailreeve",
		'-f', '-c', $self->{conf});
	my $is_up = $box->wait_for(20, sub {
		$self->answers || ($self->is_gone ? 'gone' : 0);
	}) // '';
	die "the daemon does not answer:\n" . $self->log if $is_up ne '1';
	return $self;
}

sub is_gone
{
	my ($self) = @_;

	defined $self->{pid} or return 1;
	my $status = $self->{box}->reap($self->{pid}, 0);
	return 0 unless defined $status;
	$self->{status} = $status;
	delete $self->{pid};
	return 1;
}

# SIGTERM, and the exit status; undef when it does not end in 60 s.
sub stop
{
	my ($self, $signal) = @_;

	return $self->{status} if $self->is_gone;
	kill $signal // 'TERM', $self->{pid};
	my $status = $self->{box}->reap($self->{pid}, 60);
	delete $self->{pid} if defined $status;
	return $status;
}

sub kill9 { $_[0]->stop('KILL') }
sub conf { $_[0]{conf} }

# Tells it to read its settings anew, without waiting until it has.
sub reload { kill USR1 => $_[0]{pid} }

# Writes other settings over the file, without a word to the daemon.
sub configure
{
	my ($self, %settings) = @_;

	$self->{settings} = { %{ $self->{settings} }, %settings };
	$self->{box}->write_file($self->{conf},
		Sandbox::conf_text($self->{settings}));
	return $self;
}

# (status, stdout, stderr)
sub reevectl
{
	my ($self, @args) = @_;
	return $self->{box}->run("$Sandbox::BUILD/reevectl", '-c',
		$self->{conf}, @args);
}

# The objects that it prints with --json.
sub objects
{
	my ($self, @args) = @_;
	my ($status, $out, $err) = $self->reevectl('--json', @args);

	warn $err if length $err;
	return map { JSON::PP->new->utf8->decode($_) } split /\n/, $out;
}

sub reevectl_json { goto &objects }

# Records that match, newest first, once there are `count` of them: refusals
# are on disk within a second, not at once.
sub records
{
	my ($self, $count, @args) = @_;
	my @found;

	$self->{box}->wait_for(5, sub {
		@found = $self->objects('records', 'search', '--limit', 0,
			@args);
		@found >= $count;
	});
	return @found;
}

1;
