# The shipped rules: each is described and weighed, and has a message
# that hits it and one that nearly does (t/data/rules/*.cases; see Cases
# below for their form).

use strict;
use warnings;

use Compress::Zlib qw(crc32);
use JSON::PP;
use MIME::Base64;
use Test::More;

use Sandbox;

my $box = Sandbox->new;
my $top = Sandbox->top;
my $reevectl = "$Sandbox::BUILD/reevectl";
my @rule_files = sort glob "$top/rules/*.cf";
my $conf = $box->write_file('plain.conf', Sandbox::conf_text({
	state_dir => $box->path('none'), rules => { files => ["$top/rules/*.cf"] } }));

# What the files say of themselves.
my (%kind, %described, %scored, %known);
for my $file (@rule_files) {
	open my $fh, '<', $file or die "$file: $!";
	while (<$fh>) {
		$kind{$2} = $1 if /^(header|body|rawbody|full|uri|mimeheader|meta)\s+(\S+)/;
		$described{$1} = $2 if /^describe\s+(\S+)\s+(\S.*)/;
		$scored{$1} = $2 if /^score\s+(\S+)\s+(-?[\d.]+)\s*$/;
	}
}
my @shown = sort grep { !/^__/ } keys %kind;

cmp_ok scalar @shown, '>=', 60, 'there are rules';
is_deeply [grep { !/^(?:__)?MR_[A-Z0-9_]+\z/ } sort keys %kind], [],
	'all names begin with MR_ or __MR_';
is_deeply [grep { !$described{$_} } @shown], [], 'each is described';
is_deeply [grep { !defined $scored{$_} } @shown], [], 'each has a score';
is_deeply [grep { !$kind{$_} } sort keys %described, keys %scored], [],
	'nothing else has either';
is_deeply [grep { $scored{$_} <= 0 || $scored{$_} > 5 } sort keys %scored], [],
	'and none refuses mail alone';

{
	my ($status, $out, $err) = $box->run($reevectl, '-c', $conf, 'rules',
		'check', @rule_files);

	is $status, 0, 'rules check';
	unlike "$out$err", qr/\.cf:\d+:|not meant|ignored/, 'finds nothing wrong';
	is_deeply [map { (split)[4] } grep { /^(?:header|body|rawbody|full|uri|mime|meta)/ }
		split /\n/, $out], [(0) x 7], 'all of them run';
}

# A keyword list of none is a list.
for my $file (glob "$top/rules/keywords/*.txt") {
	open my $fh, '<:encoding(UTF-8)', $file or die "$file: $!";
	is_deeply [grep { !/^#/ && /\S/ } <$fh>], [], "$file: a template";
}

# Cases. A file is made of them:
#
#	== hit NAME ... [miss NAME ...]
#	Field: value
#
#	text
#
# Fields that every message has need not be given; "Field: -" takes one away.
# Escapes as in C (\xe2) are undone. A line "@attach NAME TYPE CONTENT" makes an
# attachment, and the rest text: CONTENT is text:..., hex:..., or zip:NAME,...
# and zip-locked:NAME,... where a NAME may be NAME=HEX, the bytes of that file.
my @usual = (
	['From', 'Ann <ann@one.example>'], ['To', 'bob@two.example'],
	['Subject', 'the minutes of Monday'],
	['Date', 'Mon, 23 Nov 2026 10:00:00 +0000'],
	['Message-ID', '<20261123100000.17@one.example>'],
);

sub zip
{
	my ($is_locked, @names) = @_;
	my ($files, $index) = ('', '');

	for my $file (@names) {
		my ($name, $hex) = split /=/, $file;
		my $content = ($is_locked ? 'x' x 12 : '') .
			(defined $hex ? pack 'H*', $hex : "Hello.\n");
		my @facts = (20, $is_locked ? 1 : 0, 0, 0, 0x5977, crc32($content),
			length $content, length($content) - ($is_locked ? 12 : 0),
			length $name, 0);
		$index .= pack('a4vvvvvvVVVvvvvvVV', "PK\1\2", 20, @facts, 0, 0, 0, 0,
			length $files) . $name;
		$files .= pack('a4vvvvvVVVvv', "PK\3\4", @facts) . "$name$content";
	}
	return "$files$index" . pack('a4vvvvVVv', "PK\5\6", 0, 0, scalar @names,
		scalar @names, length $index, length $files, 0);
}

sub content
{
	my ($what) = @_;

	return $1 if $what =~ /^text:(.*)/s;
	return pack 'H*', $1 if $what =~ /^hex:(.*)/;
	return zip($1 eq '-locked', split /,/, $2) if $what =~ /^zip(|-locked):(.*)/;
	die "no such content: $what\n";
}

sub attached
{
	my ($name, $type, $what) = @_;

	return "--b\nContent-Type: $type; name=\"$name\"\n" .
		"Content-Disposition: attachment; filename=\"$name\"\n" .
		"Content-Transfer-Encoding: base64\n\n" . encode_base64(content($what));
}

sub message
{
	my ($text) = @_;
	my ($head, $body) = $text =~ /\A(.*?)^\n(.*)\z/ms ? ($1, $2) : ($text, '');
	my %given = map { lc($_) => 1 } $head =~ /^([^\s:]+):/mg;
	my @parts;

	$head =~ s/^[^\s:]+: -\n//mg;
	for my $field (@usual) {
		$head .= "$field->[0]: $field->[1]\n" unless $given{lc $field->[0]};
	}
	s/\\x([0-9a-f]{2})/chr hex $1/gie for $head, $body;
	push @parts, attached($1, $2, $3)
		while $body =~ s/^\@attach (\S.*?) (\S+\/\S+) (\S.*)\n//m;
	return "$head\n$body" unless @parts;
	return "${head}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" .
		"--b\n\n$body\n" . join('', @parts) . "--b--\n";
}

my (%cases, %has);
mkdir $box->path('mail');
for my $file (sort glob "$top/t/data/rules/*.cases") {
	open my $fh, '<:raw', $file or die "$file: $!";
	local $/;
	my (undef, @texts) = split /^== /m, <$fh>;
	for my $text (@texts) {
		my ($names, $rest) = $text =~ /\A(.*)\n(.*)\z/s ? split /\n/, $text, 2 : ();
		my ($mode, $case) = ('', { names => $names });
		for my $word (split ' ', $names) {
			if ($word =~ /^(?:hit|miss)\z/) {
				$mode = $word;
			} else {
				push @{ $case->{$mode} }, $word;
				$has{$mode}{$word} = 1;
			}
		}
		my $path = sprintf 'mail/%04d.eml', scalar keys %cases;
		$cases{$box->write_file($path, message($rest))} = $case;
	}
}

is_deeply [grep { !$has{hit}{$_} } @shown], [], 'each has a message that hits';
is_deeply [grep { !$has{miss}{$_} } @shown], [], 'and one that does not';
is_deeply [grep { !$kind{$_} } sort map { keys %$_ } values %has], [],
	'no case is about a rule that is not there';

{
	my ($status, $out, $err) = $box->run($reevectl, '-c', $conf, '--json', 'rules',
		'match', '--rules', "$top/rules/*.cf", $box->path('mail'));

	is $status, 0, 'rules match' or diag $err;
	my @found = map { JSON::PP->new->utf8->decode($_) } split /\n/, $out;
	is scalar @found, scalar keys %cases, 'all cases were read';
	for my $found (@found) {
		my $case = $cases{$found->{file}};
		my %is_hit = map { $_ => 1 } @{ $found->{hits} }, @{ $found->{subhits} };
		my @wrong = ((map { "$_ misses" } grep { !$is_hit{$_} } @{ $case->{hit} }),
			map { "$_ hits" } grep { $is_hit{$_} } @{ $case->{miss} });

		ok !@wrong, $case->{names} or diag join(', ', @wrong), "\nhits: ",
			join(' ', sort keys %is_hit), "\n",
			$box->read_file($found->{file} =~ s{.*/mail/}{mail/}r);
	}
}

# Installed, they are the administrator's.
{
	my $etc = 'dest/etc/mailreeve/rules';
	my $share = 'dest/share/mailreeve/rules';
	my $install = sub {
		my ($goal) = @_;
		local $ENV{MAKEFLAGS} = '';
		my ($status, $out, $err) = $box->run('make', '-s', '-C',
			$Sandbox::BUILD, $goal, 'DESTDIR=' . $box->path('dest'),
			'sysconfdir=/etc', 'datadir=/share');
		is $status, 0, $goal or diag "$out$err";
		return $out;
	};
	my $names = sub { join ' ', map { s{.*/}{}r } sort glob $box->path($_[0]) };
	my $want = join ' ', map { s{.*/}{}r } @rule_files;

	is $install->('install-rules'), '', 'says nothing the first time';
	is $names->("$etc/*.cf"), $want, 'all are there';
	is $names->("$etc/keywords/*.txt"), $names->("$share/keywords/*.txt"),
		'keyword lists too';

	my $shipped = $box->read_file("$etc/10-bulk.cf");
	$box->write_file("$etc/10-bulk.cf", "# mine\n");
	unlink $box->path("$etc/20-sender.cf");
	$box->write_file("$_/30-advertising.cf", "# as once shipped\n") for $etc, $share;
	like $install->('install-rules'), qr{^kept \S+/10-bulk\.cf; as shipped: \S+$},
		'tells what it kept, once';
	is $box->read_file("$etc/10-bulk.cf"), "# mine\n", 'a changed file stays';
	is $box->read_file("$share/10-bulk.cf"), $shipped, 'and the new one is beside';
	ok !-e $box->path("$etc/20-sender.cf"), 'what was removed stays so';
	like $box->read_file("$etc/30-advertising.cf"), qr/MR_AD_MARK/,
		'what was not touched is renewed';
	$install->('uninstall-local');
	is $names->("$etc/*.cf"), '10-bulk.cf', 'only the changed one is left';
	is $names->("$share/*.cf"), '', 'and no copies';
}

done_testing;
