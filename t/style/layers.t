# What a machine can check of STYLE: layers, headers, names, calls, sizes.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Find;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
my @layers = qw(base settings resolver message store alert relay sender content bulk
	cases verdict report session admin web);
my %level = map { $layers[$_] => $_ } 0 .. $#layers;
# Those that check do not know each other.
my %peer = map { $_ => 1 } qw(relay sender content bulk cases);

my @files;
find({ no_chdir => 1, wanted => sub {
	push @files, $_ if /\.[ch]$/ && !/\.pb-c\./;
} }, "$top/milter");
@files = sort @files;
cmp_ok scalar @files, '>', 50, 'the sources are found';

sub slurp
{
	open my $fh, '<', $_[0] or die "$_[0]: $!\n";
	local $/;
	return scalar <$fh>;
}

my (%text, %seen);
$text{$_} = slurp($_) for @files;

for my $file (@files) {
	my ($folder, $name) = $file =~ m{/milter/(?:(\w+)/)?([^/]+)$};
	my $text = $text{$file};
	my @wrong;

	if ($folder) {
		push @wrong, "no such folder in the order: $folder"
			unless defined $level{$folder};
		while ($text =~ /^#include "(\w+)\/[^"]+"/mg) {
			next unless defined $level{$1};
			push @wrong, "includes $1, which is above"
				if $level{$1} > $level{$folder};
			push @wrong, "includes $1, its peer"
				if $1 ne $folder && $peer{$1} && $peer{$folder};
		}
	}
	push @wrong, 'does not begin with <config.h>'
		if $name =~ /\.c$/ && $text !~ m{\A(?:/\*.*?\*/\n)?#include <config\.h>}s;
	(my $stem = $name) =~ s/\.c$//;
	push @wrong, 'does not include its own header next'
		if $text{$file =~ s/\.c$/.h/r} && $name =~ /\.c$/ &&
		$text !~ m{<config\.h>\n\n#include "(?:\w+/)?\Q$stem\E\.h"};
	push @wrong, "calls $1" while $text =~
		/\b(strcpy|strcat|sprintf|strtok|strncpy|gets|alloca)\(/g;
	push @wrong, 'has trailing blanks' if $text =~ /[ \t]$/m;
	push @wrong, 'has "#ifdef" in its midst'
		if $name =~ /\.c$/ && $text =~ /^#\s*ifn?def/m;
	my $lines = () = $text =~ /\n/g;
	push @wrong, "has $lines lines" if $lines > 800;
	while ($text =~ /^\{\n(.*?)^\}/msg) {
		my $long = () = $1 =~ /\n/g;
		push @wrong, "has a function of $long lines" if $long > 60;
	}
	(my $short = $file) =~ s{^\Q$top\E/}{};
	push @wrong, "shares its name with $seen{$name}" if $seen{$name};
	$seen{$name} = $short;
	ok !@wrong, $short or diag join "\n", map { "$short $_" } @wrong;
}

subtest 'headers compile alone' => sub {
	my $build = $ENV{MAILREEVE_BUILD} // "$top/build";
	plan skip_all => "no build in $build" unless -e "$build/config.h";
	my $flags = `pkg-config --cflags glib-2.0 jansson lmdb libprotobuf-c`;
	chomp $flags;
	for my $file (grep { /\.h$/ } @files) {
		my ($name) = $file =~ m{/milter/(.*)};
		my $out = `echo '#include "$name"' | cc -std=gnu11 -D_GNU_SOURCE -I$build -I$build/milter -I$top/milter $flags -fsyntax-only -x c - 2>&1`;
		is $?, 0, $name or diag $out;
	}
};

subtest 'exported names carry the prefix of their file' => sub {
	my $build = $ENV{MAILREEVE_BUILD} // "$top/build";
	my $library = "$build/milter/libmailreeve.a";
	plan skip_all => "no library in $build" unless -e $library;
	my ($object, @wrong);
	# Files whose types or verbs have a name of their own.
	my %prefix = (
		netaddr => 'net', alertsettings => 'alert', webhook_libcurl => 'webhook', webhook_none => 'webhook', alertadmin => 'command', rawmessage => 'rawmessage', status => 'command',
		check => 'command', 'try' => 'command', dkim => 'command', list => 'command',
		caseadmin => 'command', caseform => 'case', casesettings => 'case',
		casestate => 'case',
		noticeform => 'notice', noticeset => 'notice', noticesettings => 'notice',
		noticetext => 'notice',
		records => 'command', relayprobe => 'command',
		rules => 'command', submit => 'command',
		recordid => 'record_id', recordkey => 'record_key',
		finding => 'action', transaction => 'transaction|direction|ending',
		gather => 'gather|session', storeerror => 'store_error',
		verdictsettings => 'verdict', relaysettings => 'relay',
		storesettings => 'store', lists => 'list', bulksettings => 'bulk',
		limitsettings => 'limit',
		bulkcampaigns => 'command', bulklimits => 'command', incidentlist => 'command', auditlist => 'command',
		evidencesettings => 'evidence', evidencelist => 'command',
		evidencezip_libarchive => 'evidencezip', evidencezip_none => 'evidencezip',
		settingformat => 'setting', notify_systemd => 'notify',
		notify_none => 'notify', recordview => 'recordview',
		campaignrows => 'campaignrows|campaigns',
		canon => 'canon|bodyhash', sendersettings => 'sender',
		resolver => 'resolver|question', resolversettings => 'resolver',
		clamdsettings => 'clamd', dnslistsettings => 'dnslists', greysettings => 'grey', streamsettings => 'stream',
		greylistadmin => 'command', backupadmin => 'command', restoreadmin => 'command', reportadmin => 'command',
		customeradmin => 'command', complaintadmin => 'command',
		reportsettings => 'report', complaintsettings => 'complaint',
		spfsecond_libspf2 => 'spfsecond', auth => 'auth|dmarc_policy',
		hyperset_hyperscan => 'hyperset', hyperset_none => 'hyperset',
		packed_libarchive => 'packed', packed_none => 'packed',
	);
	for (`nm -g --defined-only $library 2>/dev/null`) {
		$object = $1 if /(\w+)\.o:/;
		next unless /^\S+ [TDBRC] (\w+)$/;
		my $symbol = $1;
		my $want = $prefix{$object // ''} // $object // next;
		push @wrong, "$object: $symbol"
			unless $symbol =~ /^(?:$want)/ || $symbol =~ /^__/;
	}
	is_deeply \@wrong, [], 'all do';
};

done_testing;
