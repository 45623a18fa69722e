# Functions of rules about hosts, mail services and recipients: for each a
# message that hits and one that does not.

use strict;
use warnings;

use Test::More;

use Rules;
use Sandbox;

my $rules = Rules->new(Sandbox->new);

# A hop from a stranger, as Sendmail writes it, with and without
# a name looked up.
sub hop
{
	my ($helo, $ip, $rdns, $by) = @_;

	$rdns = defined $rdns ? "$rdns " : '';
	return "Received: from $helo ($rdns\[$ip]) by " . ($by // 'mx.b.example') .
		" (8.9.3/8.9.3) with SMTP id AAA00001;\n" .
		"\tMon, 23 Nov 2026 10:00:00 +0000\n";
}

sub to { return 'To: ' . join(', ', @_) . "\n" }

my $away = hop('mail.a.example', '8.8.4.4', 'mail.a.example');
my @alike = map { "ab$_\@h$_.example" } 1 .. 9;
my @others = map { "$_$_\@$_$_.example" } 'a' .. 'i';

# [function, header that hits, header that does not]
for my $case (
	['check_for_forged_hotmail_received_headers()',
		hop('hotmail.com', '8.8.4.4', 'dsl.a.example'),
		"X-Originating-IP: 9.9.9.9\n" . hop('hotmail.com', '64.4.1.1',
			'f1.law.hotmail.com')],
	['check_for_no_hotmail_received_headers()',
		"From: x\@hotmail.com\n$away", "From: x\@a.example\n$away"],
	['check_for_forged_yahoo_received_headers()',
		"From: x\@yahoo.com\n$away", "From: x\@yahoo.com\n" .
		"Received: from [8.8.4.4] by web1.mail.yahoo.com via HTTP;\n" .
		"\tMon, 23 Nov 2026 10:00:00 +0000\n$away"],
	['check_for_forged_yahoo_received_headers()',
		"From: x\@yahoo.com\n$away", "From: x\@yahoo.com\n" .
		hop('mta1.yahoo.com', '8.8.4.4', 'mta1.mail.yahoo.com')],
	['check_for_forged_eudoramail_received_headers()',
		"From: x\@eudoramail.com\n$away",
		"From: x\@eudoramail.com\nX-Sender-Ip: 9.9.9.9\n" .
		"Received: from Unknown ([9.9.9.9]) by m.whowhere.com; x\n"],
	['check_for_forged_juno_received_headers()',
		"From: x\@juno.com\n$away", "From: x\@juno.com\n" .
		"X-Originating-IP: 9.9.9.9\nX-Mailer: Juno 5.0\n" .
		hop('m.juno.com', '9.9.9.9', 'm.juno.com')],
	['check_for_forged_gmail_received_headers()',
		"From: x\@gmail.com\n$away", "From: x\@gmail.com\n" .
		"X-Received: by 10.1.2.3 with SMTP id abc\n$away"],
	['check_for_forged_gmail_received_headers()',
		"From: x\@gmail.com\nX-Gm-Message-State: short\n$away",
		"From: x\@gmail.com\nX-Gm-Message-State: " . 'a' x 60 .
		"\nX-Google-Smtp-Source: " . 'b' x 60 . "\n$away"],
	['check_for_fake_aol_relay_in_rcvd()',
		hop('rly-xw01.mx.aol.com', '8.8.4.4'),
		"Received: from rly-xj02.mx.aol.com (x [172.20.1.1]) by y " .
		"(v83) with ESMTP id RELAYIN7-05; x\n"],
	['helo_ip_mismatch()', hop('9.9.9.9', '8.8.4.4'),
		hop('8.8.4.9', '8.8.4.4') . hop('10.0.0.1', '8.8.4.4')],
	['check_for_no_rdns_dotcom_helo()', hop('smtp.yahoo.com', '8.8.4.4'),
		hop('smtp.yahoo.com', '8.8.4.4', 'x.a.example')],
	['check_for_no_rdns_dotcom_helo()', hop('MSN.com', '8.8.4.4'),
		hop('notmsn.com', '8.8.4.4')],
	['check_for_forged_received_trail()',
		hop('one.example', '8.8.4.4', 'mx.one.example') .
		hop('two.example', '8.8.4.5', 'mx.two.example', 'mx.x.example')
		. hop('three.example', '8.8.4.6', 'mx.three.example',
			'mx.y.example'),
		hop('one.example', '8.8.4.4', 'mx.one.example') .
		hop('two.example', '8.8.4.5', 'mx.two.example',
			'in.one.example')
		. hop('three.example', '8.8.4.6', 'mx.three.example',
			'in.two.example')],
	['sorted_recipients()', to(@others), to(reverse @others)],
	['sorted_recipients()', to(@others), to(@others[0 .. 5])],
	["similar_recipients('0.65','undef')", to(@alike), to(@others)],
	["similar_recipients('0.65','undef')",
		to(@alike[0 .. 4]) . "Cc: $alike[5]\n", to(@alike[0 .. 3])],
	["check_for_to_in_subject('user')",
		"To: bob\@b.example\nSubject: bob, you have won\n",
		"To: bob\@b.example\nSubject: bobsleigh, a report\n"],
	["check_for_to_in_subject('user')",
		"To: bob\@b.example\nSubject: Re: Bob\n",
		"To: bob\@b.example\nSubject: Bob, hello\n"],
	["check_for_to_in_subject('address')",
		"To: bob\@b.example\nSubject: hey bob\@b.example !\n",
		"To: bob\@b.example\nSubject: hey bob\@bxexample !\n"],
	["check_header_count_range('Subject','2','999')",
		"Subject: a\nSubject: b\n", "Subject: a\nSubject: a\n"],
	['check_unresolved_template()', "X-List: %FIRST_NAME\n",
		"Subject: %FIRST_NAME\nX-List: 5%Off %A\n"],
	['check_ratware_name_id()', 'Message-ID: <' . 'A' x 28 .
		".b\@a.example>\nFrom: \"B\" <b\@a.example>\n",
		'Message-ID: <' . 'A' x 28 .
		".c\@a.example>\nFrom: \"B\" <b\@a.example>\n"],
	['check_ratware_envelope_from()',
		"Return-Path: <x-b.example.com-bob\@a.example>\n" .
		"To: bob\@mx.example.com\n",
		"Return-Path: <x-example.com-bob\@a.example>\n" .
		"To: tom\@mx.example.com\n"],
	['check_outlook_message_id()',
		"Message-ID: <000101c2abcd\$00000000\$00000000\@x>\n" .
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\n",
		sprintf("Message-ID: <0001%08x\$00000000\$00000000\@x>\n",
			int(1795428000 * 0.0023283064365387 + 27111902.83)) .
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\n"],
) {
	my ($function, $hit, $miss) = @$case;

	is $rules->hits("header A eval:$function\n", "$hit\nx\n"), 'A',
		$function;
	is $rules->hits("header A eval:$function\n", "$miss\nx\n"), '',
		"not $function" or note $miss;
}

# When a message was written, and when the nearest hop had it: with the last hop
# the same as the Date it is not asked.
my $date = 'Date: Sun, 22 Nov 2026 10:00:00 +0000';
my $late = 'Received: from x (y [8.8.4.4]) by z; Mon, 23 Nov 2026 10:00:00 +0000';
my $same = "Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000";
for my $case (
	["$late\n$date", 'A', 'a day late'],
	["$late\n$same\n$date", 'A', 'the first hop is the mailer itself'],
	["$same\n$date", '', 'there is one hop only'],
	["$late\nResent-Date: Mon, 23 Nov 2026 09:00:00 +0000\n$date", '',
		'it was sent again'],
	["$late\nDate: Sun, 22 Nov 126 10:00:00 +0000", 'A',
		'a year since 1900'],
	["$late\nDate: Sun, 22 Nov 0126 10:00:00 +0000", '',
		'and one of the Romans'],
) {
	my ($header, $want, $what) = @$case;

	is $rules->hits("header A eval:check_for_shifted_date('-48', '-12')\n",
		"$header\n\nx\n"), $want, $what;
}

# What a hop tells of itself: [Received field, what the rules see of it]
for my $case (
	['from 7.7.7.7 ([8.8.4.4]) by m.example with QMQP; x',
		'rdns=7.7.7.7 helo=7.7.7.7 by=m.example'],
	['from 7.7.7.7 ([8.8.4.4]) by m.example with SMTP id 123; x',
		'rdns= helo=7.7.7.7 by=m.example'],
	['from  (8.8.4.4 [8.8.4.4]) by MailEnable; x',
		'rdns= helo=8.8.4.4 by=MailEnable'],
) {
	my ($field, $want) = @$case;

	is $rules->hits("header A X-Spam-Relays-Untrusted =~ / \Q$want\E /\n",
		"Received: $field\n\n"), 'A', $field;
}

is $rules->hits("header A From:name:raw =~ /^H=\\?/\nheader B From:name =~ /^H\xc3\xb6/\n",
	"From: H=?iso-8859-1?B?9g==?= <x\@a.example>\n\n"), 'A B',
	'a name as it is written, and as it is read';
is $rules->hits("header A From:name =~ /^Ann +B\\z/\n",
	"From: \"\" Ann \" B\" <x\@a.example>\n\n"), 'A', 'quotes in disorder';
is $rules->hits("rawbody A eval:check_for_mime('mime_qp_count')\n",
	"Content-Transfer-Encoding: quoted-printable\n" .
	"Content-Type: text/plain\n\n=09x\n"), 'A', 'a tab need not be quoted';
is $rules->hits("rawbody A /x\\ny/\n",
	"Content-Transfer-Encoding: quoted-printable\n" .
	"Content-Type: text/plain\n\nx  \ny\n"), 'A', 'blanks of the way are no text';
is $rules->hits("header A X-Spam-Relays-Untrusted =~ /helo=9\\.9\\.9\\.9 /\n",
	hop('9.9.9.9', '8.8.4.4') . "\n"), 'A', 'a number for a name is a HELO';

done_testing;
