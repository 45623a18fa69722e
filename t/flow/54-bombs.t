# Messages made to cost memory or time: each is answered, within bounds, and
# with a finding that says what was not looked at.

use strict;
use warnings;

use Compress::Raw::Zlib;
use MIME::Base64;
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $has_archives = grep { /libarchive/ } `ldd $Sandbox::BUILD/mailreeve`;
# The pass over all patterns cannot tell what stands behind; PCRE2 has to.
my $rules = $box->write_file('some.cf', "body EXPLODES /^(a+)+(?<=q)!/\n" .
	"body __ANY eval:archive_name('*')\n");

sub start
{
	return $box->daemon(relay => { domains => ['example.org'] },
		rules => { files => [$rules] }, @_);
}

# MiB of the most memory that the daemon ever had.
sub peak
{
	my ($daemon) = @_;

	return 0 if Sandbox::is_sanitized();
	return $box->read_file('/proc/' . $daemon->pid . '/status') =~
		/VmHWM:\s*(\d+)/ ? $1 / 1024 : 1e9;
}

# Sends a message and says what was found: symbol => detail.
my $count = 0;
sub found
{
	my ($daemon, $type, $body, @headers) = @_;
	my $id = 'B' . ++$count;
	# Whoever hangs is found out.
	my $mta = Milter::Client->new($daemon->socket, timeout => 120);
	my $got = $mta->message(queue_id => $id, body => $body =~ s/\n/\r\n/gr,
		headers => [[Subject => 'x'], ['MIME-Version', '1.0'],
			['Content-Type', $type], @headers]);

	$mta->quit;
	like $got->{cmd}, qr/^[cy]$/, 'answered';
	my ($record) = $daemon->records(1, '--queue-id', $id);
	return map { $_->{symbol} => $_->{detail} } @{ $record->{findings} };
}

sub found_in_file
{
	my ($daemon, $name, $bytes) = @_;

	return found($daemon, "application/octet-stream; name=\"$name\"",
		encode_base64($bytes), ['Content-Transfer-Encoding', 'base64']);
}

# The deflated form, length and CRC of so many times 16 MiB of zeros. A
# full flush ends on a byte and forgets what was before: so one piece
# can stand for each.
sub zeros
{
	my ($times) = @_;
	my ($deflate) = Compress::Raw::Zlib::Deflate->new(
		-WindowBits => -15, -Level => 9, -AppendOutput => 1);
	my $plain = "\0" x (16 << 20);
	my ($piece, $end, $crc) = ('', '', 0);

	$deflate->deflate($plain, $piece);
	$deflate->flush($piece, Z_FULL_FLUSH);
	$deflate->deflate('', $end);
	$deflate->flush($end, Z_FINISH);
	my $one = crc32($plain);
	$crc = Compress::Raw::Zlib::crc32_combine($crc, $one, 16 << 20)
		for 1 .. $times;
	return ($piece x $times . $end, $times * (16 << 20), $crc);
}

# A zip file of [name, packed bytes, true length, CRC]; with ZIP64's extra field
# where it is needed.
sub zip_of
{
	my ($files) = @_;
	my ($out, $list, $entries) = ('', '', 0);

	for my $file (@$files) {
		my ($name, $bytes, $length, $crc) = @$file;
		my $is_long = $length > 0xfffffffe;
		my @sizes = (length $bytes, $is_long ? 0xffffffff : $length);
		$sizes[0] = 0xffffffff if $is_long;
		my $extra = $is_long ? pack 'vvQ<Q<', 1, 16, $length,
			length $bytes : '';
		my $common = pack 'vvvvvVVVvv', 45, 0, 8, 0, 0x21, $crc,
			@sizes, length $name, length $extra;
		my $at = length $out;
		$out .= "PK\3\4$common$name$extra$bytes";
		$list .= "PK\1\2" . pack('v', 45) . $common .
			pack('vvvVV', 0, 0, 0, 0, $at) . $name . $extra;
		$entries++;
	}
	return $out . $list . "PK\5\6" . pack 'vvvvVVv', 0, 0,
		($entries & 0xffff) x 2, length $list, length $out, 0;
}

# A file for zip_of.
sub packed
{
	my ($name, $plain) = @_;
	my $deflate = Compress::Raw::Zlib::Deflate->new(-WindowBits => -15,
		-AppendOutput => 1);
	my $bytes = '';

	$deflate->deflate($plain, $bytes);
	$deflate->flush($bytes);
	return [$name, $bytes, length $plain, crc32($plain)];
}

my $daemon = start();

subtest 'parts within parts, 1,000 deep' => sub {
	my $body = join '', map { "--b$_\nContent-Type: multipart/mixed; " .
		"boundary=b" . ($_ + 1) . "\n\n" } 0 .. 999;
	my %found = found($daemon, 'multipart/mixed; boundary=b0',
		$body . "--b1000\n\nx\n");

	ok exists $found{MIME_DEEP}, 'it is told';
};

subtest 'messages within messages, 1,000 deep' => sub {
	my %found = found($daemon, 'message/rfc822',
		"Content-Type: message/rfc822\n\n" x 1000 . "\nx\n");

	ok exists $found{MIME_DEEP}, 'it is told';
};

subtest '100,000 parts' => sub {
	my %found = found($daemon, 'multipart/mixed; boundary=b',
		"--b\n\nx\n" x 100_000 . "--b--\n");

	ok exists $found{MIME_PARTS}, 'it is told';
};

subtest '1,000 attachments' => sub {
	my %found = found($daemon, 'multipart/mixed; boundary=b',
		join '', map { "--b\nContent-Type: application/zip; name=a\n" .
		"Content-Transfer-Encoding: base64\n\n" . encode_base64(
		zip_of([map { packed("f$_", 'x') } 1 .. 20])) } 1 .. 999);

	ok exists $found{ARCHIVE_LIMIT} || !$has_archives,
		'they share their limits';
};

subtest 'HTML with 1,000,000 tags' => sub {
	for my $tags ('<b>' x 1_000_000, '<p>x</p>' x 500_000,
		'<a href="http://a.example/x">' x 250_000) {
		my %found = found($daemon, 'text/html', $tags);

		ok exists $found{HTML_CUT}, 'it is told: ' . substr $tags, 0, 3;
	}
};

subtest 'a pattern that explodes, on a megabyte' => sub {
	my %found = found($daemon, 'text/plain', 'a' x 1_000_000 . '!');

	ok exists $found{CONTENT_CUT_OFF}, 'it is told';
	like $found{CONTENT_CUT_OFF}, qr/EXPLODES/, 'by name';
};

subtest 'gzip of 1 GiB of zeros' => sub {
	my ($bytes, $length, $crc) = zeros(64);
	my %found = found_in_file($daemon, 'zeros.gz',
		"\x1f\x8b\x08\0\0\0\0\0\0\3$bytes" . pack 'VV', $crc, $length);

	ok exists $found{ARCHIVE_BOMB} || !$has_archives, 'it is told';
};

# As 42.zip: sixteen in each, six deep.
subtest 'zip within zip' => sub {
	my ($bytes, $length, $crc) = zeros(4);
	my $zip = zip_of([['0.dll', $bytes, $length, $crc]]);

	for (1 .. 5) {
		my $file = packed('x', $zip);
		$zip = zip_of([map { ["$_.zip", @$file[1 .. 3]] } 1 .. 16]);
	}
	my %found = found_in_file($daemon, '42.zip', $zip);
	ok exists $found{ARCHIVE_LIMIT} || !$has_archives, 'it is told';
	like $found{ARCHIVE_LIMIT} // 'depth', qr/depth|entries/, 'how far';
};

subtest 'a zip whose files claim a terabyte' => sub {
	my %found = found_in_file($daemon, 'claims.zip',
		zip_of([map { ["f$_", 'x', 1 << 30, 0] } 1 .. 1000]));

	ok exists $found{ARCHIVE_BOMB} || !$has_archives, 'it is told';
};

subtest 'a zip of 40,000 names' => sub {
	my %found = found_in_file($daemon, 'many.zip',
		zip_of([map { ["f$_", '', 0, 0] } 1 .. 40_000]));

	like $found{ARCHIVE_LIMIT} // ($has_archives ? '' : 'entries'),
		qr/entries/, 'it is told';
};

cmp_ok peak($daemon), '<', 200, 'memory stays within bounds' or
	diag 'MiB: ' . peak($daemon);
ok $daemon->answers, 'the daemon lives on';
is $daemon->stop, 0, 'and ends well';
unlike $daemon->log, qr/ bug /, 'no mistake of our own in the log';

# All of it arrives, as the limit is.
$daemon = start(name => 'large', limits => { body => '32M' });

subtest 'a zip of 10 GiB of zeros' => sub {
	my $zip = zip_of([['zeros.bin', zeros(640)]]);

	cmp_ok length $zip, '<', 12 << 20, 'is small';
	my %found = found_in_file($daemon, 'zeros.zip', $zip);
	ok exists $found{ARCHIVE_BOMB} || !$has_archives, 'it is told';
	my $file = packed('x', $zip);
	%found = found_in_file($daemon, 'twice.zip',
		zip_of([['zeros.zip', @$file[1 .. 3]]]));
	ok exists $found{ARCHIVE_LIMIT} || !$has_archives,
		'packed once more: too long to look within';
};

cmp_ok peak($daemon), '<', 200, 'memory stays within bounds' or
	diag 'MiB: ' . peak($daemon);
is $daemon->stop, 0, 'it ends well';

done_testing;
