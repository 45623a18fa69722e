# Reports of abuse, read by programs that are not ours: ARF by Python's email
# package, XARF by a validator of JSON schemas.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use MIME::Base64;
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $out_dir = $box->path('out');
mkdir $out_dir;
chmod 0777, $out_dir;
my $sendmail = $box->write_file('sendmail', <<"E");
#!/bin/sh
test ! -e $out_dir/fail || exit 75
echo "\$\@" >$out_dir/words
cat >$out_dir/mail
E
chmod 0755, $sendmail;
my $daemon = $box->daemon(relay => { domains => ['example.org'] },
	evidence => { sendmail => $sendmail },
	report => { organisation => 'Beispiel GmbH & Söhne',
		contact => 'abuse@example.org' });
$daemon->reevectl('list', 'add', 'evidence', 'sender', 'spam@example.net');
my $mta = Milter::Client->new($daemon->socket);
$mta->message(queue_id => 'Q1', addr => '2001:db8::7', from => '<spam@example.net>',
	rcpts => ['<a@example.org>', '<b@example.org>'], headers => [
		['From', '"=?UTF-8?B?5Y+R56Wo?=" <spam@example.net>'],
		['Subject', '=?UTF-8?B?5Y+R56Wo5LyY5oOg?='],
		['Message-ID', '<m1@example.net>']], body => "Buy \xc3\xa9!\r\n");
$mta->message(queue_id => 'Q2', from => '<>', headers => [
	['From', "x\@example.com"], ['Subject', "two\r\n\tlines"]]);
$mta->quit;
my %id = map { $_->{queue_id} => $_->{id} } $daemon->objects('records', 'search');
is scalar(keys %id), 2, 'two messages';

sub report { $daemon->reevectl('report', 'abuse', @_) }
my $reader = $box->write_file('read.py', <<'P');
import email, email.policy, json, sys
mail = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
parts = list(mail.iter_parts())
feedback = parts[1].get_payload()[0] if parts[1].is_multipart() else \
    email.message_from_string(parts[1].get_payload())
third = parts[2].get_payload(0) if parts[2].is_multipart() else \
    email.message_from_string(parts[2].get_payload())
print(json.dumps({
    "type": mail.get_content_type(), "report": mail.get_param("report-type"),
    "from": str(mail["From"]), "to": str(mail["To"]), "types":
    [p.get_content_type() for p in parts], "fields":
    [[k.lower(), v] for k, v in feedback.items()], "text":
    parts[0].get_content(), "subject": str(third["Subject"]),
    "defects": len(mail.defects)}))
P
sub read_arf
{
	my ($name, $text) = @_;
	$box->write_file("$name.eml", $text);
	my ($status, $out, $err) = $box->run('sh', '-c',
		"python3 $reader <" . $box->path("$name.eml"));
	is $status, 0, "$name: Python reads it" or diag $err;
	return decode_json($out);
}

SKIP: {
	skip 'no python3 here', 1 if ($box->run('python3', '-c', '1'))[0];
	my ($status, $out, $err) = report($id{Q1}, '--to', 'abuse@isp.example',
		'--dry-run');
	is $status, 0, 'ARF' or diag $err;
	unlike $out, qr/(?<!\r)\n/, 'lines end in CRLF';
	my $mail = read_arf('kept', $out);
	is_deeply [@$mail{qw(type report to defects)}], ['multipart/report',
		'feedback-report', 'abuse@isp.example', 0], 'of the right form';
	is_deeply $mail->{types}, ['text/plain', 'message/feedback-report',
		'message/rfc822'], 'its three parts';
	like $mail->{from}, qr/abuse\@example\.org/, 'in our name';
	my %field = map { @$_ } @{ $mail->{fields} };
	is $field{'feedback-type'}, 'abuse', 'Feedback-Type';
	is $field{version}, 1, 'Version';
	like $field{'user-agent'}, qr/^Mailreeve/, 'User-Agent';
	is $field{'original-mail-from'}, '<spam@example.net>', 'sender';
	is $field{'source-ip'}, '2001:db8::7', 'address';
	like $field{'source-port'}, qr/^\d+$/, 'port';
	is scalar(grep { $_->[0] eq 'original-rcpt-to' } @{ $mail->{fields} }), 2,
		'each recipient';
	like $mail->{text}, qr/^our record +\Q$id{Q1}\E$/m, 'for people';
	like $out, qr/Buy \xc3\xa9!/, 'the original, byte for byte';

	$mail = read_arf('not-kept', (report($id{Q2}))[1]);
	is $mail->{types}[2], 'text/rfc822-headers', 'what is known of the header';
	is { map { @$_ } @{ $mail->{fields} } }->{'original-mail-from'}, '<>',
		'the null sender';
}

my ($status, $out, $err) = report('--format', 'xarf', $id{Q1}, $id{Q2});
is $status, 0, 'XARF' or diag $err;
my @reports = map { decode_json($_) } split /\n/, $out;
is scalar @reports, 2, 'one for each';
is $reports[0]{source_identifier}, '2001:db8::7', 'the source';
is $reports[0]{smtp_from}, 'spam@example.net', 'the sender';
is $reports[1]{protocol}, 'other', 'the null sender is no address';
my $original = decode_base64($reports[0]{evidence}[0]{payload});
like $original, qr/Buy/, 'the original';
is $reports[0]{evidence}[0]{hash}, 'sha256:' . sha256_hex($original), 'and its hash';

my $shared = Sandbox->shared;
my $validator = $box->write_file('validate.py', <<'P');
import json, pathlib, sys
from jsonschema import Draft202012Validator, FormatChecker, RefResolver
top = pathlib.Path(sys.argv[1])
def load(p): return json.loads(p.read_text())
schema = load(top / "types/messaging-spam.json")
store = {load(p)["$id"]: load(p) for p in top.rglob("*.json")}
resolver = RefResolver(schema["$id"], schema, store)
bad = 0
for line in open(sys.argv[2]):
    v = Draft202012Validator(schema, resolver=resolver, format_checker=FormatChecker())
    for e in v.iter_errors(json.loads(line)):
        print(e.json_path, e.message)
        bad += 1
sys.exit(bad != 0)
P
SKIP: {
	skip 'no schemas here', 1 unless $shared;
	skip 'no python3-jsonschema here', 1
		if ($box->run('python3', '-c', 'import jsonschema'))[0];
	my $schemas = "$shared/data/xarf/xarf-spec/schemas/v4";
	my $file = $box->write_file('reports.jsonl', $out);
	my ($is_bad, $why, $trace) = $box->run('python3', $validator, $schemas, $file);
	is $is_bad, 0, 'the schema takes them' or diag $why, $trace;
	$reports[0]{source_port} = 0;
	$file = $box->write_file('wrong.jsonl', encode_json($reports[0]) . "\n");
	is +($box->run('python3', $validator, $schemas, $file))[0], 1,
		'and not everything';
}

# IODEF by a parser that is not ours, too.
SKIP: {
	skip 'no python3 here', 1 if ($box->run('python3', '-c', '1'))[0];
	my ($is_bad, $iodef) = report('--format', 'iodef', $id{Q1});
	is $is_bad, 0, 'IODEF';
	my $file = $box->write_file('report.xml', $iodef);
	($is_bad, $iodef, my $why) = $box->run('python3', '-c', <<'P', $file);
import json, sys, xml.etree.ElementTree as E
n = {"i": "urn:ietf:params:xml:ns:iodef-2.0"}
d = E.parse(sys.argv[1]).getroot()
t = lambda p: [e.text for e in d.findall(p, n)]
print(json.dumps({"tag": d.tag, "version": d.get("version"), "order": [e.tag.split("}")[1] for e in
    d.find("i:Incident", n)], "id": t("i:Incident/i:IncidentID"), "address":
    t(".//i:System/i:Node/i:Address"), "to": t(".//i:Email/i:EmailTo"),
    "from": t(".//i:EmailData/i:EmailFrom"), "rcpt": t(".//i:EmailData/i:EmailTo")}))
P
	is $is_bad, 0, 'is XML' or diag $why;
	my $got = decode_json($iodef);
	is_deeply [@$got{qw(tag version id address to from)}],
		['{urn:ietf:params:xml:ns:iodef-2.0}IODEF-Document', '2.00',
		[$id{Q1}], ['2001:db8::7'], ['abuse@example.org'],
		['spam@example.net']], 'that says what it should';
	is scalar @{ $got->{rcpt} }, 2, 'each recipient';
	is_deeply $got->{order}, [qw(IncidentID DetectTime ReportTime GenerationTime
		Description Assessment Contact EventData)],
		'in the order of RFC 7970, 3.2';
}
# Sent, in each format.
sub mail { $box->read_file("$out_dir/mail") }
is +(report($id{Q1}, '--to', 'abuse@isp.example', '--to', 'noc@isp.example'))[0], 0, 'sent';
is $box->read_file("$out_dir/words"), "-i -f abuse\@example.org -- abuse\@isp.example " .
	"noc\@isp.example\n", 'to whom, and from us';
unlike mail(), qr/\r/, 'lines as programs have them';
SKIP: {
	skip 'no python3 here', 1 if ($box->run('python3', '-c', '1'))[0];
	my $mail = read_arf('sent', mail());
	is $mail->{to}, 'abuse@isp.example, noc@isp.example', 'ARF';
	for (['xarf', 'application/json', 2], ['iodef', 'application/xml', 1],
		['csv', 'text/csv', 1], ['json', 'application/json', 1],
		['text', 'text/plain', 1]) {
		my ($format, $type, $count) = @$_;
		my @ids = $format eq 'iodef' ? $id{Q1} : @id{qw(Q1 Q2)};
		is +(report('--format', $format, '--to', 'x@isp.example', @ids))[0], 0,
			"$format is sent";
		my ($is_bad, $got, $why) = $box->run('python3', '-c', <<'P', "$out_dir/mail");
import email, email.policy, json, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
p = list(m.iter_parts())
print(json.dumps([m.get_content_type(), len(m.defects), p[0].get_content_type(), len(p[0].get_content()) > 100,
    [[a.get_content_type(), a.get_filename(), len(a.get_content()) > 100] for a in p[1:]]]))
P
		my $told = decode_json($got || '[]');
		is_deeply [@$told[0 .. 2]], ['multipart/mixed', 0, 'text/plain'],
			'as an attachment' or diag $why;
		is_deeply [map { [@$_[0, 2]] } @{ $told->[4] }], [([$type, JSON::PP::true]) x $count],
			'of its type';
	}
}
$box->write_file("$out_dir/fail", '');
is +(report($id{Q1}, '--to', 'x@isp.example'))[0], 75, 'sendmail fails';
unlink "$out_dir/fail";
is +(report($id{Q1}, '--to', $_))[0], 64, 'no address'
	for 'x', "x\@a.example\nBcc: y\@b.example", 'a@b.example,c@d.example', '<a@b.example>';
is +(report($id{Q1}, @$_))[0], 64, "@$_: bad words" for ['--dry-run'],
	['--since', '1h'], ['--to', 'a@b.example', '-o', $box->path('x')];

subtest 'recipients hidden' => sub {
	my (undef, $whole) = report('--redact', $id{Q1});
	unlike $whole, qr/\b[ab]\@example\.org/i, 'ARF: nobody is named';
	unlike $whole, qr/Buy/, 'nor is the body there';
	my @hashes = $whole =~ /^Original-Rcpt-To: <([0-9a-f]{32})\@example\.org>/mg;
	is scalar @hashes, 2, 'by hashes';
	isnt $hashes[0], $hashes[1], 'of each its own';
	like $whole, qr/^Content-Type: text\/rfc822-headers/m, 'the header alone';
	is +(stat $daemon->state . '/redact.key')[2] & 07777, 0400, 'the key is a secret';
	for my $format (qw(xarf iodef csv json text)) {
		my ($status, $out, $err) = report('--redact', '--format', $format, $id{Q1});
		is $status, 0, $format or diag $err;
		unlike $out, qr/\b[ab]\@example\.org/, 'nobody is named';
		like $out, qr/\Q$hashes[0]\E\@example\.org/, 'the same hash';
	}
	like +(report('--format', 'json', $id{Q1}))[1], qr/a\@example\.org/,
		'and not otherwise';
};

subtest 'a case' => sub {
	my ($case) = $daemon->objects('case', 'open', sender => 'spam@example.net');
	is +(report($case->{case}))[0], 65, 'a case without mail of ours';
	$mta = Milter::Client->new($daemon->socket);
	$mta->message(queue_id => "C$_", from => '<eve@shop.example>', login => 'eve',
		headers => [['From', 'eve@shop.example']], body => "Text $_\r\n") for 1 .. 3;
	$mta->quit;
	$daemon->reevectl('list', 'add', 'evidence', 'sender', 'eve@shop.example');
	($case) = $daemon->objects('case', 'open', account => 'eve');
	is +(report($case->{case}))[0], 65, 'what was simply accepted is nothing to report';
	my ($status, $arf, $err) = report('--all', $case->{case});
	is $status, 0, 'unless it is asked for' or diag $err;
	like $arf, qr/^Incidents: 3\r$/m, 'ARF: one for all';
	like $arf, qr/^our case +\Q$case->{case}\E\r$/m, 'which case';
	like $arf =~ s/=\r\n//gr, qr/queue id C1 .*queue id C2 /s, 'the others, too';
	is scalar(split /\n/, (report('--all', '--format', 'xarf', $case->{case}))[1]), 3,
		'XARF: one for each';
	my (undef, $iodef) = report('--all', '--format', 'iodef', $case->{case});
	is scalar(() = $iodef =~ /<EventData>/g), 3, 'IODEF: an event each';
	like $iodef, qr{>\Q$case->{case}\E</IncidentID>}, 'one incident';
	is +(report('--all', '--to', 'abuse@isp.example', $case->{case}))[0], 0, 'sent';
	($case) = $daemon->objects('case', 'show', $case->{case});
	like $case->{steps}[-1]{note}, qr/report of abuse \(arf, 3 records\) sent to abuse\@isp/,
		'which is a step of the case';
	is +(report('--since', '1h', '--until', '2h', $case->{case}))[0], 64, 'times the wrong way round';
	is +(report($case->{case}, $id{Q1}))[0], 64, 'by itself';
};

like +(report('--format', 'csv', $id{Q1}, $id{Q2}))[1],
	qr/\Atime,[^\r\n]*\r\n(?:"[^\r\n]*\r\n){2}\z/, 'CSV: titles and two lines';
like +(report('--format', 'text', $id{Q1}))[1], qr/^sender +spam\@example\.net$/m,
	'text';
is +(report('--format', 'pdf', $id{Q1}))[0], 64, 'no such format';
is +(report($id{Q1}, $id{Q2}))[0], 64, 'a mail is about one';
is +(report('0000000000001'))[0], 65, 'no such record';
like +($daemon->reevectl('audit', 'list'))[1], qr/report abuse/, 'it is in the audit';
is $daemon->stop, 0, 'it ends well';

done_testing;
