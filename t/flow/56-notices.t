# Letters of cases: in the customer's language, with the facts, by sendmail(1);
# what is shown and not sent, what fails and is tried again, what comes back,
# and what the daemon sends by itself.

use strict;
use warnings;

use Encode qw(decode encode);
use JSON::PP;
use MIME::Base64;
use MIME::QuotedPrint;
use Test::More;
use utf8;

use Clock;
use Milter::Client;
use Sandbox;

binmode $_, ':utf8' for Test::More->builder->output, Test::More->builder->failure_output;

my $box = Sandbox->new;
# A Friday afternoon; Monday is a holiday.
my $clock = Clock->new($box, '2026-11-27T15:00:00Z');
my $sink = $box->path('sent');
mkdir $sink;
chmod 0777, $sink;
my $sendmail = $box->write_file('sendmail', <<"E");
#!/bin/sh
unset LD_PRELOAD
test ! -e $sink/fail || { printf 'queue file: no\\tspace\\n'; exit 75; }
n=\$(ls $sink | grep -c args)
printf '%s\\n' "\$@" >$sink/args.\$n
cat >$sink/part.\$n && mv $sink/part.\$n $sink/mail.\$n
E
chmod 0755, $sendmail;

my $drop = $box->path('drop');
mkdir $drop;
chown scalar getpwnam(Sandbox->user), -1, $drop if $> == 0;
chmod 01733, $drop;

sub bytes { encode('UTF-8', $_[0]) }

my %cases = (contact => 'abuse@example.org', notices => 'yes', watch => '10d', auto_watch => 'no',
	notice_name => bytes('Beispielnetze Störstelle'),
	notice_sender => 'abuse+%@example.org', drop_dir => $drop);
my %settings = (relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	evidence => { sendmail => "$sendmail -v" }, cases => \%cases,
	calendar => { zone => 'UTC', hours => '09:00-17:00', holidays => ['2026-11-30'] });
my $daemon = $box->daemon(%settings);

sub case_
{
	my ($status, $out, $err) = $daemon->reevectl('--json', 'case', map { bytes($_) } @_);

	return { status => $status, err => $err, map { %{ decode_json($_) } }
		split /\n/, $out };
}

sub sent { scalar(my @all = glob "$sink/mail.*") }

# A letter: the fields of its header, and its text.
sub parsed
{
	my ($text) = @_;
	my ($head, $body) = split /\n\n/, $text, 2;
	my %letter = (raw => $text);

	$head =~ s/\n[ \t]+/ /g;
	for (split /\n/, $head) {
		my ($name, $value) = /^([\w-]+): (.*)/ or die "no field: $_";
		die "$name twice" if exists $letter{lc $name};
		$letter{lc $name} = $value;
	}
	my $how = lc $letter{'content-transfer-encoding'};
	$body = decode_base64($body) if $how eq 'base64';
	$body = decode_qp($body) if $how eq 'quoted-printable';
	$letter{text} = decode('UTF-8', $body =~ s/\r\n/\n/gr, 1);
	$letter{$_} = decode('MIME-Header', $letter{$_}) for qw(subject from);
	return \%letter;
}

# The last one, with sendmail's arguments.
sub letter
{
	my $n = sent() - 1;
	my $letter = parsed($box->read_file("$sink/mail.$n"));

	$letter->{args} = $box->read_file("$sink/args.$n") =~ s/\n/ /gr;
	return $letter;
}

is +($daemon->reevectl('customer', 'add', 'acme', '--name', bytes('极好有限公司'),
	'--account', 'carol', '--contact', 'carol@shop.example', '--language',
	'zh-CN'))[0], 0, 'a customer';
my $mta = Milter::Client->new($daemon->socket);
$mta->open_session(addr => '192.0.2.7');
$mta->message(queue_id => '4abcDEF', from => '<carol@shop.example>', login => 'carol',
	rcpts => ['<victim@example.net>'], headers => [['From', 'carol@shop.example'],
	['Subject', '=?utf-8?B?' . encode_base64(bytes("便宜\x{1b}[31m"), '') . '?='],
	['Message-ID', '<77@shop.example>']], body => "Buy!\r\n");
$mta->quit;
my ($record) = $daemon->records(1);

subtest 'a warning in Chinese' => sub {
	my $id = case_('open', account => 'carol', '--kind', 'spam')->{case};
	case_('close', $id);
	$id = case_('open', customer => 'acme', '--kind', 'virus')->{case};
	my $shown = case_('warn', $id, '--dry-run', '--remark', "请致电\n010-1");
	is $shown->{status}, 0, 'shown' or diag $shown->{err};
	is "$shown->{kind} $shown->{to} $shown->{language}", 'warning carol@shop.example zh',
		'which, to whom, in what language';
	is sent(), 0, 'nothing is sent';
	is case_('show', $id)->{state}, 'open', 'and nothing done';
	my $letter = parsed($shown->{message});
	like $letter->{subject}, qr/^\[$id\] 关于您的客户账户“acme”发送违规邮件的警告/,
		'the subject';
	like $letter->{text}, qr/^尊敬的极好有限公司：\n/, 'the text';
	is $shown->{text}, $letter->{text}, 'which is shown by itself';
	my ($status, $out) = $daemon->reevectl('case', 'warn', $id, '--dry-run');
	like decode('UTF-8', $out), qr/^To: carol.*\nSubject: \[$id\] 关于.*\n\n尊敬的/m, 'for people, too';

	my $case = case_('warn', $id, '--remark', "请致电\n010-1", '--reason', 'as usual');
	is $case->{status}, 0, 'warned' or diag $case->{err};
	is $case->{state}, 'warned', 'the case says so';
	is sent(), 1, 'one letter';
	$letter = letter();
	like $letter->{args}, qr/^-v -i -f abuse\+$id\.1\.[0-9a-f]{16}\@example\.org -- carol\@shop\.example \z/,
		'with an envelope that a bounce comes back to';
	like $letter->{'message-id'}, qr/^<$id\.1\.[0-9a-f]{16}\@example\.org>\z/, 'Message-ID';
	like $letter->{date}, qr/^Fri, 27 Nov 2026 \d\d:\d\d:\d\d [+-]\d{4}\z/, 'Date';
	is $letter->{'auto-submitted'}, 'auto-generated', 'of a robot';
	like $letter->{from}, qr/^Beispielnetze Störstelle <abuse\@example\.org>\z/, 'From';
	is $letter->{to}, 'carol@shop.example', 'To';
	is $letter->{'mime-version'}, '1.0', 'MIME';
	like $letter->{'content-type'}, qr{^text/plain; charset=utf-8}i, 'text in UTF-8';
	is $letter->{'content-language'}, 'zh', 'in Chinese';
	unlike $letter->{raw}, qr/[^\x20-\x7e\n\t]/, 'of ASCII, lines end as programs have them';
	is_deeply [grep { length > 78 } split /\n/, $letter->{raw}], [], 'and none is too long';
	for ("案件编号为 $id", '带有恶意程序的邮件', '2026-12-03 15:0', "请致电\n010-1",
		'来源地址： 192.0.2.7', '队列编号： 4abcDEF', '收件人数： 1', '主题： 便宜',
		'邮件标识： 77@shop.example', "记录编号： $record->{id}", 'abuse@example.org',
		'Beispielnetze Störstelle') {
		like $letter->{text}, qr/\Q$_\E/, $_ =~ s/\n/ /r;
	}
	unlike $letter->{text}, qr/victim|\e|[{}]/, 'no recipient, no bytes of a stranger';
	my ($step) = grep { $_->{step} eq 'warn' } @{ case_('show', $id)->{steps} };
	like $step->{note}, qr/^letter: warning to carol\@shop\.example \(zh, $id\.1\.\w+\): as usual\z/,
		'the step says to whom';

	$case = case_('warn', $id);
	like letter()->{subject}, qr/^\[$id\] 提醒：/, 'another one is a reminder';
	case_('suspend', $id, '--until', '7d');
	like letter()->{subject}, qr/发信服务已暂停/, 'suspended';
	like letter()->{text}, qr/返回 "550 5\.7\.1 suspended, case $id"/, 'as callers see it';
	like letter()->{text}, qr/至 2026-12-04 15:0/, 'until when';
	case_('resume', $id);
	like letter()->{subject}, qr/发信服务已恢复/, 'resumed';
	my $before = sent();
	case_('remedy', $id);
	is sent(), $before, 'a remedy is no letter';
	case_('close', $id);
	like letter()->{subject}, qr/已结案/, 'closed';
	is join(' ', map { "$_->{kind}=$_->{state}" } @{ case_('show', $id)->{letters} }),
		'warning=sent reminder=sent suspension=sent resumption=sent closing=sent',
		'all are in the case';
	like +($daemon->reevectl('case', 'show', $id))[1], qr/resumption +sent/, 'as a table';
};

subtest 'English, by an account' => sub {
	my $id = case_('open', account => 'alice', '--contact', 'alice@example.net')->{case};
	my $before = sent();
	is case_('warn', $id, '--no-notice')->{state}, 'warned', 'by phone';
	is sent(), $before, 'no letter';
	case_('notice', $id, 'warning', '--reason', 'again');
	my $letter = letter();
	like $letter->{subject}, qr/^\[$id\] Unwanted mail from your account alice: please act by 2026-12-02 15:0\d \+0000/,
		'two business days, over a holiday';
	unlike $letter->{text}, qr/What was seen|Some of the messages|our staff/,
		'no headings over nothing';
	is case_('notice', $id, 'suspension')->{status}, 65, 'nothing is told that is not so';
	is case_('notice', $id, 'reminder', '--language', 'zh', '--dry-run')->{language}, 'zh',
		'another language';
	my $hers = case_('open', account => 'carol')->{case};
	my $shown = case_('warn', $hers, '--dry-run');
	is "$shown->{to} $shown->{language}", 'carol@shop.example zh', 'but by the book, if it knows';
	like $shown->{text}, qr/^尊敬的极好有限公司：\n/, 'with the name';
	is case_('warn', $hers, '--dry-run', '--contact', 'c@new.example')->{to}, 'c@new.example',
		'unless an operator knows better';
	case_('close', $hers);
	case_('close', case_('open', account => 'fred', '--contact', 'fred@x.example')->{case});
	is sent(), $before + 1, 'who never heard of it is not told of the end';
	for (['warn', $id, '--contact', 'x'], ['warn', $id, '--contact', "a\@b.c\nBcc: d\@e.f"],
		['warn', $id, '--contact', '-oQ/tmp@e.f'], ['warn', $id, '--language', 'xx'],
		['notice', $id, 'closing'], ['note', $id, '--dry-run']) {
		my $no = case_(@$_);

		is $no->{status}, 65, "$_->[0] " . ($_->[3] // '') =~ s/\n.*//sr . ': refused';
		like $no->{err}, qr/\w/, 'and why';
	}
	is case_('notice', $id)->{status}, 64, 'which letter?';
	is case_('notice', $id, 'love')->{status}, 64, 'no such letter';
	is sent(), $before + 1, 'nothing went out';
	my $none = case_('open', account => 'greg')->{case};
	like case_('warn', $none)->{err}, qr/no mail address is known.*--no-notice/s, 'nobody to write to';
	is case_('show', $none)->{state}, 'open', 'not warned';
	my $case = case_('suspend', $none);
	is "$case->{status} $case->{state}", '0 suspended', 'suspended, without a letter';
	like $case->{err}, qr/no letter is sent/, 'which is told';
};

subtest 'sendmail fails' => sub {
	my $id = case_('open', account => 'dave', '--contact', 'dave@example.net')->{case};
	my $before = sent();

	$box->write_file("$sink/fail", '');
	my $case = case_('warn', $id);
	is $case->{status}, 75, 'told';
	like $case->{err}, qr/\(status 75\): "queue file: no\\x09space"; the daemon tries/, 'and why';
	$case = case_('show', $id);
	is $case->{state}, 'open', 'not warned';
	ok $case->{due}{warn}, 'the duty is open';
	like $case->{steps}[-1]{note}, qr/^letter: warning to dave\@example\.net could not be sent: /,
		'the case says why';
	$clock->advance(70);
	ok $box->wait_for(10, sub { case_('show', $id)->{letters}[0]{tries} == 2 }), 'tried again';
	unlink "$sink/fail";
	$clock->advance(150);
	ok $box->wait_for(10, sub { case_('show', $id)->{state} eq 'warned' }), 'then it goes out';
	is sent(), $before + 1, 'once';
	$case = case_('show', $id);
	is "$case->{steps}[-1]{step} $case->{steps}[-1]{operator}", 'warn mailreeve',
		'and the daemon says so';
	is scalar @{ $case->{steps} }, 3, 'no step in between';
	is $case->{due}{warn}, undef, 'the duty is done';
	ok +(grep { $_->{action} eq 'case letter' && $_->{subject} eq $id }
		$daemon->objects('audit', 'list')), 'the audit has it';

	$id = case_('open', account => 'hugh', '--contact', 'hugh@example.net')->{case};
	$box->write_file("$sink/fail", '');
	case_('warn', $id);
	case_('warn', $id, '--no-notice');
	unlink "$sink/fail";
	$clock->advance(70);
	ok $box->wait_for(10, sub { case_('show', $id)->{letters}[0]{state} eq 'dropped' }),
		'one that nobody needs any more is dropped';
	is sent(), $before + 1, 'and not sent';
};

sub dsn
{
	my ($to, $quoted, $action) = @_;

	return "Return-Path: <>\nFrom: MAILER-DAEMON\@mx.example.org\nTo: $to\n" .
		"Subject: Undelivered Mail Returned to Sender\n" .
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" .
		"--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n" .
		"Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; x\n" .
		"Action: $action\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\n" .
		"$quoted\n--b--\n";
}

sub import_mail
{
	my $file = $box->write_file('mail', $_[0]);

	chmod 0644, $file;
	return $daemon->reevectl('complaint', 'import', $file);
}

subtest 'letters that come back' => sub {
	my $id = case_('open', account => 'kate', '--contact', 'kate@example.net')->{case};

	case_('warn', $id);
	case_('watch', $id);
	is case_('show', $id)->{due}{warn}, undef, 'warned';
	my $letter = letter();
	my ($sender) = $letter->{args} =~ /-f (\S+)/;
	my $message_id = "Message-ID: $letter->{'message-id'}\n";
	(my $forged = $message_id) =~ s/[0-9a-f]{16}/0123456789abcdef/;

	for (['abuse@example.org', $forged, 'failed', 'a forged one'],
		[$sender, '', 'delayed', 'one that is only late'],
		['abuse@example.org', '', 'failed', 'another mail']) {
		is +(import_mail(dsn(@$_[0 .. 2])))[0], 65, "$_->[3]: is none";
	}
	is +(import_mail("From: kate\@example.net\nTo: abuse\@example.org\n" .
		"Subject: Re: your mail (bounce)\nIn-Reply-To: $letter->{'message-id'}\n\nNo!\n"))[0],
		65, 'an answer is none';
	is case_('show', $id)->{due}{warn}, undef, 'nothing has changed';
	my ($status, $out, $err) = import_mail(dsn($sender, '', 'failed'));
	is $status, 0, 'ours' or diag $err;
	like $out, qr/^warning of case $id to kate\@example\.net could not be delivered$/, 'which one';
	my $case = case_('show', $id);
	ok $case->{due}{warn}, 'the warning is owed again';
	is $case->{state}, 'watched', 'and he is watched still';
	like $case->{steps}[-1]{note}, qr/^letter: warning to kate\@.* could not be delivered: 5\.1\.1\z/,
		'the case says so';
	like +(import_mail(dsn('abuse@example.org', $message_id, 'failed')))[1],
		qr/known already/, 'by Message-ID as well, and once';
	is scalar @{ case_('show', $id)->{steps} }, scalar @{ $case->{steps} }, 'no second step';
	like case_('warn', $id)->{err}, qr/letters came back/, 'nobody writes there again';
	is case_('warn', $id, '--contact', 'kate@new.example')->{contact}, 'kate@new.example',
		'but to another address';
	like letter()->{subject}, qr/Unwanted mail/, 'the warning, not a reminder';
	is case_('show', $id)->{due}{warn}, undef, 'which is done now';
};

subtest 'by itself' => sub {
	$clock->set('2026-12-04T16:30:00Z');	# a Friday
	$daemon->configure(cases => { %cases, auto_warn => 'yes' });
	$daemon->reload;
	ok $box->wait_for(10, sub { $daemon->log =~ /reloaded/ }), 'reloaded';
	my $before = sent();
	my $id = case_('open', account => 'lars', '--contact', 'lars@example.net',
		'--kind', 'virus')->{case};
	my $due = case_('show', $id)->{due};
	$clock->set('2026-12-05T12:00:00Z');
	# The daemon has looked by the time it has done something else.
	case_('notice', case_('open', account => 'mia', '--contact', 'mia@example.net')->{case},
		'warning');
	is sent(), ++$before, 'an operator may write at any time';
	$clock->set('2026-12-07T08:59:00Z');
	is case_('show', $id)->{state}, 'open', 'the daemon does not at a weekend';
	$clock->set('2026-12-07T09:00:10Z');
	ok $box->wait_for(15, sub { case_('show', $id)->{state} eq 'warned' }), 'but on Monday at nine';
	is sent(), $before + 1, 'a letter';
	is case_('show', $id)->{steps}[-1]{operator}, 'mailreeve', 'by the daemon';
	like letter()->{text}, qr/by 2026-12-09 16:3\d/, 'with the day of the suspension';
	is case_('due')->{status}, 0, 'in time';
	$clock->set('2026-12-08T17:00:00Z');
	ok $box->wait_for(15, sub { sent() == $before + 2 }), 'a reminder the day before';
	like letter()->{subject}, qr/Reminder: please act by 2026-12-09 16:3/, 'says until when';
	ok $box->wait_for(5, sub { case_('show', $id)->{letters}[-1]{state} eq 'sent' }), 'noted';
	$clock->set('2026-12-08T18:00:00Z');
	$clock->set('2026-12-09T16:35:00Z');
	ok $box->wait_for(15, sub { case_('show', $id)->{state} eq 'suspended' }), 'suspended then';
	ok $box->wait_for(15, sub { sent() == $before + 3 }), 'with a letter, and no second reminder';
	like letter()->{subject}, qr/is suspended\z/, 'which says so';
	ok $box->wait_for(5, sub { case_('show', $id)->{letters}[-1]{state} eq 'sent' }), 'noted';
	is +($daemon->reevectl('audit', 'verify'))[0], 0, 'the audit is whole';

	my ($sender) = $box->read_file("$sink/args." . (sent() - 3)) =~ /^-f\n(\S+)/m;
	$box->write_file('complaint-1', dsn($sender, '', 'failed'));
	chmod 0644, $box->path('complaint-1');
	rename $box->path('complaint-1'), "$drop/complaint-1";
	ok $box->wait_for(10, sub { $daemon->log =~ /letter_bounced what="warning of case $id to lars/ }),
		'one that comes back through an alias is noted as well';
	is case_('show', $id)->{due}{warn}, undef, 'whom one can no more warn is not to be warned';
};

subtest 'as another program reads them' => sub {
	plan skip_all => 'no python3' if system 'python3 -c "import email" 2>/dev/null';
	local $ENV{LD_PRELOAD};
	my $read = $box->write_file('read.py', <<'P');
import email, email.policy, sys
for name in sys.argv[1:]:
    with open(name, "rb") as f:
        mail = email.message_from_binary_file(f, policy=email.policy.default)
    text = mail.get_content()
    bad = [*mail.defects, *(d for v in mail.values() for d in v.defects)]
    case = mail["message-id"].strip()[1:10]
    good = (not bad and "[" + case + "]" in mail["subject"] and case in text and "\ufffd" not in text
        and mail["from"].addresses[0].addr_spec == "abuse@example.org"
        and len(mail["to"].addresses) == 1 and mail["date"].datetime.year == 2026)
    print("good" if good else (name, bad, mail["subject"], text))
P
	my ($status, $out, $err) = $box->run('python3', $read, glob "$sink/mail.*");
	is $status, 0, 'all are read' or diag $err;
	is $out, "good\n" x sent(), 'and are what they should be';
};

subtest "letters of one's own" => sub {
	my $own = $box->path('letters');
	my $text = "# Mine.\nSubject: {case} {{closed}}\n\nBye, {name}.\n";

	mkdir $_ for $own, "$own/en", "$own/de";
	my $file = $box->write_file("$own/en/closing.txt", $text);
	my %own = (cases => { %cases, notice_dir => $own });
	my $check = sub {
		my $conf = $box->write_file('own.conf', Sandbox::conf_text({ %own,
			rules => { files => [] } }));
		return [$box->run("$Sandbox::BUILD/reevectl", '-c', $conf, 'check')];
	};
	like $check->()[2], qr{\Q$own\E/de/\w+\.txt: a language needs this file}, 'a whole language';
	rmdir "$own/de";
	is $check->()[0], 0, 'one letter alone' or diag $check->()[2];
	for (["Subject: x\n\nDear {nobody}\n", qr{:3: \{nobody\} is no variable; there are about}],
		["Subject: x\n\nDear {name\n", qr{:3: \{\} is no variable}],
		["Dear {name}\n", qr{:1: it must begin with "Subject}],
		["Subject: x\nTo: y\n\nz\n", qr{:2: an empty line must follow}],
		["Subject: x\n\n\xff\n", qr{:1: it is not in UTF-8}],
		["Subject: x\n", qr{:\d: there is no letter}]) {
		$box->write_file($file, $_->[0]);
		my $got = $check->();
		is $got->[0], 78, 'a bad one';
		like $got->[2], qr{closing\.txt$_->[1]}, 'and where';
	}
	$box->write_file($file, $text);
	$daemon->configure(%own);
	my ($case) = grep { $_->{subject} eq 'kate' } $daemon->objects('case', 'list');
	case_('remedy', $case->{case});
	case_('close', $case->{case});
	is letter()->{subject}, "$case->{case} {closed}", 'it is sent';
	is letter()->{text}, "Bye, customer.\n", 'as it is written';
	for (['notices = yes', qr/cases\.notices: needs cases\.contact/],
		['auto_warn = yes', qr/cases\.auto_warn: needs/],
		['notice_sender = "a%b%@c.d"', qr/cases\.notice_sender/],
		['notice_language = "xx"', qr/cases\.notice_language/]) {
		my $bad = $box->write_file('bad.conf', "cases { $_->[0]; }\n");
		my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c', $bad, 'check');
		is $status, 78, "$_->[0]: refused";
		like $err, $_->[1], 'and why';
	}
};

$daemon->stop;
done_testing;
