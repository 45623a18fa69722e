# Functions of rules about HTML, parts, charsets and images: for each a message
# that hits and one that does not.

use strict;
use warnings;

use MIME::Base64;
use Test::More;

use Rules;
use Sandbox;

my $rules = Rules->new(Sandbox->new);

sub html
{
	my ($html, $more) = @_;

	return "Subject: x\nMIME-Version: 1.0\n" . ($more // '') .
		"Content-Type: text/html\n\n$html\n";
}

# Parts: [type, content, more fields].
sub multi
{
	my ($kind, @parts) = @_;

	return "Subject: x\nMIME-Version: 1.0\n" .
		"Content-Type: multipart/$kind; boundary=b\n\n" .
		join('', map { "--b\nContent-Type: $_->[0]\n" . ($_->[2] // '') .
			"\n$_->[1]\n" } @parts) . "--b--\n";
}

sub image
{
	my ($type, $bytes, $name) = @_;

	return ["image/$type" . ($name ? "; name=$name" : ''), encode_base64($bytes),
		"Content-Transfer-Encoding: base64\n"];
}

sub gif { return 'GIF89a' . pack('v2', @_) . "\0\0\0" }
sub png { return "\x89PNG\r\n\x1a\n" . pack('Na4N2', 13, 'IHDR', @_) . "\x08\2\0\0\0" }
sub jpeg { return "\xff\xd8\xff\xe0" . pack('n', 70000 % 65536) . 'x' x (4464 - 2) .
	"\xff\xc0\0\x0b\x08" . pack('n2', @_[1, 0]) . "\3" }

my @both = (image('gif', gif(640, 480), 'a.gif'), image('jpeg', jpeg(100, 50)));
my $images = multi('mixed', ['text/plain', 'hello'], @both);
my $words = join ' ', map { "word$_" } 1 .. 40;

# [call, message that hits, message that does not]
for my $case (
	# HTML
	["html_test('font_low_contrast')", html('<font color=white>x'),
		html('<font color=blue>x')],
	["html_test('font_invalid_color')", html('<font color=none>x'),
		html('<font color=blue>x')],
	["html_test('font_face_bad')", html("<font face='a,,b'>x"),
		html('<font face="Arial, Helvetica">x')],
	["html_range('max_size', '5', '6')", html('<font size=6>x'),
		html('<font size=7>x')],
	["html_range('min_size', '0', '1')", html('<font size=1>x'),
		html('<font size=2>x')],
	["html_range('obfuscation_ratio', '.3', 'inf')", html('v<b>i</b>a'),
		html('<b>v i a</b>')],
	["html_range('backhair_count', '1', 'inf')", html('v<!-- -->iag<!x!>ra'),
		html('v<!-- -->iagra')],
	["html_range('bad_tag_ratio', '.4', '.5')", html('<p>x<zz>x'),
		html('<p>x<b>x')],
	["html_range('non_element_ratio', '.3', '.4')",
		html('<p>x</p><b>x</b><zz>x'), html('<p><b>x</b><i>')],
	["html_range('closed_extra_ratio', '.4', 'inf')", html('<b>x</b></b>x</b>'),
		html('<b>x</b>')],
	["html_eval('image_area', '== 50')", html('<img width=10 height=5>'),
		html('<img width=10 height=6>')],
	["html_tag_balance('b', '!= 0')", html('<b>x'), html('<b>x</b>')],
	["html_tag_exists('bgsound')", html('<bgsound>x'), html('<p>x')],
	["html_text_match('comment', 'saved from \\w')", html('<!-- saved from y -->x'),
		html('<!-- saved -->from y')],
	["html_text_match('title', '^Hello & you\$')",
		html('<title>Hello &amp; you</title>x'), html('Hello &amp; you')],
	["html_text_match('anchor', '<img>')", html('<a href=x>y<img src=z></a>'),
		html('<a href=x>y</a><img src=z>')],
	["html_text_match('alt', 'shop')", html('<img alt="the shop">'),
		html('<img src=shop>')],
	["html_text_match('hidden', 'secret')", html('<p style="display:none">secret'),
		html('<p>secret')],
	["html_text_not_match('anchor', 'go')", html('<a href=x>come</a>'),
		html('<a href=x>go</a>')],
	["html_title_subject_ratio('3')", html('<title>1234</title>'),
		html('<title>123</title>')],
	['check_iframe_src()', html('<iframe src="http://x.example/"></iframe>'),
		html('<iframe></iframe>')],
	["html_hidden_text('3', '6')", html('a<i style="font-size:0">b c d e</i>'),
		html('a<i style="font-size:9px">b c d e</i>')],
	["html_hidden_text('3', '6')", html('<i style="opacity:0">123456</i>'),
		html('<i style="opacity:0">1234567</i>')],
	["html_hidden_text('3')", html('<div hidden>ab<p>cd</p></div>'),
		html('<div hidden>ab<p>c</p></div>')],

	# Alternatives
	["multipart_alternative_difference('99', '100')",
		multi('alternative', ['text/plain', 'one two'],
			['text/html', '<p>three four']),
		multi('alternative', ['text/plain', 'one two'],
			['text/html', '<p>one <b>two</b>'])],
	["multipart_alternative_difference('40', '60')",
		multi('alternative', ['text/plain', 'one two'],
			['text/html', '<p>one four']),
		multi('alternative', ['text/plain', 'one two'],
			['text/html', '<p>three four'])],
	["multipart_alternative_difference_count('3', '1')",
		multi('alternative', ['text/plain', $words],
			['text/html', '<p>word1 word2']),
		multi('alternative', ['text/plain', $words],
			['text/html', "<p>$words"])],
	["check_mime_multipart_ratio('0', '0.01')",
		multi('alternative', ['text/plain', ''], ['text/html', "<p>$words"]),
		multi('alternative', ['text/plain', 'words'],
			['text/html', "<p>$words"])],
	["check_stock_info('2')", "Subject: x\n\nSymbol: ABCD\nCurrent Price: 1\n",
		"Subject: x\n\nSymbol: ABCD\nName: ann\n"],
	["check_stock_info('1')", "Subject: x\n\nS t 0 c k: A\nTarget: 1\n",
		"Subject: x\n\nTarget\n"],

	# Parts as they are declared
	["check_for_mime('mime_bad_iso_charset')",
		"Content-Type: text/plain; charset=iso-1234-5\n\nx\n",
		"Content-Type: text/plain; charset=iso-8859-15\n\nx\n"],
	["check_for_mime('mime_body_text_count')",
		multi('mixed', ['text/plain', 'x']), html('x')],
	["check_for_mime('mimepart_limit_exceeded')",
		multi('mixed', map { ['text/plain', 'x'] } 1 .. 1100),
		multi('mixed', map { ['text/plain', 'x'] } 1 .. 90)],
	["check_base64_length('79')",
		"Content-Type: image/x\nContent-Transfer-Encoding: base64\n\n" .
			'A' x 78 . "\nAAAA\n",
		"Content-Type: image/x\nContent-Transfer-Encoding: base64\n\n" .
			'A' x 77 . "\nAAAA\n"],
	["check_base64_length('78', '79')",
		"Content-Transfer-Encoding: base64\n\n" . 'A' x 78 . "\n",
		"Content-Transfer-Encoding: base64\n\n" . 'A' x 79 . "\n"],
	["check_abundant_unicode_ratio('0.02')", "Subject: x\n\n" . '&#x4E2D;x' x 9 . "\n",
		"Subject: x\n\n" . '&#x4e2d;x' x 9 . "\n"],
	["check_msg_parse_flags('truncated_header')", 'X-Long: ' . 'x' x 9000 . "\n\nx\n",
		'X-Long: ' . 'x' x 900 . "\n\nx\n"],
	["check_msg_parse_flags('missing_head_body_separator')",
		"Subject: x\n--b\nx\n", "Subject: x\n\n--b\nx\n"],

	# Images
	["image_count('all', '2', '2')", $images, multi('mixed', $both[0])],
	["image_count('gif', '1')", $images, multi('mixed', $both[1])],
	["pixel_coverage('gif', '300000', '310000')", $images,
		multi('mixed', image('gif', 'GIF89a'))],
	["pixel_coverage('all', '312200', '312200')", $images, multi('mixed', @both,
		image('png', png(1, 1)))],
	["image_size_exact('jpeg', '50', '100')", $images,
		multi('mixed', image('jpeg', jpeg(50, 100)))],
	["image_size_range('png', '20', '30', '25', '40')",
		multi('mixed', image('png', png(40, 25))),
		multi('mixed', image('png', png(40, 26)))],
	["image_named('a.gif')", $images, multi('mixed', image('gif', gif(1, 1), 'b.gif'))],
	["image_name_regex('/^A\\.GI/i')", $images,
		multi('mixed', image('gif', gif(1, 1), 'b.gif'))],
	["image_to_text_ratio('all', '0.0', '0.001')", $images,
		multi('mixed', ['text/plain', $words x 9], $both[0])],
) {
	my ($call, $hit, $miss) = @$case;
	is $rules->hits("body A eval:$call\n", $hit), 'A', "$call hits";
	is $rules->hits("body A eval:$call\n", $miss), '', "$call does not";
}

# Charsets that are read elsewhere.
my $koi = "\xf0\xd2\xc9\xd7\xc5\xd4 " x 9;
for my $case (
	['check_for_faraway_charset()',
		"Content-Type: text/plain; charset=koi8-r\n\n$koi\n"],
	["check_for_mime('mime_faraway_charset')",
		multi('mixed', ['text/plain; charset=koi8-r', 'x'])],
	['check_for_faraway_charset_in_headers()', "Subject: =?koi8-r?Q?x?=\n\nx\n"],
	['html_charset_faraway()',
		html('<meta http-equiv=content-type content="text/html; charset=koi8-r">x')],
) {
	my ($call, $message) = @$case;
	is $rules->hits("ok_locales en ja\nbody A eval:$call\n", $message), 'A',
		"$call: no language of ours";
	is $rules->hits("ok_locales en ru\nbody A eval:$call\n", $message), '',
		"$call: one of ours";
	is $rules->hits("body A eval:$call\n", $message), '', "$call: all are ours";
}
is $rules->hits("ok_locales en\nbody A eval:check_for_faraway_charset()\n",
	"Content-Type: text/plain; charset=koi8-r\n\nplain\n"), '',
	'a charset that is declared for nothing';

# What is bytes of the text as a body rule sees it, or as it is written.
my $page = multi('mixed', ['text/html', '<p>' . '<!-- x -->' x 900 . 'x'], $both[0]);
is $rules->hits("rawbody A eval:image_to_text_ratio('all', '0', '0.01')\n" .
	"body B eval:image_to_text_ratio('all', '0', '0.01')\n", $page), 'B',
	'a rawbody rule counts the tags';

# Arguments that mean nothing are named when they are read.
for my $call ("html_test('colour')", "html_range('wide', '1', '2')",
	"html_text_match('footer', 'x')", "image_count('tiff', '1')",
	"html_text_match('title', '(')", "image_name_regex('x')") {
	my (undef, $out) = $rules->run('check', $rules->file(undef, "body A eval:$call\n"));
	like $out, qr/some\.cf:1: body A: /, "$call is not supported";
}

done_testing;
