# What rules can ask of attachments, and the findings that need no rule.

use strict;
use warnings;

use Compress::Zlib qw(crc32);
use JSON::PP;
use MIME::Base64;
use Test::More;

use Sandbox;
use Suite;

my $box = Sandbox->new;
my $reevectl = "$Sandbox::BUILD/reevectl";
my $has_archives = grep { /libarchive/ } `ldd $Sandbox::BUILD/mailreeve`;
my $conf = $box->write_file('plain.conf', Sandbox::conf_text({
	state_dir => $box->path('none'), rules => { files => [] } }));
my $seeds = Sandbox->top . '/t/fuzz/corpus/packed';

sub seed
{
	open my $fh, '<:raw', "$seeds/$_[0]" or die "$seeds/$_[0]: $!\n";
	local $/;
	return scalar <$fh>;
}

# A message with one file: its name, bytes and declared type.
sub with_file
{
	my ($name, $bytes, $type) = @_;

	$type //= 'application/octet-stream';
	return "From: a\@b.example\nSubject: x\nMIME-Version: 1.0\n" .
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n" .
		"--b\nContent-Type: $type\nContent-Disposition: attachment; " .
		"filename=\"$name\"\nContent-Transfer-Encoding: base64\n\n" .
		encode_base64($bytes) . "--b--\n";
}

sub hits
{
	my ($call, $message) = @_;
	my ($status, $out, $err) = $box->run($reevectl, '-c', $conf, 'rules',
		'match', '--json', '--rules',
		$box->write_file('hits.cf', "body A eval:$call\n"),
		$box->write_file('m.eml', $message));

	return "status $status: $err" if $status;
	return scalar @{ decode_json($out)->{hits} };
}

my $pe = "MZ\x90\0\3\0\0\0" . "\0" x 60;
my $none = "From: a\@b.example\nSubject: x\n\nhello setup.exe\n";

# [call, name, bytes, whether it hits, declared type]
for my $case (
	["attachment_name('*.exe')", 'Setup.EXE', 'x', 1],
	["attachment_name('*.com', 'set*')", 'Setup.EXE', 'x', 1],
	["attachment_name('*.exe')", 'setup.exe.txt', 'x', 0],
	["attachment_name('r\xc3\x84chnung*')",
		'=?utf-8?q?R=C3=A4chnung.pdf?=', 'x', 1],
	["attachment_extension('exe')", 'setup.exe', 'x', 1],
	["attachment_extension('exe')", 'setup.exe. ', 'x', 1],
	["attachment_extension('exe')", 'setup.exe.txt', 'x', 0],
	["attachment_extension('\@executable')", 'setup.scr', 'x', 1],
	["attachment_extension('\@executable', '\@script')", 'a.js', 'x', 1],
	["attachment_extension('\@executable', '\@script')", 'a.pdf', 'x', 0],
	["attachment_type('pe')", 'a.dat', $pe, 1],
	["attachment_type('\@executable')", 'a.dat', $pe, 1],
	["attachment_type('pe')", 'a.exe', 'text', 0],
	["attachment_type('html')", 'a.pdf', '<html>', 1],
	['attachment_type_differs()', 'a.jpg', $pe, 1, 'image/jpeg'],
	['attachment_type_differs()', 'a.pdf', '<html><script>', 1],
	['attachment_type_differs()', 'a.exe', $pe, 0],
	['attachment_type_differs()', 'a.txt', 'text', 0, 'text/plain'],
	['attachment_double_extension()', 'invoice.pdf.exe', 'x', 1],
	['attachment_double_extension()', 'invoice.2.exe', 'x', 0],
	['attachment_name_trick()', "=?utf-8?q?a=E2=80=AEfdp.exe?=", 'x', 1],
	['attachment_name_trick()', "a.pdf          .exe", 'x', 1],
	['attachment_name_trick()', "a.pdf", 'x', 0],
	['attachment_macro()', 'a.doc', "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" .
		'x' x 600 . join("\0", split //, '_VBA_PROJECT') . "\0", 1],
	['attachment_macro()', 'a.doc', "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" .
		'x' x 600, 0],
	['attachment_macro()', 'a.docx', seed('ooxml-macro'), 'archive'],
	['attachment_macro()', 'a.zip', seed('zip'), 0],
	["archive_name('plain.*')", 'a.zip', seed('zip'), 'archive'],
	["archive_name('in.js')", 'a.zip', seed('zip-nested'), 'archive'],
	["archive_name('nest.zip')", 'a.zip', seed('zip-nested'), 'archive'],
	["archive_name('x*')", 'a.zip', seed('zip'), 0],
	["archive_extension('exe')", 'a.zip', seed('zip'), 'archive'],
	["archive_extension('\@executable')", 'a', seed('rar5'), 'archive'],
	["archive_extension('\@executable')", 'a', seed('rar4'), 'archive'],
	["archive_extension('\@executable')", 'a', seed('7z'), 'archive'],
	["archive_extension('\@executable')", 'a', seed('cab'), 'archive'],
	["archive_extension('\@script')", 'a.txz', seed('tar-xz'), 'archive'],
	["archive_extension('\@script')", 'a.zip', seed('zip'), 0],
	['archive_double_extension()', 'a.zip', seed('zip'), 'archive'],
	['archive_double_extension()', 'a.zip', seed('zip-nested'), 0],
	['archive_name_trick()', 'a.zip', seed('zip-utf8'), 'archive'],
	['archive_name_trick()', 'a.zip', seed('zip'), 0],
	['archive_path_traversal()', 'a.zip', seed('zip-traversal'), 'archive'],
	['archive_path_traversal()', 'a.zip', seed('zip'), 0],
	['archive_encrypted()', 'a.zip', seed('zip-encrypted'), 'archive'],
	['archive_encrypted()', 'a.7z', seed('7z-names-encrypted'), 'archive'],
	['archive_encrypted()', 'a.rar', seed('rar5-encrypted'), 'archive'],
	['archive_encrypted()', 'a.zip', seed('zip'), 0],
	['archive_broken()', 'a.zip', substr(seed('zip'), 0, 100), 'archive'],
	['archive_broken()', 'a.zip', seed('zip'), 0],
	['archive_limit()', 'a.zip', seed('zip'), 0],
	['archive_bomb()', 'a.zip', seed('zip'), 0],
) {
	my ($call, $name, $bytes, $want, $type) = @$case;

	$want = $has_archives if $want eq 'archive';
	is hits($call, with_file($name, $bytes, $type)), $want,
		"$call: $name";
}

# A zip of name => bytes, each as it is, or said to be deflated
# (and then broken).
sub zip_of
{
	my ($method, @files) = @_;
	my ($all, $index) = ('', '');

	while (my ($name, $bytes) = splice @files, 0, 2) {
		my @facts = (20, 0, $all eq '' ? $method : 0, 0, 0x5977,
			crc32($bytes), length $bytes, length $bytes,
			length $name, 0);
		$index .= pack('a4vvvvvvVVVvvvvvVV', "PK\1\2", 20, @facts, 0,
			0, 0, 0, length $all) . $name;
		$all .= pack('a4vvvvvVVVvv', "PK\3\4", @facts) . "$name$bytes";
	}
	my $count = () = $index =~ /PK\x01\x02/g;
	return "$all$index" . pack('a4vvvvVVv', "PK\5\6", 0, 0, $count,
		$count, length $index, length $all, 0);
}

my $jpeg = "\xff\xd8\xff\xe0\0\x10JFIF\0\1";
# [what, call, zip, whether it hits where archives can be read]
for my $case (
	['a program', "archive_type('pe')", zip_of(0, 'a.dat', $pe), 1],
	['among others', "archive_type('\@executable')",
		zip_of(0, 'a.txt', 'text', 'b/', '', 'b/c.dat', $pe), 1],
	['none', "archive_type('\@executable')",
		zip_of(0, 'a.exe', 'text', 'b.jpg', $jpeg), 0],
	['an archive within', "archive_type('pe')", zip_of(0, 'a.zip',
		zip_of(0, 'b.dat', $pe)), 1],
	['that is called otherwise', "archive_type('pe')", zip_of(0, 'a.dat',
		zip_of(0, 'b.dat', $pe)), 1],
	['its name', "archive_name('b.js')", zip_of(0, 'a.dat',
		zip_of(0, 'b.js', 'x')), 1],
	['a document is not taken apart', "archive_name('\[Content*')",
		zip_of(0, 'a.docx', seed('ooxml-macro')), 0],
	['but known', "archive_type('ooxml')",
		zip_of(0, 'a.docx', seed('ooxml-macro')), 1],
	['a lie', 'archive_type_differs()', zip_of(0, 'a.jpg', $pe), 1],
	['the truth', 'archive_type_differs()', zip_of(0, 'a.jpg', $jpeg,
		'a.exe', $pe, 'a.zip', zip_of(0, 'a.txt', 'text')), 0],
	['an archive that lies', 'archive_type_differs()', zip_of(0, 'a.jpg',
		zip_of(0, 'b.txt', 'x')), 1],
	['bytes that cannot be read', "archive_type('\@executable')",
		zip_of(8, 'a.txt', "\xff" x 50), 0],
	['hide no names behind them', "archive_name('b.exe')",
		zip_of(8, 'a.txt', "\xff" x 50, 'b.exe', $pe), 1],
	['what needs a password', "archive_type('unknown')",
		seed('zip-encrypted'), 0],
	['what is only compressed', "archive_type('tar')",
		seed('tar-xz'), 1],
	['many files meet no limit', 'archive_limit()', zip_of(0, map {
		("f$_.dat", "\0" x 100) } 1 .. 5000), 0],
) {
	my ($what, $call, $bytes, $want) = @$case;

	is hits($call, with_file('a.zip', $bytes)), $want && $has_archives,
		"in an archive: $what";
}

# Two names in one header.
for my $extension (qw(exe pdf)) {
	is hits("attachment_extension('$extension')", "Content-Type: " .
		"application/octet-stream; name=\"a.exe\"\n" .
		"Content-Disposition: attachment; filename=\"a.pdf\"\n\nx\n"),
		1, "both names are looked at: $extension";
}
is hits("attachment_name('*')", $none), 0, 'a text is no attachment';

# What is no word of ours is told when rules are read.
for my $call ("attachment_type('exe')", "attachment_extension('\@exe')",
	'attachment_name()', "archive_limit('x')") {
	my (undef, $out) = $box->run($reevectl, '-c', $conf, 'rules', 'check',
		$box->write_file('bad.cf', "body A eval:$call\n"));

	like $out, qr/bad\.cf:1: body A: eval:\w+\(\)/, "$call is told";
}

# Findings, where there is a rule at all.
SKIP: {
	skip 'built without libarchive', 4 unless $has_archives;
	my $rules = $box->write_file('any.cf', "body A /nothing/\n");
	my $settings = sub { $box->write_file('f.conf', Sandbox::conf_text({
		state_dir => $box->path('none'),
		rules => { files => [$rules] }, @_ })) };
	my $found = sub {
		my ($file, @settings) = @_;
		my $got = Suite::try_one($box, $settings->(@settings),
			$box->write_file('m.eml',
				with_file('a.zip', seed($file))),
			'--from' => '<a@b.example>');

		return join ' ', sort grep { /^ARCHIVE/ }
			map { $_->{symbol} } @{ $got->{findings} };
	};

	is $found->('zip'), '', 'nothing to find';
	is $found->('zip-encrypted'), 'ARCHIVE_ENCRYPTED', 'a password';
	is $found->('zip-nested', limits => { archive_depth => 1 }),
		'ARCHIVE_LIMIT', 'too deep';
	is $found->('zip-nested', limits => { archive_bytes => 10 }),
		'ARCHIVE_LIMIT', 'too long';
}

done_testing;
