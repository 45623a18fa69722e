# The abuse desk from end to end, with a real Postfix and a clock of its own: a
# campaign, the warning over a weekend with a holiday, a complaint, a second
# incident, a third, the suspension and its end; the reports, as other programs
# read them; the audit.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Clock;
use Postfix;
use SMTP;
use Sandbox;

Postfix::is_there() or plan skip_all => 'no Postfix here, or not root to start one';

my $box = Sandbox->new;
# Friday, half past four in the afternoon in Shanghai; Monday is a holiday.
my $clock = Clock->new($box, '2026-11-27T08:30:00Z');
my $has_python = !($box->run('python3', '-c', '1'))[0];
my ($sink, $drop) = map { $box->path($_) } qw(sent drop);
mkdir $_ for $sink, $drop;
chmod 0777, $sink;
chown scalar getpwnam(Sandbox->user), -1, $drop;
chmod 01733, $drop;
my $sendmail = $box->write_file('sendmail', <<"E");
#!/bin/sh
unset LD_PRELOAD
n=\$(ls $sink | grep -c args)
printf '%s ' "\$@" >$sink/args.\$n
cat >$sink/part.\$n && mv $sink/part.\$n $sink/mail.\$n
E
chmod 0755, $sendmail;

my $daemon = $box->daemon(
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	evidence => { sendmail => $sendmail },
	cases => { contact => 'abuse@example.org', notices => 'yes', auto_warn => 'yes',
		notice_name => 'Example Networks', watch => '10d', drop_dir => $drop },
	calendar => { zone => 'Asia/Shanghai', hours => '09:00-17:00',
		holidays => ['2026-11-30'] },
	report => { organisation => 'Example Networks', contact => 'abuse@example.org' },
	bulk => { preset_limits => 'no', limits => { hourly => { key => 'account',
		most => 4, within => '1h' } } });
my $postfix = Postfix->new($box, milters => $daemon->socket,
	users => { alice => 'secret', bob => 'hidden' });

sub run_ok
{
	my ($name, @words) = @_;
	my ($status, $out, $err) = $daemon->reevectl(@words);

	is $status, 0, $name or diag $err;
	return $out;
}

sub case_ { my ($case) = $daemon->objects('case', 'show', $_[0]); $case }
sub due { ($daemon->reevectl('case', 'due'))[0] }
sub mails { scalar(my @all = glob "$sink/mail.*") }
# The last letter, its fields unfolded.
sub mail { $box->read_file("$sink/mail." . (mails() - 1)) =~ s/\n[ \t]+/ /gr }
sub at { $clock->set(@_) }

# A case that the daemon ends a suspension in: it has then looked at what is due
# at that time, and is done with it when it does the next such thing.
my $probe;

sub look_at
{
	my ($time) = @_;

	run_ok 'a suspension', 'case', 'suspend', $probe, '--until', $time;
	at(Clock::seconds_of($time) + 1);
	in_state($probe, 'watched', "... ends $time");
}

sub in_state
{
	my ($id, $state, $name) = @_;

	ok $box->wait_for(20, sub { case_($id)->{state} eq $state }), $name or
		diag explain case_($id);
}

# A session of a customer, or of a stranger.
sub session
{
	my ($login, $password) = @_;
	my $s = SMTP->new($postfix->port, from => '127.0.0.9');

	!$login || ($s->auth($login, $password))[0] == 235 or die "$login cannot log in\n";
	return $s;
}

sub offer
{
	my ($from, $to, $n) = @_;

	return "From: $from\nTo: $to\nSubject: Chairs, offer $n\n" .
		"Date: Fri, 27 Nov 2026 08:30:00 +0000\n" .
		"Message-ID: <offer-$n\@example.org>\n\nBuy chairs.\n";
}

my $serial = 0;

# Limits run on when the clock is set; one that starts goes by it.
sub let_time_pass
{
	is $daemon->stop, 0, 'the daemon ends';
	at($_[0]);
	$daemon->start;
}

# So many messages of alice's: the first digits of the replies.
sub campaign
{
	my ($count) = @_;
	my $s = session('alice', 'secret');
	my $replies = '';


	for (1 .. $count) {
		my $to = 'x' . ++$serial . '@far.example';
		my ($code) = $s->message(from => '<alice@example.org>', to => "<$to>",
			text => offer('alice@example.org', $to, $serial));
		$replies .= substr $code, 0, 1;
		$s->cmd('RSET');
	}
	$s->quit;
	return $replies;
}

my $me = 'nobody';
my ($case, $id);

# A report to the abuse address, as the alias of an MTA hands it over.
sub complain
{
	my ($domain, $delivered) = @_;
	my $original = $delivered =~ s/^X-To: .*\n//r;
	my $file = $box->write_file('complaint', "From: fbl\@$domain\nTo: abuse\@example.org\n" .
		"Subject: report\nContent-Type: multipart/report; " .
		"report-type=feedback-report; boundary=b\n\n--b\n\nA report.\n--b\n" .
		"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n" .
		"User-Agent: Big/1\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\n" .
		"$original\n--b--\n");

	chmod 0644, $file;
	my ($status, $out, $err) = $box->run('setpriv', '--reuid=daemon', '--clear-groups',
		'sh', '-c', "exec $Sandbox::BUILD/reevectl -c " . $daemon->conf .
		" complaint import - <$file");
	is $status, 0, 'a complaint is handed over' or diag $err;
}

# What a Python program, which prints JSON, makes of files.
sub python
{
	my ($name, $program, @words) = @_;
	my ($status, $out, $err) = $box->run('python3', '-c', $program, @words);

	is $status, 0, "$name: Python reads it" or diag $err;
	return decode_json($out || '[]');
}

sub report_file
{
	my ($what, $format, @words) = @_;
	my $file = $box->path("$what.$format");

	run_ok("$what, $format", 'report', $what, '--format', $format, '-o', $file, @words);
	return $file;
}

sub read_by_python
{
	my (%file) = @_;
	my $mail = python('arf', <<'P', $file{arf});
import email, email.policy, json, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
parts = list(m.iter_parts())
fields = parts[1].get_payload()[0]
third = parts[2].get_payload(0) if parts[2].is_multipart() else email.message_from_string(parts[2].get_payload())
print(json.dumps([m.get_content_type(), len(m.defects), fields["Feedback-Type"], fields["Source-IP"],
    fields["Original-Mail-From"], str(third["Subject"])]))
P
	is_deeply [@$mail[0 .. 4]], ['multipart/report', 0, 'abuse', '127.0.0.9',
		'<alice@example.org>'], 'what it should be';
	like $mail->[5], qr/^Chairs, offer \d+$/, 'with what was sent';
	my $rows = python('csv', <<'P', $file{csv});
import csv, json, sys
print(json.dumps(list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))))
P
	is scalar(grep { $_->{sender} eq 'alice@example.org' } @$rows), @$rows, 'all are his';
	my @lines = split /\n/, $box->read_file($file{json});
	is scalar(map { decode_json($_) } @lines), @$rows, 'json: as many';
	cmp_ok scalar(@lines), '>=', 4, 'what was refused, and what the complaint is about';
	my $shared = Sandbox->shared;
	SKIP: {
		skip 'no schemas here', 1 unless $shared;
		skip 'no python3-jsonschema here', 1
			if ($box->run('python3', '-c', 'import jsonschema'))[0];
		is python('xarf', <<'P', "$shared/data/xarf/xarf-spec/schemas/v4", $file{xarf})->[0],
import json, pathlib, sys
from jsonschema import Draft202012Validator, FormatChecker, RefResolver
load = lambda p: json.loads(p.read_text())
top = pathlib.Path(sys.argv[1])
schema = load(top / "types/messaging-spam.json")
store = {load(p)["$id"]: load(p) for p in top.rglob("*.json")}
resolver = RefResolver(schema["$id"], schema, store)
lines = [json.loads(l) for l in open(sys.argv[2])]
for l in lines:
    v = Draft202012Validator(schema, resolver=resolver, format_checker=FormatChecker())
    errors = [e.message for e in v.iter_errors(l)]
    assert not errors, errors
print(json.dumps([len(lines)]))
P
			scalar @lines, 'the schema takes each';
	}
}

sub to_the_authority
{
	my $text = run_ok('to the authority', 'report', 'authority', $id);

	like $text, qr/^$_$/m, "text: $_" for "Report about case $id", 'name +Acme Ltd';
	my ($report) = $daemon->objects('report', 'authority', '--format', 'json', $id);
	is $report->{customer}{id}, 'acme', 'json: who';
	is_deeply [map { $_->{step} } @{ $report->{steps} }],
		[map { $_->{step} } @{ case_($id)->{steps} }], 'each step';
	is scalar(@{ $report->{complaints} }), 2, 'the complaints';
	my $zip = report_file('authority', 'zip', $id);
	$has_python or return;
	cmp_ok python('zip', <<'P', $zip)->[0], '>=', 3, 'originals with their hashes';
import hashlib, json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
sums = [l.split("  ", 1) for l in z.read("SHA256SUMS").decode().splitlines()]
for digest, name in sums:
    assert hashlib.sha256(z.read(name)).hexdigest() == digest, name
report = json.loads(z.read("report.json"))
assert {r["original_sha256"] for r in report["records"] if "original_sha256" in r} == {d for d, n in sums}
print(json.dumps([len(sums)]))
P
}

sub of_the_months
{
	my ($november) = $daemon->objects('report', 'monthly', '2026-11');
	my ($month) = $daemon->objects('report', 'monthly', '2026-12');
	my %duty = map { $_->{duty} => $_ } @{ $november->{duties} };
	my $html = report_file('monthly', 'html', '2026-12');

	is_deeply [@{ $duty{warn} }{qw(owed in_term)}], [3, 2],
		'the month: one was not warned in term' or diag explain \%duty;
	is_deeply [@{ $month->{overview} }{qw(complaints warnings suspensions)}], [2, 2, 1],
		'complaints, warnings, suspensions' or diag explain $month->{overview};
	SKIP: {
		my ($status, $out, $err) = $box->run('tidy', '-e', '-q', $html);

		skip 'no tidy here', 1 if $status == 127;
		is "$status $out$err", '0 ', 'html: tidy takes it';
	}
}

# Each as a program that is not ours reads it.
sub reports
{
	my %file = map { $_ => report_file('abuse', $_, $id) }
		qw(arf xarf iodef csv json text);

	like $box->read_file($file{text}), qr/alice\@example\.org/, 'text';
	SKIP: {
		my ($status, $out, $err) = $box->run('xmllint', '--noout', $file{iodef});

		skip 'no xmllint here', 1 if $status == 127;
		is "$status $out$err", '0 ', 'iodef: xmllint takes it';
	}
	read_by_python(%file) if $has_python;
	to_the_authority();
	of_the_months();
}

run_ok 'a customer', 'customer', 'add', 'acme', '--name', 'Acme Ltd', '--account', 'alice',
	'--contact', 'it@acme.example', '--domain', 'acme.example', '--reason', 'contract 7';
is due(), 0, 'nothing is due';

# 1. Friday: the limit opens a case.
is campaign(6), '222244', 'a campaign reaches the limit';
ok $box->wait_for(20, sub { ($case) = $daemon->objects('case', 'list') }), 'a case';
$id = $case->{case};
is "@$case{qw(subject_kind subject kind severity contact state)}",
	'customer acme spam 1 it@acme.example open', 'about the customer';
like case_($id)->{steps}[0]{note}, qr/^limit: account alice: more than 4 messages in 1h/,
	'which says why';
cmp_ok abs($case->{due}{warn} / 1e6 - Clock::seconds_of('2026-12-01T08:30:00Z')), '<', 120,
	'to be warned within a business day: a weekend and a holiday are none';
$probe = ($daemon->objects('case', 'open', account => 'probe'))[0]{case};
# Another one, of whom no address is known.
my ($silent) = $daemon->objects('case', 'open', account => 'bob', '--reason', 'by phone');
$silent = $silent->{case};
is due(), 0, 'nothing is overdue';
my @originals = $postfix->delivered(4);
is scalar @originals, 4, 'four messages went out';

# 2. The warning goes out on Tuesday morning.
for (['2026-11-27T09:35:00Z', 'after work on Friday'], ['2026-11-28T04:00:00Z', 'on Saturday'],
	['2026-11-30T02:00:00Z', 'on the holiday'], ['2026-12-01T00:59:00Z', 'before work']) {
	look_at($_->[0]);
	is case_($id)->{state}, 'open', "not warned $_->[1]";
	is due(), 0, 'which is not overdue';
}
is mails(), 0, 'no letter';
at('2026-12-01T01:00:05Z');
in_state($id, 'watched', 'warned on Tuesday at nine, and watched');
my ($warning) = grep { $_->{step} eq 'warn' } @{ case_($id)->{steps} };
cmp_ok $warning->{when_us} / 1e6, '>=', Clock::seconds_of('2026-12-01T01:00:00Z'), 'not before';
is $warning->{operator}, 'mailreeve', 'by the daemon';
is mails(), 1, 'one letter';
like mail(), qr/^To: it\@acme\.example$/m, 'to the customer';
like mail(), qr/^Subject: \[$id\] /m, 'about the case';
is case_($id)->{due}{warn}, undef, 'nothing more is owed to him';

# 3. A complaint about Friday's mail, through the alias and the drop folder.
at('2026-12-01T02:00:00Z');
complain('big.example', $originals[1]);
ok $box->wait_for(20, sub { case_($id)->{incidents} == 2 }), 'and joins the case' or
	diag $daemon->log;
my ($complaint) = $daemon->objects('complaint', 'show', 1);
is "@$complaint{qw(form kind reporter_domain account customer)}",
	'arf abuse big.example alice acme', 'with whose it was';
like case_($id)->{steps}[-1]{note}, qr/^complaint: complaint 1 \(abuse\) from big\.example/,
	'which is a step';
is case_($id)->{severity}, 1, 'what was sent before the warning is nothing new';
is due(), 0, 'nothing is overdue';

at('2026-12-01T06:00:00Z');
complain('other.example', $originals[2]);
ok $box->wait_for(20, sub { case_($id)->{incidents} == 3 }), 'another one, hours later, as well' or
	diag $daemon->log;
is case_($id)->{severity}, 1, 'and is nothing new either';

# 4. Whom nobody could write to is overdue, until an operator called.
at('2026-12-01T08:29:00Z');
is due(), 0, 'the term is not over';
at('2026-12-01T08:32:00Z');
is due(), 1, 'one was not warned in time';
like +($daemon->reevectl('case', 'due'))[1], qr/^$silent .* warn .*\(overdue\)/m, 'which one';
run_ok 'warned by phone', 'case', 'warn', '--no-notice', '--reason', 'by phone', $silent;
is due(), 0, 'nothing is overdue';

# 5. A second incident escalates.
let_time_pass('2026-12-03T02:00:00Z');
is campaign(4), '2244', 'again, and half of the limit is left to who is watched';
ok $box->wait_for(20, sub { case_($id)->{incidents} == 4 }), 'a second incident joins';
is join(' ', @{ case_($id) }{qw(severity state)}), '2 watched', 'and is graver';
is due(), 0, 'nothing is overdue';

# 6. The third suspends.
let_time_pass('2026-12-07T02:00:00Z');
my $old = session('alice', 'secret');
is campaign(3), '224', 'and again';
in_state($id, 'suspended', 'the third one suspends');
is case_($id)->{severity}, 3, 'it is a grave case';
is case_($id)->{steps}[-1]{operator}, 'mailreeve', 'by the daemon';
ok $box->wait_for(20, sub { mails() == 2 }), 'a letter';
like mail(), qr/^Subject: \[$id\] .*suspended/m, 'tells him';
is due(), 0, 'nothing is overdue';
for (['a session under way', $old], ['a new one', session('alice', 'secret')]) {
	my ($code, $text) = $_->[1]->cmd('MAIL FROM:<alice@example.org>');

	is $code, 550, "$_->[0] is refused at MAIL";
	like $text, qr/5\.7\.1 suspended, case $id; write to abuse\@example\.org/, 'with the case';
	$_->[1]->quit;
}
is +(session()->message(from => '<far@remote.example>', to => '<alice@example.org>'))[0], 250,
	'mail to the customer flows';
is +(session('bob', 'hidden')->message(from => '<bob@example.org>', to => '<y@far.example>'))[0],
	250, 'and that of others';
is_deeply [map { $_->{case} } $daemon->objects('list', 'suspended')], [$id], 'it is in the list';
like run_ok('an export', 'list', 'export', 'suspended'), qr/^customer acme $id$/m, 'in the export';

# 7. Resumption works at once.
let_time_pass('2026-12-07T05:00:00Z');
my $again = session('alice', 'secret');
is +($again->cmd('MAIL FROM:<alice@example.org>'))[0], 550, 'suspended still';
run_ok 'resumed', 'case', 'resume', $id, '--reason', 'cleaned up';
is +($again->message(from => '<alice@example.org>', to => '<z@far.example>'))[0], 250,
	'the next command of the same session is taken';
$again->quit;
is case_($id)->{state}, 'watched', 'and watched';
is mails(), 3, 'a letter';
like mail(), qr/^Subject: \[$id\] You can send mail from your .* again$/m, 'tells him';
is_deeply [$daemon->objects('list', 'suspended')], [], 'the list is empty';

subtest 'reports of the case' => \&reports;

# 8. The end.
run_ok 'remedied', 'case', 'remedy', $id, '--reason', 'a new password';
run_ok 'closed', 'case', 'close', $id;
is mails(), 4, 'a letter';
like mail(), qr/^Subject: \[$id\] /m, 'closes it';
is due(), 0, 'nothing is due';
is join(' ', map { $_->{step} } @{ case_($id)->{steps} }),
	'open warn watch note note note note suspend note resume note remedy close note', 'the case has all steps';

my @audit = grep { "$_->{subject} $_->{reason}" =~ /\b(?:$id|acme)\b/ && $_->{action} =~ /^case/ }
	$daemon->objects('audit', 'list');
is join(', ', map { "$_->{action} by $_->{operator}" } @audit), join(', ',
	(map { "case $_ by mailreeve" } qw(join letter watch)), ('case join by mailreeve') x 4, 'case suspend by mailreeve',
	'case letter by mailreeve', map { "case $_ by $me" } qw(resume remedy close)),
	'the audit has each, and who did it';
is scalar(grep { $_->{action} =~ /^report (?:abuse|authority|monthly)$/ }
	$daemon->objects('audit', 'list')), 12, 'and who saw the reports';
is +($daemon->reevectl('audit', 'verify'))[0], 0, 'and it is whole';
$postfix->stop;
is $daemon->stop, 0, 'the daemon ends well';

done_testing;
