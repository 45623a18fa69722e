# Others' messages, the broken ones above all: each is parsed within limits, and
# where its collectors say what is in it (texts, files, headers), it is found.

use strict;
use warnings;

use Encode qw(decode);
use JSON::PP;
use MIME::Base64;
use Test::More;
use Time::HiRes qw(time);

use Sandbox;

my $shared = Sandbox->shared // plan skip_all => 'no ../shared here';
my $data = "$shared/data/mime";
-d $data or plan skip_all => 'no data/mime';

# Where we see it otherwise, and why.
my %otherwise = (
	'malformed-000' => 'boundaries without headers between are parts',
	'malformed-012' => 'the outer boundary ends what is open within',
	'malformed-016' => 'a line that only begins as a boundary is none, when ' .
		'there are others that are',
	'thirdparty-005' => 'a boundary begins a line',
	'thirdparty-015' => 'a boundary ends a message within, also in its ' .
		'header',
	'mimetools-testmsgs-badbound' => 'where no boundary is found, all of ' .
		'it is text',
	'testmsgs-missing-inner-boundary' => 'likewise',
	'testmsgs-multipartnopart' => 'what is behind the last boundary is ' .
		'text, when there was no other',
	'mimetools-testmsgs-hdr-fakeout' => 'the header ends at what is no ' .
		'field, and all behind it is text',
	'testmsgs-basic-plain-with-bad-header-separator' => 'likewise',
	'testmsgs-malformedHeader-nocrlfcrlf' => 'likewise',
	'testmsgs-malformedHeaderStartsBody-nocrlfcrlf' => 'likewise',
);

my $box = Sandbox->new;
my @files = sort glob "$data/*/messages/*.eml";
my $began = time;
my ($status, $out, $err) = $box->run("$Sandbox::BUILD/t/unit/parts", @files);
my $took = time - $began;

is $status, 0, 'all messages are parsed' or diag $err;
my %ours;
for my $line (split /\n/, $out) {
	my $object = decode_json($line);

	$ours{$1} = $object if $object->{file} =~ m{/(\w[^/]*/messages/.*)\.eml$};
}
is scalar keys %ours, scalar @files, 'each of ' . @files;
# A guard against hanging only.
cmp_ok $took, '<', 100, 'in good time' unless Sandbox::is_sanitized();

my @wrong;
for my $name (sort keys %ours) {
	my $is = $ours{$name};
	push @wrong, "$name: $is->{parts} parts" if $is->{parts} > 1000;
	push @wrong, "$name: lies too deep"
		if grep { $_->{depth} > 20 } @{ $is->{leaves} };
	for (@{ $is->{lines} }) {
		my $line = decode_base64($_);
		push @wrong, "$name: a line is not UTF-8"
			unless eval { decode('UTF-8', $line, 1); 1 };
	}
}
is_deeply \@wrong, [], 'within limits, and in UTF-8';

sub plain
{
	my ($text) = @_;

	$text =~ s/\r\n/\n/g;
	$text =~ s/\s+\z//;
	return $text;
}

sub slurp
{
	open my $fh, '<:raw', $_[0] or die "$_[0]: $!\n";
	local $/;
	return scalar <$fh>;
}

# What has no text is no part to a reader.
sub leaves
{
	my ($is) = @_;

	return grep { $_->{type} !~ m{^multipart/} || length $_->{text} }
		@{ $is->{leaves} };
}

sub fold { return $_[0] =~ s/\s+/ /gr =~ s/^ | $//gr }

# One text or file: undef, or what is wrong.
sub differs
{
	my ($leaf, $want, $is_text) = @_;
	my $text = decode_base64($leaf->{text});
	my $bytes = decode_base64($leaf->{bytes});

	return if $is_text && (plain($text) eq plain($want) ||
		plain($bytes) eq plain($want));
	return if !$is_text && $bytes =~ s/[\r\n]+\z//r eq $want =~ s/[\r\n]+\z//r;
	return 'has "' . substr($text, 0, 60) . '" for "' .
		substr($want, 0, 60) . '"';
}

# Stalwart has ids without their < and >.
sub bare { return fold($_[0] =~ s/^\s*<(.*)>\s*$/$1/r) }

# The fields that stalwart gives as text, which are unfolded and decoded.
sub differing_headers
{
	my ($theirs, $ours) = @_;
	my @wrong;

	for my $header (@$theirs) {
		my $value = $header->{value};
		ref $value eq 'HASH' && defined $value->{Text} or next;
		my $name = ref $header->{name} ? $header->{name}{other} :
			$header->{name};
		push @wrong, "$name: $value->{Text}" unless grep {
			lc($_->[0]) =~ tr/-/_/r eq lc($name) =~ tr/-/_/r &&
			bare($_->[1]) eq bare($value->{Text}) } @$ours;
	}
	return @wrong;
}

# A parameter that stalwart found.
sub attribute
{
	my ($part, $field, $name) = @_;

	for my $header (grep { $_->{name} eq $field } @{ $part->{headers} }) {
		my $value = ref $header->{value} ?
			$header->{value}{ContentType} : undef;
		for (@{ ($value // {})->{attributes} // [] }) {
			return $_->{value} if $_->{name} eq $name;
		}
	}
	return;
}

# [kind, content, part] of all that has no parts.
sub stalwart_leaves
{
	my ($message) = @_;

	return map {
		my $part = $_;
		my ($kind, $what) = ref $part->{body} ? %{ $part->{body} } :
			($part->{body}, '');
		$kind eq 'Multipart' ? () :
		$kind eq 'Message' ? stalwart_leaves($what) :
			[$kind, $what, $part];
	} @{ $message->{parts} };
}

sub stalwart
{
	my ($name) = @_;
	my $is = $ours{"mail-parser/messages/$name"};
	my $want = decode_json(slurp("$data/mail-parser/expected/$name.json"));
	my @theirs = stalwart_leaves($want);
	my @leaves = leaves($is);
	my @wrong = differing_headers($want->{parts}[0]{headers},
		$is->{headers});

	return 'has ' . @leaves . ' for ' . @theirs . ' parts'
		if @leaves != @theirs;
	for my $i (0 .. $#theirs) {
		my ($kind, $what, $part) = @{ $theirs[$i] };
		my $is_text = $kind eq 'Text' || $kind eq 'Html';
		my $text = ref $what ? pack 'C*', @$what : $what;
		utf8::encode($text) unless ref $what;
		push @wrong, differs($leaves[$i], $text, $is_text);
		push @wrong, differing_headers($part->{headers},
			$leaves[$i]{headers});
		my $file = attribute($part, 'content_disposition', 'filename')
			// attribute($part, 'content_type', 'name');
		push @wrong, "lacks the file $file" if defined $file &&
			!grep { ($_->{name} // '') eq $file } @{ $is->{files} };
	}
	return @wrong;
}

my $checked = 0;
sub check
{
	my ($name, @wrong) = @_;

	$checked++;
	if ($otherwise{$name}) {
		ok scalar @wrong, "$name: otherwise, $otherwise{$name}";
	} else {
		ok !@wrong, $name or diag join "\n", @wrong;
	}
}

for my $file (sort glob "$data/mail-parser/expected/*.json") {
	next if $file =~ /\.crlf\.json$/;
	my ($name) = $file =~ m{([^/]+)\.json$};

	check($name, stalwart($name));
}

sub unescape
{
	my ($text) = @_;
	my %char = (lt => '<', gt => '>', amp => '&', quot => '"', apos => "'");

	$text =~ s/&(lt|gt|amp|quot|apos);/$char{$1}/g;
	$text =~ s/&#(\d+);/chr $1/ge;
	return $text;
}

sub mime4j
{
	my ($name) = @_;
	my $is = $ours{"mime4j/messages/$name"};
	my $xml = slurp("$data/mime4j/expected/${name}_decoded.xml");
	my ($prefix) = $name =~ /^(mimetools-testmsgs|testmsgs)-/;
	my @theirs = $xml =~ /<((?:text|binary)-body name="[^"]+)"/g;
	my @leaves = leaves($is);
	my @wrong;
	my ($header) = $xml =~ m{<header>(.*?)</header>}s;

	for my $field ($header =~ m{<field>\s*(.*?)</field>}gs) {
		my ($field_name, $value) = split /:/, unescape($field), 2;
		next if $value =~ /=\?/ || $value =~ /[^\0-\x7f]/;
		push @wrong, "lacks the field $field_name" unless grep {
			$_->[0] eq $field_name =~ s/\s+$//r &&
			fold($_->[1]) eq fold($value) } @{ $is->{headers} };
	}
	return 'has ' . @leaves . ' for ' . @theirs . ' parts', @wrong
		if @leaves != @theirs;
	for my $i (0 .. $#theirs) {
		my ($kind, $file) = $theirs[$i] =~ /^(\w+)-body name="(.*)/;
		push @wrong, differs($leaves[$i],
			slurp("$data/mime4j/expected/$prefix-$file"),
			$kind eq 'text');
	}
	return @wrong;
}

for my $file (sort glob "$data/mime4j/expected/*_decoded.xml") {
	my ($name) = $file =~ m{([^/]+)_decoded\.xml$};

	check($name, mime4j($name));
}
cmp_ok $checked, '>', 60, 'many were compared';

# Files that a name or its messages' notes tell of.
for my $case (
	['rspamd/messages/exe_attm', qr/\.exe$/i],
	['rspamd/messages/rar4', qr/\.rar$/i],
	['rspamd/messages/f.zip.gz', qr/\.gz$/i],
) {
	my ($name, $want) = @$case;
	my $is = $ours{$name} or next;

	ok scalar(grep { ($_->{name} // $_->{packed}) =~ $want }
		@{ $is->{files} }), "$name has such a file" or
		diag explain $is->{files};
}

done_testing;
