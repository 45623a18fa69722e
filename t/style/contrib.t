# What surrounds the programs: the unit's hardening, scripts, manual pages.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my $build = $ENV{MAILREEVE_BUILD} // "$top/build";

subtest 'the systemd unit' => sub {
	plan skip_all => 'no systemd-analyze here'
		unless grep { -x "$_/systemd-analyze" } split /:/, $ENV{PATH};
	my $out = `systemd-analyze security --offline=true --no-pager $top/contrib/mailreeve.service 2>&1`;
	my ($exposure) = $out =~ /exposure level for \S+: ([\d.]+)/;
	plan skip_all => 'this systemd-analyze reads no files'
		unless defined $exposure;
	cmp_ok $exposure, '<', 2.5, "exposure $exposure";
};

# Else PCRE2 has no JIT, and says so to nobody.
open my $unit, '<', "$top/contrib/mailreeve.service" or die $!;
unlike join('', <$unit>), qr/^MemoryDenyWriteExecute=(?:yes|true|1|on)/m,
	'the unit lets patterns become machine code';

for my $script (qw(contrib/build contrib/packages contrib/quickstart t/run)) {
	is system("sh -n $top/$script"), 0, "$script: its syntax";
}
is system("bash -n $top/contrib/completion/reevectl"), 0,
	'the completion: its syntax';

subtest 'manual pages' => sub {
	plan skip_all => 'no mandoc here'
		unless grep { -x "$_/mandoc" } split /:/, $ENV{PATH};
	for my $page ("$top/milter/mailreeve.8", "$top/milter/reevectl.8",
		"$build/milter/mailreeve.conf.5") {
		next unless -e $page;
		my $out = `mandoc -T lint -W warning $page 2>&1`;
		is $out, '', $page =~ s{.*/}{}r;
	}
};

subtest 'every setting and symbol is in the manual' => sub {
	open my $fh, '<', "$top/milter/mailreeve.8" or die $!;
	my $manual = do { local $/; <$fh> };
	my %symbols;
	for my $file (glob "$top/milter/*/*.c") {
		open my $source, '<', $file or die "$file: $!\n";
		my $text = do { local $/; <$source> };
		$symbols{$1} = 1 while $text =~
			/"((?:ARC|BARE|CLIENT|DATE|DKIM|DMARC|ENVELOPE|FROM|
			HEADER|HELO|LIMIT|LIST|LOGIN|LOOKALIKE|MESSAGE_ID|
			NO_REPLY|RECEIVED|RELAY|REPLY_TO|SERVICE|SMUGGLING|SPF|STORE)
			_[A-Z0-9_]+)"/xg;
	}
	ok $manual =~ /\b\Q$_\E\b/, $_ for sort keys %symbols;
};

done_testing;
