# Debian's SpamAssassin rules on the SpamAssassin public corpus, beside what
# SpamAssassin itself found there (data/rules-oracle): over all pairs of message and
# rule in which either side hits, how often both agree.
#
# The corpus is not ours to copy: MAILREEVE_CORPUS names the folder in which
# easy-ham-1, spam-1 and so on lie, a message each file.

use strict;
use warnings;

use IO::Uncompress::Gunzip qw(gunzip);
use JSON::PP;
use Test::More;

use Sandbox;

my $shared = Sandbox->shared // plan skip_all => 'no ../shared here';
my $corpus = $ENV{MAILREEVE_CORPUS} //
	plan skip_all => 'MAILREEVE_CORPUS names no folder';
plan skip_all => 'too slow with a sanitizer' if Sandbox::is_sanitized();
my @rules = glob '/usr/share/spamassassin/*.cf';
@rules or plan skip_all => 'no /usr/share/spamassassin here';

my $box = Sandbox->new;
my $conf = $box->write_file('plain.conf', Sandbox::conf_text({
	state_dir => $box->path('none'), rules => { files => [] } }));

# file => { rule => 1 }, of SpamAssassin.
my %theirs;
gunzip "$shared/data/rules-oracle/spamassassin-corpus.tsv.gz" => \my $table
	or die "the oracle cannot be read\n";
for my $line (split /\n/, $table) {
	my ($file, undef, @lists) = split /\t/, $line, -1;
	$theirs{$file} = { map { $_ => 1 } map { split /,/ } @lists }
		if $file ne 'file';
}
cmp_ok scalar keys %theirs, '>=', 6046, 'the oracle knows all messages';

# Rules that need what is not built, as functions.
my (undef, $said) = $box->run("$Sandbox::BUILD/reevectl", '-c', $conf, 'rules',
	'check', @rules);
my %lacking = map { $_ => 1 } $said =~
	/^\S+:\d+: (?:header|body|rawbody|full|uri|mimeheader) (\w+): /mg;
my %needs;
for my $file (@rules) {
	open my $fh, '<', $file or die "$file: $!\n";
	while (<$fh>) {
		push @{ $needs{$1} }, $2 =~ /([A-Za-z_]\w*)/g
			if /^\s*meta\s+(\w+)\s+(.*)/;
	}
}
for (1 .. 20) {
	for my $meta (keys %needs) {
		$lacking{$meta} = 1 if grep { $lacking{$_} } @{ $needs{$meta} };
	}
}

my (%both, %one, $count);
my %folders = map { m{^(.*)/} ? ($1 => 1) : () } keys %theirs;
my ($status, $out, $err) = $box->run(
	"$Sandbox::BUILD/reevectl", '-c', $conf, 'rules', 'match',
	(map { ('--rules', $_) } @rules), map { "$corpus/$_" } sort keys %folders);
is $status, 0, 'all are matched' or diag $err;
for my $line (split /\n/, $out) {
	my $got = decode_json($line);
	my $file = $got->{file} =~ s{^\Q$corpus/\E}{}r;
	my $want = $theirs{$file} // next;
	my %ours = map { $_ => 1 } @{ $got->{hits} }, @{ $got->{subhits} };

	$count++;
	$both{$_}++ for grep { $ours{$_} } keys %$want;
	$one{$_}++ for grep { !$want->{$_} } keys %ours;
	$one{$_}++ for grep { !$ours{$_} } keys %$want;
}
is $count, scalar keys %theirs, 'every message is there';

sub agreement
{
	my ($both, $one) = (0, 0);

	$both += $both{$_} // 0 for @_;
	$one += $one{$_} // 0 for @_;
	return 100 * $both / ($both + $one || 1);
}

my %all = (%both, %one);
my @simple = grep { !$lacking{$_} } keys %all;
my $simple = agreement(@simple);
note sprintf 'agreement: %.3f %% of what is built, %.3f %% of all', $simple,
	agreement(keys %all);
note 'the worst of what is built:';
note sprintf '%6d %s', $one{$_}, $_ for grep { $one{$_} } (sort {
	($one{$b} // 0) <=> ($one{$a} // 0) } @simple)[0 .. 19];
cmp_ok $simple, '>=', 99, 'what is built agrees with SpamAssassin';
cmp_ok agreement(keys %all), '>=', 95, 'and so does the whole';

done_testing;
