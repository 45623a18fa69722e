package MTA;

# What the MTAs of a sandbox have in common: box, dir (with mail/new.*, a file
# a message), owner (the process that started it), stop().

use strict;
use warnings;

use Time::HiRes qw(stat);

# The messages that were delivered, oldest first, as texts with "X-To:
# recipient" in front, one for each recipient; waits until there are `count`.
sub delivered
{
	my ($self, $count) = @_;
	my @files;

	$self->{box}->wait_for(15, sub {
		@files = glob "$self->{dir}/mail/new.*";
		@files >= ($count // 0);
	});
	my %age = map { $_ => (stat $_)[9] // 0 } @files;
	return map { $self->{box}->read_file($_) }
		sort { $age{$a} <=> $age{$b} } @files;
}

sub forget_delivered { unlink glob "$_[0]{dir}/mail/new.*" }

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);

	$self->stop if $self->{box} && $self->{owner} == $$;
}

1;
