package Clock;

# A time of day of its own for all programs that a test starts from now on:
#
#	my $clock = Clock->new($box, '2026-03-01T12:00:00Z');
#	$clock->advance(3600);
#
# Programs that run see the change at once. Intervals go by the real clock.

use strict;
use warnings;

use POSIX qw(strftime);
use Time::HiRes qw(time);
use Time::Local qw(timegm);

sub seconds_of
{
	my ($text) = @_;
	my ($y, $m, $d, $H, $M, $S) = $text =~
		/^(\d+)-(\d+)-(\d+)(?:T(\d+):(\d+):(\d+)Z)?\z/ or
		die "$text: no time\n";

	return timegm($S // 0, $M // 0, $H // 0, $d, $m - 1, $y);
}

# time: such a text, or seconds since 1970.
sub new
{
	my ($class, $box, $time) = @_;
	my $library = $box->path('clock.so');
	my $self = bless { file => $box->path('clock') }, $class;
	my $source = __FILE__ =~ s/Clock\.pm\z/clock.c/r;

	system($ENV{CC} // 'cc', qw(-O2 -shared -fPIC -o), $library, $source) == 0 or
		die "$source does not build\n";
	$self->set($time);
	chmod 0644, $self->{file};
	$ENV{LD_PRELOAD} = $library;
	$ENV{MAILREEVE_CLOCK} = $self->{file};
	# It comes in front of the sanitizer's library, on purpose.
	$ENV{ASAN_OPTIONS} = join ':', grep { defined } $ENV{ASAN_OPTIONS},
		'verify_asan_link_order=0';
	return $self;
}

sub now { time + $_[0]{offset_us} / 1e6 }
sub day { strftime '%Y-%m-%d', gmtime $_[0]->now + ($_[1] // 0) * 86400 }

sub set
{
	my ($self, $time) = @_;

	$time = seconds_of($time) if $time =~ /-/;
	$self->{offset_us} = int(($time - time) * 1e6);
	# In place: programs have it mapped.
	open my $fh, -e $self->{file} ? '+<:raw' : '>:raw', $self->{file} or
		die "$self->{file}: $!\n";
	syswrite $fh, pack 'q', $self->{offset_us};
	close $fh or die "$self->{file}: $!\n";
}

sub advance { $_[0]->set($_[0]->now + $_[1]) }

1;
