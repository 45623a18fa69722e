# Reports about cases and months, read by programs that are not ours.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use Test::More;

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-11-18T10:00:00Z');
my $sendmail = $box->write_file('sendmail', sprintf <<'E', ($box->path('mail')) x 2);
#!/bin/sh
echo "$@" >%s.to
cat >%s
E
chmod 0755, $sendmail;
$box->write_file($_, ''), chmod 0666, $box->path($_) for 'mail', 'mail.to';
my $daemon = $box->daemon(
	evidence => { sendmail => $sendmail },
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	calendar => { zone => 'Asia/Shanghai' },
	report => { organisation => "\xe5\xae\x89\xe5\x85\xa8 & Co <1>",
		contact => 'abuse@example.org' },
	bulk => { preset_limits => 'no', limits => { each => { key => 'account',
		most => 3, within => '1h', direction => 'any' } } });
my $has_python = !($box->run('python3', '-c', '1'))[0];

sub run_ok
{
	my ($name, @words) = @_;
	my ($status, $out, $err) = $daemon->reevectl(@words);

	is $status, 0, $name or diag $err;
	return $out;
}

sub send_mail
{
	my (%m) = @_;
	my $mta = Milter::Client->new($daemon->socket);

	$mta->message(addr => '192.0.2.5', rcpts => ['<x@far.example>'],
		from => '<alice@example.org>', login => 'alice', headers => [
			['From', 'alice@example.org'],
			['Subject', '=?UTF-8?B?5Y+R56Wo5LyY5oOg?=']], %m);
	$mta->quit;
}

run_ok 'a customer', 'customer', 'add', 'acme', '--name', "\xe5\x8c\x97\xe4\xba\xac, Ltd",
	'--account', 'alice', '--contact', 'it@acme.example', '--language', 'zh';
run_ok 'originals are kept', 'list', 'add', 'evidence', 'sender', 'alice@example.org';
send_mail(queue_id => "Q$_", body => "Number $_\r\n") for 1 .. 5;
send_mail(login => 'bob', from => '<bob@example.org>', queue_id => 'B1');
$daemon->records(6);
my $case;
$box->wait_for(20, sub { ($case) = $daemon->objects('case', 'list') });
is "$case->{subject_kind} $case->{subject}", 'customer acme', 'a case about the customer';
my $id = $case->{case};

subtest 'to the authority' => sub {
	my $text = run_ok 'text', 'report', 'authority', $id;
	like $text, qr/^Report about case \Q$id\E$/m, 'its case';
	like $text, qr/^name +\xe5\x8c\x97\xe4\xba\xac, Ltd$/m, 'who, in Chinese';
	like $text, qr/^by +\xe5\xae\x89\xe5\x85\xa8 & Co <1>$/m, 'in our name';
	like $text, qr/^  Subject +\xe5\x8f\x91\xe7\xa5\xa8/m, 'what it said';
	my ($report) = $daemon->objects('report', 'authority', '--format', 'json', $id);
	is $report->{customer}{name}, "\x{5317}\x{4eac}, Ltd", 'JSON: who';
	is_deeply $report->{customer}{contacts}, ['it@acme.example'], 'contacts';
	is $report->{case}{case}, $id, 'the case';
	is $report->{incidents}[0]{kind}, 'limit', 'its incident';
	is scalar(@{ $report->{records} }), 5, 'its messages, and no others';
	is $report->{records}[0]{queue_id}, 'Q1', 'oldest first';
	is scalar(grep { $_->{original_sha256} } @{ $report->{records} }), 3,
		'with the hashes of originals';
	ok !(grep { $_->{step} ne 'open' } @{ $report->{steps} }), 'what was done';

	my $zip = $box->path('case.zip');
	run_ok 'ZIP', 'report', 'authority', '--format', 'zip', '-o', $zip, $id;
	is +(stat $zip)[2] & 0777, 0600, 'for nobody else';
	is +($daemon->reevectl('report', 'authority', '--format', 'zip', '-o', $zip, $id))[0],
		73, 'nothing is overwritten';
	ok -s $zip, 'it is still there';
	SKIP: {
		skip 'no python3 here', 1 unless $has_python;
		my ($status, $out, $err) = $box->run('python3', '-c', <<'P', $zip);
import hashlib, json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
sums = [l.split("  ", 1) for l in z.read("SHA256SUMS").decode().splitlines()]
for digest, name in sums:
    assert hashlib.sha256(z.read(name)).hexdigest() == digest, name
report = json.loads(z.read("report.json").decode("utf-8"))
assert {r["original_sha256"] for r in report["records"] if "original_sha256" in r} == {d for d, n in sums}
for r in report["records"]:
    for name in "facts.json", "proof.json":
        json.loads(z.read("records/%s/%s" % (r["record"], name)))
assert "report.txt" in z.namelist()
print(len(sums))
P
		is $out, "3\n", 'Python reads it, and the hashes are right' or diag $err;
	}
	is +($daemon->reevectl('report', 'authority', '2026-0099'))[0], 69, 'no such case';
	is +($daemon->reevectl('report', 'authority', @$_))[0], 64, "@$_: bad words"
		for [], ['x'], [$id, 'y'], ['--format', 'pdf', $id], ['--since', 'x', $id],
		['--since', '1h', '--until', '2h', $id];
};

subtest 'harmful content' => sub {
	my ($harm) = $daemon->objects('case', 'open', account => 'mallory', '--kind', 'harmful');
	ok $harm->{due}{report}, 'a report is owed';
	run_ok 'suspended', 'case', 'suspend', $harm->{case};
	run_ok 'reported', 'report', 'authority', '--done', '--reason', 'sent to the office',
		$harm->{case};
	($harm) = $daemon->objects('case', 'show', $harm->{case});
	ok !$harm->{due}{report}, 'no more';
	like $harm->{steps}[-1]{note}, qr/^reported: 0 records; sent to the office/, 'a step';
	run_ok 'and sent', 'report', 'authority', '--to', 'police@gov.example', $id;
	is $box->read_file('mail.to'), "-i -f abuse\@example.org -- police\@gov.example\n",
		'to whom';
	($harm) = $daemon->objects('case', 'show', $id);
	is $harm->{steps}[-1]{note}, 'report sent to police@gov.example: 5 records', 'a step';
	SKIP: {
		skip 'no python3 here', 1 unless $has_python;
		my ($status, $out, $err) = $box->run('python3', '-c', <<'P', $box->path('mail'));
import email, email.policy, io, json, sys, zipfile
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
text, package = list(m.iter_parts())
z = zipfile.ZipFile(io.BytesIO(package.get_content()))
assert z.read("report.txt").decode("utf-8") == text.get_content().replace("\r\n", "\n")
print(json.dumps([str(m["Subject"]), str(m["From"]), package.get_content_type(), package.get_filename(), len(m.defects)]))
P
		is $status, 0, 'Python reads the mail' or diag $err;
		my $mail = decode_json($out || '[]');
		is_deeply [@$mail[0, 2 .. 4]], ["Report about case $id", 'application/zip',
			"case-$id.zip", 0], 'with the package';
		like $mail->[1], qr/^"?\x{5b89}\x{5168} & Co <1>"? </, 'in our name';
	}
};

subtest 'a month' => sub {
	$clock->advance(3600);
	run_ok 'warned', 'case', 'warn', $id;
	run_ok 'suspended', 'case', 'suspend', $id;
	run_ok 'a complaint', 'complaint', 'add', '--reporter', 'x@far.example',
		'--sender', 'alice@example.org', '--time', '2026-11-18T10:00:00Z';
	my $text = run_ok 'text', 'report', 'monthly', '2026-11';
	like $text, qr/^warn +1 +1 +0 +0 +0 +0 +(?:1 h|59 min)[^\n]*100\.0 %$/m, 'text: in term';
	my ($month) = $daemon->objects('report', 'monthly', '2026-11');
	is $month->{organisation}, "\x{5b89}\x{5168} & Co <1>", 'JSON: in our name';
	is_deeply [@{ $month->{overview} }{qw(messages stopped complaints cases_opened
		warnings suspensions customers_now customers_new reports_to_authority)}],
		[6, 0, 1, 2, 1, 2, 1, 1, 1], 'counts';
	my %duty = map { $_->{duty} => $_ } @{ $month->{duties} };
	is $duty{warn}{share_in_term}, 1, 'warned in term';
	cmp_ok abs($duty{warn}{median_s} - 3600), '<', 120, 'how soon';
	is_deeply [@{ $duty{report} }{qw(owed in_term)}], [1, 1], 'the report, too';
	is_deeply [@{ $duty{suspend} }{qw(owed in_term open)}], [1, 1, 0], 'and suspended';
	my %direction = map { $_->{direction} => $_ } @{ $month->{volume} };
	is_deeply [@{ $direction{outbound} }{qw(messages accepted deferred)}], [6, 4, 2],
		'by direction';
	is scalar(@{ $month->{days} }), 30, 'each day';
	is $month->{days}[17]{messages}, 6, 'on the eighteenth';
	is_deeply [map { $_->{week} } @{ $month->{weeks} }[0, 1, 5]],
		['2026-11-01 to 2026-11-01', '2026-11-02 to 2026-11-08',
		'2026-11-30 to 2026-11-30'], 'weeks';
	is $month->{weeks}[3]{messages}, 6, 'by week';
	is $month->{customers}[0]{customer}, 'acme', 'by customer';
	is $month->{state}, 'the month is not over yet', 'it says so';
	is +($daemon->objects('report', 'monthly'))[0]{month}, '2026-10',
		'not given: the last one that is over';
	is +($daemon->reevectl('report', 'monthly', @$_))[0], 64, "@$_: bad words"
		for ['2026-13'], ['2026-12'], ['x'], ['2026-11', 'y'], ['--format', 'pdf'];

	my $html = $box->path('month.html');
	run_ok 'HTML', 'report', 'monthly', '--format', 'html', '-o', $html, '2026-11';
	my $page = $box->read_file('month.html');
	like $page, qr/\xe5\xae\x89\xe5\x85\xa8 &amp; Co &lt;1&gt;/, 'escaped, and UTF-8';
	unlike $page, qr/<script|src=|href=|url\(/, 'it needs nothing else';
	SKIP: {
		my ($status, $out, $err) = $box->run('tidy', '-e', '-q', $html);
		skip 'no tidy here', 1 if $status == 127;
		is "$status $out$err", '0 ', 'tidy takes it';
		$box->write_file('bad.html', $page =~ s{</table>}{}r);
		isnt +($box->run('tidy', '-e', '-q', $box->path('bad.html')))[0], 0,
			'and not everything';
	}
	SKIP: {
		skip 'no python3 here', 1 unless $has_python;
		my $csv = $box->path('month.csv');
		run_ok 'CSV', 'report', 'monthly', '--format', 'csv', '-o', $csv, '2026-11';
		my ($status, $out, $err) = $box->run('python3', '-c', <<'P', $csv);
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
assert all(None not in r and len(r) == 4 for r in rows)
print(json.dumps({"/".join((r["table"], r["row"], r["figure"])): r["value"] for r in rows}))
P
		is $status, 0, 'Python reads it' or diag $err;
		my $value = decode_json($out);
		is $value->{'volume/outbound/messages'}, 6, 'a figure';
		is $value->{'report/organisation/text'}, "\x{5b89}\x{5168} & Co <1>", 'a text';
		cmp_ok $value->{'duties/warn/worst_s'}, '>=', 3600, 'a time';
	}
};

subtest 'customers' => sub {
	run_ok 'changed', 'customer', 'edit', 'acme', '--name', "\xe4\xb8\x8a\xe6\xb5\xb7",
		'--network', '198.51.100.0/24';
	run_ok 'another one', 'customer', 'add', 'bravo', '--name', '=1+1';
	run_ok 'the same again', 'customer', 'edit', 'bravo', '--name', '=1+1';
	my @list = $daemon->objects('report', 'users');
	is_deeply [map { $_->{id} } @list], ['acme', 'bravo'], 'the list';
	is $list[0]{name}, "\x{4e0a}\x{6d77}", 'JSON: in Chinese';
	is_deeply $list[0]{networks}, ['198.51.100.0/24'], 'with what is his';
	like $list[0]{registered}, qr/^2026-11-18T10:0/, 'since when';
	like +(run_ok 'text', 'report', 'users'), qr/^acme +\xe4\xb8\x8a\xe6\xb5\xb7 /m, 'text';
	run_ok 'removed', 'customer', 'remove', 'acme';
	my @changes = $daemon->objects('report', 'users', '--since', '1d');
	is_deeply [map { "$_->{change} $_->{customer} $_->{fields}" } @changes],
		['added acme id, name, contacts, language, accounts',
		'changed acme name, networks', 'added bravo id, name',
		'removed acme id, name, contacts, language, networks, accounts'],
		'what was changed, in order; what stayed the same is none';
	is $changes[1]{before}{name}, "\x{5317}\x{4eac}, Ltd", 'how it was';
	is $changes[1]{after}{name}, "\x{4e0a}\x{6d77}", 'and is';
	ok !(grep { !$_->{operator} } @changes), 'by whom';
	is $changes[3]{after}, undef, 'he is not there any more';
	is scalar($daemon->objects('report', 'users', '--since', 'now')), 0, 'nothing since';
	is +($daemon->reevectl('report', 'users', @$_))[0], 64, "@$_: bad words"
		for ['x'], ['--since', 'x'], ['--format', 'html'];
	SKIP: {
		skip 'no python3 here', 1 unless $has_python;
		for (['list'], ['changes', '--since', '1d']) {
			my ($name, @words) = @$_;
			my $csv = $box->path("$name.csv");
			run_ok "CSV of $name", 'report', 'users', '--format', 'csv', '-o',
				$csv, @words;
			my ($status, $out, $err) = $box->run('python3', '-c', <<'P', $csv);
import csv, json, sys
print(json.dumps(list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))))
P
			is $status, 0, 'Python reads it' or diag $err;
			my $rows = decode_json($out);
			is $rows->[$name eq 'list' ? 0 : 2]{$name eq 'list' ? 'name' : 'after'},
				$name eq 'list' ? "'=1+1" : 'id: bravo; name: =1+1',
				'a formula is none';
		}
	}
};

subtest 'a day that cannot be read' => sub {
	my $file = $daemon->state . '/records/2026-11-17.mdb';
	my @words = ('report', 'authority', '--done', '--since', '2026-11-17', $id);
	my $steps = sub { @{ ($daemon->objects('case', 'show', $id))[0]{steps} } };
	my $before = $steps->();

	$box->write_file($file, 'no day');
	my ($status, $out, $err) = $daemon->reevectl(@words, '-o', $box->path('partial'));
	is $status, 65, 'is told' or diag $err;
	like $err, qr/2026-11-17\.mdb: /, 'by name';
	like $err, qr/not noted as done.*case note --reported/, 'with what to do';
	like $box->read_file('partial'), qr/^  queue id +Q5$/m, 'the others are written';
	is $steps->(), $before, 'the case has nothing of it';
	($status, $out, $err) = $daemon->reevectl(@words, '--to', 'police@gov.example');
	is $status, 65, 'told as well when it is sent';
	unlike $err, qr/not noted/, 'which is noted';
	like +($steps->())[-1]{note}, qr/^reported to police\@gov\.example: /, 'in the case';
	unlink $file;
};

is $daemon->stop, 0, 'it ends well';

done_testing;
