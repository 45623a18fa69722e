package Senders;

# Clients that send until the daemon is gone. Each notes the queue id of what
# was answered with "accept", before its next message.

use strict;
use warnings;

use POSIX ();

use Milter::Client;

# note: what is written behind the queue id, asked for each time.
sub new
{
	my ($class, $box, $daemon, $count, %options) = @_;

	return bless { box => $box, daemon => $daemon, count => $count,
		note => $options{note} // sub { '' }, pids => [] }, $class;
}

sub _file { $_[0]{box}->path("accepted.$_[1]") }

sub _send
{
	my ($self, $who, $round) = @_;
	my $mta = Milter::Client->new($self->{daemon}->socket, timeout => 5);

	open my $log, '>>', $self->_file($who);
	$log->autoflush;
	for (my $i = 0; ; $i++) {
		my $id = "K$who.$round.$i";
		my $r = $mta->message(queue_id => $id, from => "<k\@$round.example>");
		$r->{cmd} eq 'c' or last;
		print $log join(' ', $id, $self->{note}->() || ()), "\n";
	}
}

sub start
{
	my ($self, $round) = @_;

	for my $who (1 .. $self->{count}) {
		my $pid = fork // die "fork: $!\n";
		if (!$pid) {
			eval { $self->_send($who, $round) };
			POSIX::_exit(0);
		}
		push @{$self->{pids}}, $pid;
	}
}

sub wait
{
	my ($self) = @_;

	waitpid $_, 0 for splice @{$self->{pids}};
}

# The lines of all: "ID", or "ID NOTE".
sub accepted
{
	my ($self) = @_;

	return map { split /\n/, $self->{box}->read_file("accepted.$_") }
		1 .. $self->{count};
}

1;
