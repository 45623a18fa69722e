# Campaigns of real spam, each message varied as spammers do, among real ham:
# variants meet their campaign, and letters of different threads do not meet.
#
# Chinese spam is in ../shared/data. The rest is the SpamAssassin public corpus,
# which is not ours to copy: MAILREEVE_CORPUS names the folder in which
# easy-ham-1, spam-1 and so on lie, a message each file. Without it there are
# the Chinese campaigns alone.

use strict;
use warnings;

use Encode qw(decode encode FB_CROAK LEAVE_SRC);
use JSON::PP;
use MIME::Base64;
use MIME::QuotedPrint;
use Test::More;

use Sandbox;

use constant VARIANTS => 20;

my $shared = Sandbox->shared // plan skip_all => 'no ../shared here';
my $corpus = $ENV{MAILREEVE_CORPUS};
my $tool = "$Sandbox::BUILD/t/unit/alike";
my $parts = "$Sandbox::BUILD/t/unit/parts";
my $box = Sandbox->new;

srand 1;
sub pick { return $_[rand @_] }

# The text that a message is made of, in UTF-8, and whether it is HTML.
sub text_of
{
	my ($file) = @_;
	open my $fh, '-|', $parts, $file or die "$parts: $!\n";
	my $object = decode_json(do { local $/; <$fh> });

	for my $leaf (@{ $object->{leaves} }) {
		next if ($leaf->{type} // '') !~ m{^text/(plain|html)$};
		my $is_html = $1 eq 'html';
		my $text = decode('UTF-8', decode_base64($leaf->{text}));

		return ($text, $is_html) if words($text, $is_html) >= 25;
	}
	return;
}

# Of a reader: tags, and links, are none.
sub words
{
	my ($text, $is_html) = @_;
	my $chinese = () = $text =~ /\p{Han}/g;

	$text =~ s/<[^>]*>/ /g if $is_html;
	my @words = grep { !m{://} && /^\p{L}+\W?$/ } split ' ', $text;
	return @words + $chinese / 2;
}

my @names = qw(Smith Jones Garcia Miller Chen Okafor Novak Larsen Rossi Dubois
	Tanaka Haddad Kowalski Petrov Silva);
my @word = map { my $n = $_; join '', map { pick(qw(ba ce di fo gu la me ni po
	ru sa te vi zo)) } 1 .. 2 + $n % 3 } 1 .. 400;

# Of the words outside tags some change places.
sub shuffle_words
{
	my ($text) = @_;

	for (1 .. 4) {
		my @places;
		push @places, [$-[1], $+[2], "$2 $1"]
			while $text =~ /(?<![<\/="'\w&])(\p{L}{2,})[ ](\p{L}{2,})(?![^<]*>)/g;
		return $text if !@places;
		my $place = pick(@places);
		substr $text, $place->[0], $place->[1] - $place->[0],
			$place->[2];
	}
	return $text;
}

sub padding
{
	my ($text) = @_;

	return join '', map { chr 0x4e00 + int rand 3000 } 1 .. 30 + rand 30
		if $text =~ /\p{Han}{5}/;
	return join ' ', map { pick(@word) } 1 .. 20 + rand 20;
}

sub vary
{
	my ($text, $is_html) = @_;
	my $token = join '', map { pick('a' .. 'z', 0 .. 9) } 1 .. 12;
	my $name = pick(@names);
	my $greeting = $text =~ /\p{Han}{5}/ ? "尊敬的${name}:" : "Dear $name,";
	my ($open, $close) = $is_html ? ('<p>', "</p>\n") : ('', "\n\n");

	utf8::decode($greeting) if !utf8::is_utf8($greeting);
	$text =~ s{(https?://[^\s"'<>]+)}{$1/$token}g;
	$text =~ s{(?<![#&\w])\d+(?![^<]*>)}{int rand 9000}ge;
	$text = shuffle_words($text);
	my $random = padding($text);
	$text = pick("$open$random$close$text",
		"$text\n$open$random$close") ;
	return "$open$greeting$close$text";
}

# As a message, in one of the charsets that have all of its characters.
sub message
{
	my ($text, $is_html) = @_;
	my @charsets = grep {
		defined eval { encode($_, $text, FB_CROAK | LEAVE_SRC) }
	} qw(gb2312 gbk big5 iso-8859-1 windows-1252 koi8-r iso-2022-jp UTF-16BE);
	my $charset = pick('UTF-8', @charsets);
	my $bytes = encode($charset, $text);
	my $coding = $charset eq 'UTF-16BE' ? 'base64' :
		pick(qw(base64 quoted-printable));
	my $body = $coding eq 'base64' ? encode_base64($bytes) :
		encode_qp($bytes);

	return 'From: a' . int(rand 1e6) . "\@example.net\nTo: b\@example.org\n" .
		"Subject: x\nMIME-Version: 1.0\nContent-Type: text/" .
		($is_html ? 'html' : 'plain') . "; charset=$charset\n" .
		"Content-Transfer-Encoding: $coding\n\n$body";
}

# Which are evenly spread over a folder, of those that have a text.
sub chosen
{
	my ($count, @files) = @_;
	my @chosen;
	my %seen;

	for my $file (map { $files[$_ * 7919 % @files] } 0 .. $#files) {
		my ($text, $is_html) = text_of($file);

		push @chosen, [$text, $is_html] if defined $text &&
			!$seen{substr $text, 0, 200}++;
		last if @chosen == $count;
	}
	return @chosen;
}

my @chinese = sort glob "$shared/data/chinese/spamassassin/*.eml";
my @spam = $corpus ? sort glob "$corpus/spam-*/*.txt" : ();
my @ham = $corpus ? sort glob "$corpus/*ham*/*.txt" : ();
my @campaigns = (chosen($corpus ? 12 : 20, @chinese), chosen(38, @spam));

cmp_ok scalar @campaigns, '>=', $corpus ? 50 : 20, scalar(@campaigns) . ' campaigns';

my @files;
for my $n (0 .. $#campaigns) {
	for my $v (0 .. VARIANTS - 1) {
		push @files, $box->write_file("$n-$v.eml",
			message(vary(@{ $campaigns[$n] }), $campaigns[$n][1]));
	}
}

my $list = $box->write_file('list', join '', map { "$_\n" } @files, @ham);
open my $fh, '-|', "$tool < $list" or die "$tool: $!\n";
my (%meets, %strangers, @pairs);
while (<$fh>) {
	my ($a, $b) = split;

	if ($b < @files) {
		my ($of_a, $of_b) = map { int $_ / VARIANTS } $a, $b;
		$meets{$b} = 1 if $of_a == $of_b && $a % VARIANTS == 0;
		$strangers{"$of_a $of_b"} = 1 if $of_a != $of_b;
	} elsif ($a >= @files) {
		push @pairs, [$a - @files, $b - @files];
	}
}
close $fh or die "$tool: status $?\n";

my $all = @campaigns * (VARIANTS - 1);
my $share = 100 * keys(%meets) / $all;
note sprintf '%.2f %% of %d variants meet the first of their campaign', $share, $all;
for my $n (0 .. $#campaigns) {
	my $met = grep { $meets{$n * VARIANTS + $_} } 1 .. VARIANTS - 1;
	note "campaign $n: $met of " . (VARIANTS - 1) . ', ' .
		words(@{ $campaigns[$n] }) . ' words' if $met < VARIANTS - 1;
}
cmp_ok $share, '>=', 95, 'variants meet their campaign';
note 'campaigns that meet each other: ' . keys %strangers;
cmp_ok scalar keys %strangers, '<=', @campaigns / 10, 'most campaigns stay apart';

SKIP: {
	skip 'MAILREEVE_CORPUS names no folder', 2 if !@ham;
	my @thread = threads(@ham);
	my (%size, $different);
	my $met = grep { $thread[$_->[0]] != $thread[$_->[1]] } @pairs;

	$size{$_}++ for @thread;
	$different = @ham * (@ham - 1) / 2;
	$different -= $_ * ($_ - 1) / 2 for values %size;
	note sprintf '%.4f %% of %d pairs of ham of different threads meet (%d)',
		100 * $met / $different, $different, $met;
	is scalar @ham, 4150, 'all ham is there';
	cmp_ok 100 * $met / $different, '<', 0.1, 'few of them meet';
}

# A number for each: the same for what has the same subject, or
# refers to another.
sub threads
{
	my @files = @_;
	my @to = 0 .. $#files;
	my $root = sub {
		my ($n) = @_;
		$n = $to[$n] while $to[$n] != $n;
		return $n;
	};
	my %first;

	for my $n (0 .. $#files) {
		open my $in, '<:raw', $files[$n] or die "$files[$n]: $!\n";
		my $head = do { local $/ = "\n\n"; <$in> };
		$head =~ s/\n[ \t]+/ /g;
		my ($subject) = $head =~ /^Subject: ?(.*)/mi;
		my @keys = map { /(<[^>]+>)/g } $head =~
			/^(?:Message-ID|In-Reply-To|References): ?(.*)/mgi;

		$subject = lc($subject // '');
		1 while $subject =~ s/^\s*(?:(?:re|fwd?|aw|sv)(?:\[\d+\])?\s*:|\[[^\]]*\])\s*//;
		push @keys, "subject $subject" if $subject =~ /\S/;
		for my $key (@keys) {
			defined $first{$key} ?
				($to[$root->($n)] = $root->($first{$key})) :
				($first{$key} = $n);
		}
	}
	return map { $root->($_) } 0 .. $#files;
}

done_testing;
