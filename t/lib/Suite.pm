package Suite;

# Reads others' test suites, and runs one of their messages
# through reevectl try.

use strict;
use warnings;

use JSON::PP;

my %unescaped = (t => "\t", n => "\n", r => "\r", '\\' => '\\');

# Rows of a tab-separated file as hashes by its first line.
sub table
{
	my ($file) = @_;

	open my $fh, '<:utf8', $file or die "$file: $!\n";
	my ($head, @rows) = map { s/\n\z//r } <$fh>;
	my @names = split /\t/, $head;
	return map {
		my @cells = split /\t/, $_, -1;
		s/\\(.)/$unescaped{$1} \/\/ $1/ge for @cells;
		my %row;
		@row{@names} = @cells;
		\%row;
	} @rows;
}

sub json
{
	my ($file) = @_;

	open my $fh, '<:raw', $file or die "$file: $!\n";
	local $/;
	return JSON::PP->new->utf8->decode(scalar <$fh>);
}

# The object that it prints; dies with what it says when there is none.
sub try_one
{
	my ($box, $conf, $file, @args) = @_;
	utf8::encode($_) for grep { utf8::is_utf8($_) } @args;
	my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl",
		'-c', $conf, '--json', 'try', @args, $file);

	die "reevectl try: status $status: $err\n" unless $status eq '0';
	return JSON::PP->new->utf8->decode($out);
}

# The results of its signatures, and the best of them.
sub dkim_results { map { $_->{result} } @{ $_[0]{auth}{dkim} } }

sub best_dkim
{
	my %has = map { $_ => 1 } dkim_results($_[0]);

	$has{$_} and return $_ for qw(pass temperror fail policy permerror none);
	return 'none';
}

1;
