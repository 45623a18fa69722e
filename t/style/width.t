# Lines of C have 80 columns, tabs being 8, and rows of tables and those with a
# text in them 100. Comments have 80, in C and in Perl.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my (@c, @perl);

find({ no_chdir => 1, wanted => sub {
	push @c, $_ if /\.[ch]$/ && !/\.pb-c\./;
	push @perl, $_ if /\.(?:t|pm|pl)$/;
} }, "$top/milter", map { "$top/t/$_" } qw(unit fuzz bench flow lib style));
cmp_ok scalar @c, '>', 50, 'the sources are found';

sub lines_of
{
	open my $fh, '<:encoding(UTF-8)', $_[0] or die "$_[0]: $!\n";
	chomp(my @lines = <$fh>);
	return @lines;
}

sub width
{
	my ($line) = @_;

	1 while $line =~ s/\t/' ' x (8 - $-[0] % 8)/e;
	return length $line;
}

sub most_of
{
	my ($line, $is_comment) = @_;
	(my $code = $line) =~ s/"(?:[^"\\]|\\.)*"/""/g;

	return 80 if $is_comment || $code =~ m{/\*};
	return $line =~ /"|\{.*\}|\{$/ ? 100 : 80;
}

sub too_wide
{
	my ($file) = @_;
	my ($is_comment, $n, @wide) = ('', 0);

	for my $line (lines_of($file)) {
		$n++;
		push @wide, $n if width($line) > most_of($line, $is_comment);
		$is_comment = $1 eq '/*' while $line =~ m{(/\*|\*/)}g;
	}
	return @wide;
}

for my $file (sort @c) {
	my @wide = too_wide($file);

	is "@wide", '', substr $file, 1 + length $top;
}

for my $file (sort @perl) {
	my ($n, @wide) = 0;

	for my $line (lines_of($file)) {
		$n++;
		push @wide, $n if $line =~ /^\s*#/ && width($line) > 80;
	}
	is "@wide", '', substr $file, 1 + length $top;
}

done_testing;
