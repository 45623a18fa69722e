# Content rules: read, told, matched by reevectl, and in force in the daemon.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Milter::Client;
use Rules;
use Sandbox;
use Suite;

my $box = Sandbox->new;
my $reevectl = "$Sandbox::BUILD/reevectl";
my $rules = Rules->new($box);

sub rules { return $rules->file(@_) }
sub run { return $rules->run(@_) }
sub hits { return $rules->hits(@_) }

my $plain = "From: Ann <ann\@a.example>\nTo: x\@b.example\n" .
	"Subject: Hello there\nReceived: from x\n\tby y\n\n";

sub alternatives
{
	return "Content-Type: multipart/alternative; boundary=b\n\n" . join '',
		map { "--b\nContent-Type: $_\n\nx\n" } 'text/plain', @_;
}

# [rules, message, names that hit, what]
for my $case (
	['body A /hello/i', $plain, 'A', 'the subject is part of the body'],
	["body A /hello/i\ntflags A nosubject", "${plain}x\n", '',
		'but not for all'],
	['body A /one two/', "${plain}one\n two\n", 'A', 'lines are joined'],
	['body A /one.two/s', "${plain}one\n\ntwo\n", '',
		'paragraphs are not'],
	['rawbody A /one\ntwo/', "${plain}one\ntwo\n", 'A', 'but here'],
	['body A /one b/', "Content-Type: text/html\n\none <b>b</b>", 'A',
		'HTML is text'],
	['rawbody A /<b>/', "Content-Type: text/html\n\none <b>b</b>", 'A',
		'or as it is'],
	['full A /From: Ann.*\n\nx/s', "${plain}x\n", 'A', 'the whole'],
	['header A Subject =~ /^Hello/', $plain, 'A', 'a field'],
	['header A Subject =~ /\n$/', $plain, 'A', 'with a line end'],
	['header A Received =~ /x by/', $plain, 'A', 'unfolded'],
	['header A Received:raw =~ /^ from x\n\tby/', $plain, 'A', 'or raw'],
	['header A From:addr =~ /^ann\@a\.example$/', $plain, 'A', 'address'],
	['header A From:name =~ /^Ann$/', $plain, 'A', 'name'],
	['header A ToCc =~ /b\.example/', $plain, 'A', 'ToCc'],
	['header A ALL =~ /^Subject: H/m', $plain, 'A', 'ALL'],
	['header A exists:Cc', $plain, '', 'not there'],
	['header A exists:To', $plain, 'A', 'there'],
	['header A Cc !~ /x/', $plain, 'A', 'an unset one does not match'],
	['header A Cc =~ /^UNSET$/ [if-unset: UNSET]', $plain, 'A', 'if-unset'],
	['header A Subject =~ /caf\xc3\xa9/',
		"Subject: =?iso-8859-1?q?caf=E9?=\n\n", 'A', 'decoded'],
	['uri A m{^https?://a\.example/}', "${plain}http://a.example/x\n", 'A',
		'a URI'],
	['uri A m{^http://b\.example/}i', "Content-Type: text/html\n\n" .
		'<a href="HTTP://B.example">x</a>', '', 'not quite'],
	['mimeheader A Content-Type =~ /pdf/', "Content-Type: multipart/mixed;" .
		" boundary=b\n\n--b\nContent-Type: application/pdf\n\nx\n" .
		"--b--\n", 'A', 'of a part'],
	["body __A /a/\nbody __B /b/\nmeta C (__A + __B) > 1", "\na b\n",
		'C __A __B', 'a meta'],
	["body __A /a/\ntflags __A multiple\nmeta C __A > 2", "\na a a\n",
		'C __A', 'hits are counted'],
	["body __A /a/\ntflags __A multiple maxhits=2\nmeta C __A > 2",
		"\na a a\n", '__A', 'up to a limit'],
	["meta C __B && !__D\nmeta __B __A\nbody __A /a/", "\na\n",
		'C __A __B', 'in any order'],
	["body A /a/\nbody A /b/", "\na\n", '', 'the last definition holds'],
	["body A /a/\nscore A 0", "\na\n", '', 'a score of 0: off'],
	["body A /a\\#b/ # comment", "\na#b\n", 'A', 'comments'],
	["if version > 9\nbody A /a/\nelse\nbody B /a/\nendif", "\na\n", 'B',
		'conditions'],
	["replace_tag X [xy]\nreplace_rules A\nbody A /a<X>/", "\nay\n", 'A',
		'tags in patterns'],
	["\xef\xbb\xbfbody A m!a!", "\na\n", 'A', 'a byte order mark'],
	['header A X-Spam-Relays-External =~ /^\[ ip=192\.0\.2\.1 rdns=h.a /',
		"Received: from x (h.a [192.0.2.1]) by y (Postfix) with ESMTP" .
		" id ABC\n\n", 'A', 'relays'],
	['header A eval:check_no_relays()', "X: y\n\n", 'A', 'none of them'],
	['header A eval:check_all_trusted()', "Received: from x (h [10.0.0.1])" .
		" by y (Postfix) with ESMTP id ABC\n\n", 'A', 'all ours'],
	['header A eval:check_equal_from_domains()',
		"Return-Path: <x\@b.example>\n$plain", 'A', 'another sender'],
	['header A eval:check_for_matching_env_and_hdr_from()',
		"Return-Path: <ann\@a.example>\n$plain", 'A', 'the same sender'],
	["header A eval:check_for_shifted_date('12', '24')",
		"Date: Mon, 23 Nov 2026 23:00:00 +0000\nReceived: from x by y; " .
		"Mon, 23 Nov 2026 10:00:00 +0000\n\n", 'A', 'a date ahead'],
	['header A eval:subject_is_all_caps()', "Subject: Re: BUY THIS NOW\n\n",
		'A', 'capitals'],
	['header A eval:subject_is_all_caps()', "Subject: Buy THIS NOW\n\n",
		'', 'not all of them'],
	["header A eval:check_illegal_chars('Subject','0.00','2')",
		"Subject: \xe4\xf6\xfc\n\n", 'A', '8-bit in a header'],
	["rawbody A eval:check_blank_line_ratio('60','80')",
		"X: y\n\na\n \n\n\n", 'A', '3 of 4 lines are blank'],
	["rawbody A eval:check_blank_line_ratio('75','80')",
		"X: y\n\na\n\n\n\n", '', 'no more than 75 %'],
	["rawbody A eval:check_blank_line_ratio('60','80','5')",
		"X: y\n\na\n\n\n\n", '', 'too few lines'],
	["body A eval:tvd_vertical_words('50','60')", "X: y\n\nab ab ab\n",
		'A', 'three blanks, with that at the end, to six'],
	["body A eval:tvd_vertical_words('40','50')", "X: y\n\nab ab ab\n",
		'', 'are 50 %'],
	["body A eval:tvd_vertical_words('90','100')",
		"X: y\n\na b c d e f\n", 'A', 'spaced out'],
	['body A eval:check_ma_non_text()', alternatives('text/html'), '',
		'alternatives of text'],
	['body A eval:check_ma_non_text()', alternatives('image/png'), 'A',
		'and of another kind'],
	["body A eval:check_body_length('10')", "X: y\n\nshort\n", 'A', 'short'],
	["body A eval:check_body_length('2')", "X: y\n\nlonger\n", '', 'longer'],
	['body A eval:check_for_mime_html_only()',
		"Content-Type: text/html\n\nx", 'A', 'HTML alone'],
	["rawbody A eval:check_for_mime('mime_base64_count')",
		"Content-Transfer-Encoding: base64\n\naGk=\n", 'A', 'base64'],
	["body A eval:html_tag_exists('center')",
		"Content-Type: text/html\n\n<CENTER>x", 'A', 'an element'],
	["body A eval:html_tag_exists('script')",
		"Content-Type: text/html\n\n<iframe><script></script></iframe>",
		'', 'an element in what is no HTML'],
	["body A eval:html_tag_exists('script')",
		"Content-Type: text/html\n\n<iframe></iframe><script></script>",
		'A', 'and behind that'],
	["body A eval:html_tag_exists('script')",
		"Content-Type: text/html\n\n<iframe><script></script>", 'A',
		'and in one without an end'],
	['body A /^x y$/', "Content-Type: text/html\n\n" .
		'<table><tr><td><p>x</td></tr></table>y', 'A',
		'an end that is not written breaks no line'],
	['body A /^x\n?$/', "Content-Type: text/html\n\n" .
		'<table><tr><td><p>x</p></td></tr></table>y', 'A',
		'and one that is written does'],
	['body A /^x y$/', "Content-Type: text/html\n\n" .
		"<html>x<br></html>\ny", 'A',
		'nor does a begin that is not written'],
	["body A eval:html_tag_balance('center', '!= 0')",
		"Content-Type: text/html\n\n<center>x</center>", '', 'closed'],
	["body A eval:html_image_ratio('0.000','0.002')",
		"Content-Type: text/html\n\n<img src=x width=600 height=400>hi",
		'A', 'mostly an image'],
	["body A eval:html_test('font_low_contrast')",
		"Content-Type: text/html\n\nx", '', 'not supported'],
	["lang de describe A x\nbody A /a/", "\na\n", 'A', 'other languages'],
) {
	my ($rules, $message, $want, $what) = @$case;

	is hits("$rules\n", $message), $want, $what or note $rules;
}

my $html = "Content-Type: text/html\n\n";
my $free = "freemail_domains free.example yahoo.*\n" .
	'header A eval:check_freemail_';
my $linked = "$html<a href=\"http://a.example.org/x\">Click here</a>" .
	'<img src="http://pics.example.net/p.png">';

# Lists, URIs, and who is in them.
for my $case (
	["${free}from()", "From: ann\@free.example\n\n", 'A', 'freemail'],
	["${free}from()", $plain, '', 'none'],
	["${free}from('\\d\@')", "From: ann7\@yahoo.de\n\n", 'A', 'a pattern'],
	["${free}from('\\d\@')", "From: ann\@yahoo.de\n\n", '', 'unfitting'],
	["${free}header('Reply-To')", "Reply-To: B <b\@free.example>\n\n", 'A',
		'a free one'],
	["${free}replyto()", "From: a\@free.example\n" .
		"Reply-To: b\@yahoo.com\n\n", 'A', 'another to reply to'],
	["${free}replyto()", "Return-Path: <x-bounces\@c.example>\n" .
		"From: a\@free.example\nReply-To: b\@yahoo.com\n\n", '',
		'lists do so'],
	["${free}replyto('reply')", "From: a\@free.example\n\n" .
		"write to b\@yahoo.com now\n", 'A', 'or in the text'],
	["blacklist_from *\@a.example\nheader A eval:check_from_in_blocklist()",
		$plain, 'A', 'listed senders'],
	["blocklist_to x\@b.example\nheader A eval:check_to_in_blacklist()",
		$plain, 'A', 'listed recipients'],
	["enlist_addrlist (X) *\@*.example\n" .
		"header A eval:check_from_in_list('X')", $plain, 'A', 'named'],
	["enlist_uri_host (X) example.org\n" .
		"header A eval:check_uri_host_listed('X')", $linked, 'A',
		'hosts'],
	["enlist_uri_host (X) org !example.org\n" .
		"header A eval:check_uri_host_listed('X')", $linked, '',
		'but for one'],
	['body A eval:have_any_bounce_relays()', $plain, '', 'no relays'],
	["whitelist_bounce_relays mx*.b.example\n" .
		'body A eval:check_whitelist_bounce_relays()',
		"X: y\n\nIt said:\nReceived: from q\n\tby mx1.b.example id 7\n",
		'A', 'it went by ours'],
	['body A eval:check_https_ip_mismatch()', $html .
		'<a href="http://192.0.2.1/">https://bank.com/</a>', 'A',
		'a number behind it'],
	["body A eval:check_https_http_mismatch('1','10')", $html .
		'<a href="http://a.org/">https://bank.com/</a>', 'A',
		'another owner'],
	["body A eval:check_https_http_mismatch('1','10')", $html .
		'<a href="http://x.bank.com/">https://bank.com/</a>', '',
		'the same one'],
	['uri_detail A text =~ /click/i type =~ /^a$/ domain =~ /^example/',
		$linked, 'A', 'one URI, all of it'],
	['uri_detail A text =~ /click/i host =~ /pics/', $linked, '',
		'and not two'],
	['header A From:addr:host =~ /^a\.example$/', $plain, 'A', ':host'],
	['header A X-IP:revip =~ /^7\.2\.0\.192$/',
		"X-IP: at [192.0.2.7]\n\n", 'A', ':revip'],
	["body __A /x/\nmeta B __A\ntflags B net", "X: y\n\nx\n", 'B __A',
		'a meta asks nobody'],
) {
	my ($rules, $message, $want, $what) = @$case;

	is hits("$rules\n", $message), $want, $what or note $rules;
}

# What strangers can make grow.
{
	my $began = time;
	my $many = join ', ', map { "u$_\@h$_.example" } 1 .. 10_000;
	my $all = join "\n", map { "http://h$_.a.example.org/" } 1 .. 5_000;

	hits("${free}from()\nenlist_uri_host (X) b\n" .
		"header D eval:check_uri_host_listed('X')\n" .
		"uri_detail E text =~ /x/ raw =~ /y/\n",
		"From: $many\nReply-To: $many\n\n$many\n\n$all\n");
	cmp_ok time - $began, '<', 20, '10,000 addresses, bounded';
}

# What no rule could see before it is decoded.
for my $case (['gb2312', "\xc3\xe2\xb7\xd1"], ['big5', "\xa7K\xb6O", '免費'],
	['utf-8', '免费'], [undef, '免费'], ['utf-7', '+UU2NOQ-'],
	['hz-gb-2312', '~{Cb7Q~}'], ['gb18030', "\xc3\xe2\xb7\xd1"]) {
	my ($charset, $text, $word) = @$case;

	$word //= '免费';
	is hits("body A /$word/\n", "Subject: x\n" . ($charset ?
		"Content-Type: text/plain; charset=$charset\n" : '') .
		"\n$text\n"), 'A', 'charset ' . ($charset // 'untold');
}

{
	my ($status, $out) = run('check', rules(undef, <<'E'));
body GOOD /x/
body BAD /(x/
header EVAL eval:check_something('x')
meta NEEDS GOOD && NOBODY
meta ODD (GOOD &&
meta RING RING
if 1
use_bayes 1
E
	is $status, 0, 'rules check';
	like $out, qr/^body +2 +1 +0 +1$/m, 'counts';
	like $out, qr/some\.cf:2: body BAD: missing closing parenthesis/,
		'a bad pattern, with its line';
	like $out, qr/:3: header EVAL: eval:check_something\(\) is not supp/,
		'a function that is not there';
	like $out, qr/:4: meta NEEDS: there is no rule NOBODY/, 'a missing one';
	like $out, qr/:5: meta ODD: /, 'a bad sum';
	like $out, qr/:6: meta RING: it needs itself/, 'a ring';
	like $out, qr/:8: an endif is missing/, 'an open condition';
	like $out, qr/^ +1 use_bayes$/m, 'what is no rule';
	($status, $out) = run('list', '--rules', $box->path('some.cf'));
	like $out, qr/^GOOD +body +1 +on/m, 'rules list';
	like $out, qr/^EVAL +header +1 +not supported/m, 'says what cannot run';
	($status, undef, my $err) = run('check', $box->path('nowhere.cf'));
	isnt $status, 0, 'no such file';
	like $err, qr/nowhere\.cf/, 'is named';
	($status, undef, $err) = run('check', rules('nul.cf', "body A /x/\0\n"));
	like $err, qr/nul\.cf: there is a NUL byte/, 'no text';
}

# In the daemon.
{
	my $cf = rules('daemon.cf', "body CHEAP /cheap pills/\n" .
		"score CHEAP 20\ndescribe CHEAP medicine\n" .
		"body __SUB /pills/\n");
	my %settings = (relay => { domains => ['example.org'] },
		rules => { files => [$cf] });
	my $daemon = $box->daemon(%settings);
	my $mta = Milter::Client->new($daemon->socket);

	is $mta->message(queue_id => 'R1', body => "no pills\r\n")->{cmd}, 'c',
		'what hits nothing goes through';
	is $mta->message(queue_id => 'R2', body => "cheap\r\npills\r\n")->{cmd},
		'y', 'what hits is refused';
	my ($record) = $daemon->records(1, '--queue-id', 'R2');
	my ($found) = grep { $_->{symbol} eq 'CHEAP' }
		@{ $record->{findings} };
	is $found->{detail}, 'cheap pills', 'the record says what matched';
	is scalar(grep { $_->{symbol} eq '__SUB' } @{ $record->{findings} }),
		0, 'and nothing of sub-rules';
	rules('daemon.cf', "body OTHER /other/\nscore OTHER 20\n");
	$daemon->reload;
	$box->wait_for(10, sub { $daemon->log =~ /reloaded/ });
	is $mta->message(queue_id => 'R3', body => "cheap pills\r\n")->{cmd},
		'c', 'other rules after a reload';
	is $mta->message(queue_id => 'R4', body => "other\r\n")->{cmd}, 'y',
		'are in force';
	$mta->quit;
	# Rules that cannot be read stay as they were.
	rules('daemon.cf', "body A /\0/\n");
	$daemon->reload;
	ok $box->wait_for(10, sub { $daemon->log =~ /reload_failed.*NUL/ }),
		'a bad file is told';
	$mta = Milter::Client->new($daemon->socket);
	is $mta->message(queue_id => 'R5', body => "other\r\n")->{cmd}, 'y',
		'and the old rules hold';
	$mta->quit;
	is $daemon->stop, 0, 'it ends well';
	my ($status, undef, $err) = $box->run("$Sandbox::BUILD/mailreeve",
		'-t', '-c', $daemon->conf);
	is $status, 78, 'mailreeve -t';
	like $err, qr/daemon\.cf.*NUL/, 'says why';
}

# A pattern that would take for ever, on a megabyte.
{
	my $file = $box->write_file('bomb.eml', "Subject: x\n\n" .
		('a' x 1_000_000) . "\n");
	my $conf = $box->write_file('bomb.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), rules => { files =>
		[rules('bomb.cf', "body BOMB /^(a+)+\$/\nfull B2 /(a|aa)+\$/\n" .
			"rawbody B3 /^(a|a?)+\$/\n")] } }));
	my $got = Suite::try_one($box, $conf, $file, '--from' => '<a@b.example>');
	my ($cut) = grep { $_->{symbol} eq 'CONTENT_CUT_OFF' }
		@{ $got->{findings} };

	ok $cut, 'a match that explodes is cut off' or note explain $got;
}

done_testing;
