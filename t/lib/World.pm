package World;

# The wall clock and the disk of the real programs, as a test wants them: a
# library that is preloaded (world.c) reads both from a file, so both change
# while the programs run. Monotonic time stays.

use strict;
use warnings;

use Errno ();
use File::Basename qw(dirname);
use Time::HiRes qw(time);

my %kinds = (write => 1, sync => 2, unlink => 4, create => 8);

# undef, and why in $@, where there is no compiler. Programs started from now on
# live in it.
sub new
{
	my ($class, $box) = @_;
	my $library = $box->path('world.so');
	my @command = ($ENV{CC} // 'cc', qw(-shared -fPIC -O1 -o), $library,
		dirname(__FILE__) . '/world.c', '-ldl');
	my ($status, undef, $err) = $box->run(@command);
	if ($status ne '0') {
		$@ = "world.c does not compile: $err";
		return;
	}
	my $self = bless { offset_us => 0, kinds => 0, number => 0, every => 1,
		part => '/', file => $box->path('world') }, $class;
	open $self->{fh}, '+>', $self->{file} or die "$self->{file}: $!\n";
	$self->tell;
	$ENV{MAILREEVE_WORLD} = $self->{file};
	$ENV{LD_PRELOAD} = $library;
	# A sanitizer wants to be the first library; it need not.
	$ENV{ASAN_OPTIONS} = join ':', grep { defined } $ENV{ASAN_OPTIONS},
		'verify_asan_link_order=0';
	return $self;
}

sub tell
{
	my ($self) = @_;
	my $bytes = pack 'q L L L L a256', @$self{qw(offset_us kinds number
		every)}, 0, $self->{part};

	sysseek $self->{fh}, 0, 0;
	syswrite($self->{fh}, $bytes) == length $bytes or die "world: $!\n";
}

# Seconds, and those that it differs by.
sub now { time + $_[0]{offset_us} / 1e6 }
sub advance
{
	my ($self, $seconds) = @_;
	$self->{offset_us} += int($seconds * 1e6);
	$self->tell;
}
sub set { $_[0]->advance($_[1] - $_[0]->now) }

# Files whose path has that part fail: kinds => [write, sync, unlink, create],
# error => 'EIO', every => every Nth call.
sub fail
{
	my ($self, %how) = @_;
	$self->{kinds} = 0;
	$self->{kinds} |= $kinds{$_} // die "$_?\n" for @{ $how{kinds} };
	$self->{number} = Errno->can($how{error} // 'EIO')->();
	$self->{every} = $how{every} // 1;
	$self->{part} = $how{part} // '/records/';
	$self->tell;
}

sub mend
{
	my ($self) = @_;
	$self->{kinds} = 0;
	$self->tell;
}

1;
