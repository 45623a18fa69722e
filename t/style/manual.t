# What the programs know, their manual pages and the completion tell: events of
# the log, commands, verbs and options.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $build = $ENV{MAILREEVE_BUILD} // "$top/build";
my $reevectl = "$build/reevectl";

sub slurp
{
	open my $fh, '<', $_[0] or die "$_[0]: $!\n";
	local $/;
	return scalar <$fh>;
}

sub page
{
	my $text = slurp("$top/milter/$_[0]");

	$text =~ s/\\-/-/g;
	$text =~ s/\\f[BIR]//g;
	return $text;
}

subtest 'each event that people are to see is in mailreeve(8)' => sub {
	my $page = page('mailreeve.8');
	my %events;

	for my $file (glob "$top/milter/*/*.c") {
		my $text = slurp($file);
		while ($text =~ /log_event\(([^;]*?LOG_(\w+)[^;]*?)"([a-z_]+)",/g) {
			$events{$3} = 1 if $2 ne 'DEBUG' && $1 !~ /"/;
		}
	}
	cmp_ok scalar keys %events, '>', 50, 'there are events';
	like $page, qr/\b\Q$_\E\b/, $_ for sort keys %events;
};

# Its long options, by name, each with its short one or undef.
sub options_of
{
	my ($help) = @_;
	my %options;

	$options{$2} = $1 while $help =~ /^  (?:-(\w), )?--([\w-]+)/mg;
	delete $options{help};
	return \%options;
}

sub help_of { scalar `$reevectl @_ --help 2>&1` }

# "records search" and so on, each with its options; verbs of verbs as well.
sub commands
{
	my %commands;
	my @left = map { /^  ([a-z][a-z-]*)  / ? $1 : () } `$reevectl help`;

	while (defined(my $name = shift @left)) {
		my $help = help_of($name);
		my @verbs = map { /^  (\Q$name\E [a-z-]+)  / ? $1 : () } split /\n/, $help;

		push @left, @verbs;
		$commands{$name} = { options => options_of($help),
			verbs => [map { /(\S+)$/ } @verbs] };
	}
	return \%commands;
}

# What the completion offers behind each of these beginnings.
sub completed
{
	my (@names) = @_;
	my $lines = join "\n", map { "offer $_" } @names;
	open my $bash, '-|', 'bash', '-c', <<"B" or die "bash: $!\n";
_filedir() { :; }
_init_completion() { cur= prev= words=("\${given[@]}") cword=\${#given[@]}; }
. $top/contrib/completion/reevectl
offer() { given=(reevectl "\$@"); COMPREPLY=(); _reevectl; echo "\$* = \${COMPREPLY[*]}"; }
$lines
B
	my %offered;

	while (<$bash>) {
		$offered{$1} = { map { $_ => 1 } split / /, $2 } if /^(.*?) = (.*)$/;
	}
	return \%offered;
}

SKIP: {
	skip "no reevectl in $build", 1 unless -x $reevectl;
	my $commands = commands();
	my $page = page('reevectl.8');
	my $offered = completed(sort keys %$commands);

	cmp_ok scalar keys %$commands, '>', 60, 'there are commands';
	for my $name (sort keys %$commands) {
		my ($options, $verbs) = @{ $commands->{$name} }{qw(options verbs)};
		my ($last) = $name =~ /(\S+)$/;
		my @wrong = $page =~ /\b\Q$last\E\b/ ? () : ('not in reevectl(8)');

		for my $option (sort keys %$options) {
			my $short = $options->{$option};

			push @wrong, "--$option is not in reevectl(8)"
				unless $page =~ /--\Q$option\E\b/ ||
				defined $short && $page =~ /[ "]-\Q$short\E\b/;
			push @wrong, "--$option is not in the completion"
				unless $offered->{$name}{"--$option"};
		}
		push @wrong, map { "$_ is not in the completion" }
			grep { !$offered->{$name}{$_} } @$verbs;
		is_deeply \@wrong, [], $name;
	}
}

done_testing;
