# DMARC aggregate reports: what the records of a day become, who gets it, and
# that nobody gets it twice. Read by programs that are not ours: xmllint by the
# schema of RFC 7489, C (written anew here), Python's email package and gzip.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Clock;
use DNS;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-03-01T12:00:00Z');
my ($begin, $end) = (Clock::seconds_of('2026-03-01'), Clock::seconds_of('2026-03-02') - 1);
my $out = $box->path('sent');
mkdir $out;
chmod 0777, $out;
my $sendmail = $box->write_file('sendmail', <<"E");
#!/bin/sh
test ! -e $out/fail || exit 75
# Who runs it may be killed just before it has the mail, or just behind that.
if test -e $out/kill; then
	echo x >>$out/runs
	case \$((\$(wc -l <$out/runs) % 4)) in
	1) kill -9 \$PPID; exit 1 ;;
	3) cat >$out/taken.\$\$; kill -9 \$PPID; exit 0 ;;
	*) cat >$out/taken.\$\$; exit 0 ;;
	esac
fi
n=\$(ls $out | grep -c '^message')
printf '%s\\n' "\$@" >$out/args\$n
cat >$out/message\$n
touch $out/taken
while test -e $out/hang; do sleep 0.05; done
E
chmod 0755, $sendmail;

sub policy { ["_dmarc.$_[0]", 'TXT', "v=DMARC1; $_[1]"] }
sub grant { [shift, 'TXT', join '; ', 'v=DMARC1', @_] }
my @always = (
	['news.example', 'TXT', 'v=spf1 ip4:192.0.2.1 ip6:2001:db8::7 -all'],
	policy('strict.example', 'p=reject; sp=quarantine; adkim=s; fo=1:d; pct=100; rua=' .
		'mailto:a%2Bb@strict.example!10m,https://strict.example/,mailto:x@collector.example,' .
		'mailto:y@asked.example,mailto:small@strict.example!1k,mailto:z@other.example'),
	grant('strict.example._report._dmarc.collector.example'),
	grant('strict.example._report._dmarc.other.example',
		'rua=mailto:instead@other.example,mailto:evil@strict.example'),
	policy('silent.example', 'p=reject'),
	map { policy("n$_.example", "p=none; rua=mailto:a\@n$_.example,mailto:b\@n$_.example") } 1 .. 8,
);
my $dns = DNS->start($box, records => [@always,
	policy('news.example', 'p=none; rua=mailto:dmarc@news.example'),
	policy('changing.example', 'p=none; rua=mailto:x@changing.example'),
	policy('late.example', 'p=none; rua=mailto:x@late.example')]);
my $later = DNS->start($box, records => [@always,
	policy('news.example', 'p=reject; rua=mailto:dmarc@news.example'),
	policy('changing.example', 'p=none'),
	['_dmarc.late.example', 'TXT', { behaviour => 'SERVFAIL' }]]);
my %settings = (relay => { domains => ['example.org'] },
	evidence => { sendmail => "$sendmail -C 'a b'" },
	report => { organisation => 'Beispiel & Söhne', contact => 'abuse@example.org' },
	dmarc_reports => { email => 'dmarc@example.org',
		extra_contact => 'https://example.org/?a&b' });
my $daemon = $box->daemon(%settings, resolver => { servers => [$dns->server] });

my $serial = 0;
sub mail
{
	my ($addr, $domain, @headers) = @_;
	my $mta = Milter::Client->new($daemon->socket);

	$serial++;
	$mta->message(addr => $addr, from => "<a\@$domain>", rcpts => ['<u@example.org>'],
		headers => [['From', "Some <a\@$domain>"], ['Subject', 'x'],
		['Message-ID', "<$serial\@$domain>"], ['Date', 'Sun, 1 Mar 2026 12:00:00 +0000'],
		@headers], body => "x\r\n");
	$mta->quit;
}
mail('192.0.2.1', 'news.example') for 1 .. 3;
mail('2001:db8::7', 'news.example');
mail('192.0.2.66', 'news.example');
mail('192.0.2.9', 'strict.example', ['DKIM-Signature', 'v=1; a=rsa-sha256; d=strict.example; ' .
	's=sel; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA']);
mail('192.0.2.9', 'mail.strict.example');
mail('192.0.2.9', 'silent.example');
mail('192.0.2.9', 'changing.example');
mail('192.0.2.9', 'late.example');

sub dmarc { $daemon->reevectl('report', 'dmarc', @_) }
sub objects { map { $_->{domain} => $_ } map { JSON::PP->new->utf8->decode($_) }
	split /\n/, ($daemon->reevectl('--json', 'report', 'dmarc', @_))[1] }

is +(dmarc('--send', '--day', 'today'))[0], 64, 'a day that is not over is not reported';
$clock->advance(86400);
$daemon->configure(resolver => { servers => [$later->server] });
my %all = objects();
is_deeply [sort keys %all], [qw(changing.example late.example news.example strict.example)],
	'the policies that want reports';
is_deeply [@{ $all{'news.example'} }{qw(day messages rows state)}], ['2026-03-01', 5, 3, 'not sent'],
	'what a report will have';
like +(dmarc())[1], qr/^strict\.example +2 +2 +not sent/m, 'the same for people';

# The files, by what is not ours.
my $xsd = $box->write_file('dmarc.xsd', do { local $/; <DATA> });
my $folder = $box->path('files');
mkdir $folder;
chmod 0777, $folder;
my ($status, $said, $err) = dmarc('-o', $folder);
is $status, 0, 'into files' or diag $err;
my $name = "example.org!strict.example!$begin!$end.xml.gz";
my @files = split /\n/, $said;
is scalar @files, 4, 'one of each';
ok -s "$folder/$name", 'its name is that of RFC 7489, 7.2.1.1';
sub gunzip { my ($file) = @_; scalar `gzip -dc '$file'` }
SKIP: {
	skip 'no xmllint here', 5 if ($box->run('xmllint', '--version'))[0];
	for my $file (@files) {
		my $xml = $box->write_file('report.xml', gunzip($file));
		my ($is_bad, undef, $why) = $box->run('xmllint', '--noout', '--schema', $xsd, $xml);
		is $is_bad, 0, "the schema takes it: $file" or diag $why, gunzip($file);
	}
	my $wrong = gunzip("$folder/$name") =~ s/<count>1</<count>x</r;
	isnt +($box->run('xmllint', '--noout', '--schema', $xsd,
		$box->write_file('wrong.xml', $wrong)))[0], 0, 'and not everything';
}
my $xml = gunzip("$folder/$name");
like $xml, qr{<org_name>Beispiel\ &amp;\ Söhne</org_name>\s*<email>dmarc\@example\.org</email>\s*
	<extra_contact_info>https://example\.org/\?a&amp;b<}x, 'who made it';
like $xml, qr{<begin>$begin</begin>\s*<end>$end</end>}, 'of when';
like $xml, qr{<domain>strict\.example</domain>\s*<adkim>s</adkim>\s*<aspf>r</aspf>\s*<p>reject</p>\s*
	<sp>quarantine</sp>\s*<pct>100</pct>\s*<fo>1:d</fo>}x, 'the policy as it was seen';
like $xml, qr{<dkim>\s*<domain>strict\.example</domain>\s*<selector>sel</selector>\s*
	<result>(?:permerror|fail|neutral)<}x, 'DKIM with its selector';
like $xml, qr{<disposition>reject</disposition>}, 'what was done';
like $xml, qr{<header_from>mail\.strict\.example</header_from>}, 'a domain below it is in it';
like $xml, qr{<disposition>quarantine</disposition>.*?mail\.strict}s, 'by sp=';
$xml = gunzip("$folder/example.org!news.example!$begin!$end.xml.gz");
like $xml, qr{<source_ip>192\.0\.2\.1</source_ip>\s*<count>3</count>\s*<policy_evaluated>\s*
	<disposition>none</disposition>\s*<dkim>fail</dkim>\s*<spf>pass</spf>}x, 'alike mail is one row';
like $xml, qr{<source_ip>2001:db8:0:0:0:0:0:7<}, 'IPv6 as the schema has it';
like $xml, qr{<p>none</p>}, 'not as it is now';

# Who gets it.
%all = objects('--dry-run');
my $who = sub { [sort map { $_->{address} } @{ $all{$_[0]}{to} }] };
is_deeply $who->('strict.example'), [qw(a+b@strict.example instead@other.example small@strict.example
	x@collector.example)], 'its own, and others that agree, or have it elsewhere';
like $all{'strict.example'}{why}, qr/y\@asked\.example: it wants no reports of others .*strict\.example\._report\._dmarc\.asked\.example/,
	'who does not is named';
is_deeply $who->('changing.example'), [], 'who does not want it any more gets none';
like $all{'changing.example'}{why}, qr/wants no reports any more/, 'and why';
like $all{'late.example'}{why}, qr/SERVFAIL/, 'the DNS is in trouble';
is_deeply [glob "$out/*"], [], 'nothing was sent';

sub sent { my @all = glob "$out/message*"; scalar @all }
($status, $said, $err) = dmarc('--send', '--day', '2026-03-01', '--domain', 'strict.example');
is $status, 0, 'sent' or diag $err;
is sent(), 3, 'a mail each';
like $said, qr/^strict\.example .*small\@strict\.example +refused +it takes 1024 bytes/m, 'one has a limit';
my %sent = map { $_ => $box->read_file("$out/message$_") } 0 .. 2;
is_deeply [map { [split /\n/, $box->read_file("$out/args$_")] } 0 .. 2], [map {
	['-C', 'a b', '-i', '-f', 'dmarc@example.org', '--', $_] } qw(a+b@strict.example x@collector.example
	instead@other.example)], 'by sendmail, from the address of the settings';
unlike join('', values %sent), qr/\r/, 'lines as sendmail takes them';
my $reader = $box->write_file('read.py', <<'P');
import email, email.policy, gzip, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
part = list(mail.iter_attachments())[0]
print(json.dumps({
    "defects": len(mail.defects) + len(part.defects), "type": part.get_content_type(),
    "name": part.get_filename(), "subject": str(mail["Subject"]), "id": mail["Message-ID"],
    "to": str(mail["To"]), "from": str(mail["From"]), "auto": mail["Auto-Submitted"],
    "date": str(mail["Date"]), "text": mail.get_body().get_content(),
    "xml": gzip.decompress(part.get_content()).decode()}))
P
SKIP: {
	skip 'no python3 here', 8 if ($box->run('python3', '-c', '1'))[0];
	my ($is_bad, $json, $why) = $box->run('python3', $reader, "$out/message0");
	diag $why if $is_bad;
	my $mail = decode_json($json);
	is $mail->{defects}, 0, 'Python reads it';
	is $mail->{type}, 'application/gzip', 'its type';
	is $mail->{name}, $name, 'its name';
	like $mail->{subject}, qr/\AReport\ Domain:\ strict\.example\ Submitter:\ example\.org
		\ Report-ID:\ <(2026-03-01\.[0-9a-f]{16})>\z/x, 'its subject';
	my ($id) = $mail->{subject} =~ /<(.*)>/;
	like $mail->{xml}, qr{<report_id>\Q$id\E</report_id>}, 'the same id';
	is $mail->{from}, "Beispiel & S\xf6hne <dmarc\@example.org>", 'in whose name';
	is $mail->{to}, 'a+b@strict.example', 'to whom';
	is $mail->{auto}, 'auto-generated', 'not to be answered';
}
sub id_of { ($box->read_file("$out/message$_[0]") =~ /^(Message-ID: .*)/m)[0] }
isnt id_of(0), id_of(1), 'an id each';
($status) = dmarc('--send', '--day', '2026-03-01', '--domain', 'strict.example');
is_deeply [$status, sent()], [0, 3], 'not twice';
is +{ objects() }->{'strict.example'}{state}, 'over', 'and that is kept';

# What fails waits, longer each time.
$box->write_file("$out/fail", '');
($status, $said, $err) = dmarc('--send', '--day', '2026-03-01');
is $status, 75, 'sendmail fails';
like $said, qr/^news\.example .*waiting +\S*sendmail failed \(status 75\)/m, 'says so';
like $said, qr/^changing\.example .*nobody takes it/m, 'one is over so';
like $said, qr/^late\.example .*waiting +.*SERVFAIL/m, 'and one waits for the DNS';
unlink "$out/fail";
is +(dmarc('--send'))[0], 0, 'what waits is not looked at before its time';
is sent(), 3, 'indeed';
is +{ objects() }->{'news.example'}{to}[0]{state}, 'waiting', 'it waits';

# The daemon does it by itself, and is killed in the midst of it.
$daemon->stop;
$daemon->configure(dmarc_reports => { %{ $settings{dmarc_reports} }, enabled => 'true' });
$clock->advance(16 * 60);
$box->write_file("$out/hang", '');
unlink "$out/taken";
$daemon->start;
ok $box->wait_for(10, sub { -e "$out/taken" }), 'the daemon begins when it is time';
($status, $said, $err) = dmarc('--send');
is $status, 75, 'two at once do not send';
like $err, qr/just being sent/, 'says why';
$daemon->kill9;
unlink "$out/hang";
is sent(), 4, 'sendmail had it';
$daemon->start;
ok $box->wait_for(10, sub { $daemon->log =~ /dmarc_report .*domain=news\.example .*state="doubtful"/ }),
	'nobody knows: that is told';
is sent(), 4, 'and it is not sent again by itself';
is +(dmarc('--send', '--again'))[0], 64, '--again is for one domain';
my $again = $box->wait_for(10, sub {
	my @got = dmarc('--send', '--again', '--domain', 'news.example', '--day', '2026-03-01');
	$got[0] == 75 ? 0 : \@got;
});
is $again->[0], 0, 'an operator can' or diag $again->[2];
is sent(), 5, 'then it is';
is id_of(3), id_of(4), 'as the same message';

# Days that nobody was there for; and in the end it is given up.
$daemon->stop;
$clock->advance(4 * 86400);
$daemon->start;
ok $box->wait_for(10, sub { $daemon->log =~ /dmarc_reports_made .*day=2026-03-05/ }), 'days are made up for';
unlike $daemon->log, qr/dmarc_reports_made .*day=2026-03-02/, 'but not all';
ok $box->wait_for(10, sub {
	my %now = objects('--day', '2026-03-01');
	$now{'late.example'}{state} eq 'nobody takes it';
}), 'what could not be sent for days is given up';
is sent(), 5, 'nothing more was sent';

# Whenever it is killed: nothing twice, and of each nobody knows just one.
$daemon->configure(dmarc_reports => $settings{dmarc_reports});
$daemon->stop;
$daemon->start;
mail('192.0.2.1', "n$_.example") for 1 .. 8;
my $of = $clock->day;
$clock->advance(86400);
$box->write_file("$out/kill", '');
my ($kills, %once, %ended) = (0);
for my $run (1 .. 20) {
	my ($got) = dmarc('--send', '--day', $of);
	$kills++ if $got == 128 + 9;
	last if $got == 0;
}
for my $file (glob "$out/taken.*") {
	my ($id) = $box->read_file($file) =~ /^(Message-ID: .*)/m or next;
	$once{$id}++;
}
for my $report (values %{{ objects('--day', $of) }}) {
	$ended{$_->{state}}++ for @{ $report->{to} };
}
is $kills, 8, 'every other time it was killed';
is_deeply \%ended, { sent => 8, doubtful => 8 }, 'what is known is known, and the rest is doubtful';
is_deeply [values %once], [(1) x 12], 'each came once at most';

is +(dmarc('--domain', 'silent.example', '--day', '2026-03-01'))[0], 65, 'who asks for nothing has no report';
is +(dmarc('stray'))[0], 64, 'no arguments';
is +(dmarc('--dry-run', '--send'))[0], 64, 'one thing at a time';
is +(dmarc('--domain', 'a b'))[0], 64, 'no domain';
like +($daemon->reevectl('audit', 'list'))[1], qr/report dmarc/, 'it is in the audit';
for (['email = "a b"', qr/dmarc_reports\.email.*no address/], ['destinations = 1', qr/destinations/]) {
	my $file = $box->write_file('bad.conf', "dmarc_reports { $_->[0] }\n");
	my ($bad, $words, $why) = $box->run("$Sandbox::BUILD/mailreeve", '-t', '-c', $file);
	is $bad, 78, $_->[0];
	like "$words$why", $_->[1], 'says why';
}
is $daemon->stop, 0, 'it ends well';

done_testing;

__DATA__
<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:simpleType name="policy"><xs:restriction base="xs:string">
 <xs:enumeration value="none"/><xs:enumeration value="quarantine"/><xs:enumeration value="reject"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="alignment"><xs:restriction base="xs:string">
 <xs:enumeration value="r"/><xs:enumeration value="s"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="verdict"><xs:restriction base="xs:string">
 <xs:enumeration value="pass"/><xs:enumeration value="fail"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="override"><xs:restriction base="xs:string">
 <xs:enumeration value="forwarded"/><xs:enumeration value="sampled_out"/>
 <xs:enumeration value="trusted_forwarder"/><xs:enumeration value="mailing_list"/>
 <xs:enumeration value="local_policy"/><xs:enumeration value="other"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="dkimresult"><xs:restriction base="xs:string">
 <xs:enumeration value="none"/><xs:enumeration value="pass"/><xs:enumeration value="fail"/>
 <xs:enumeration value="policy"/><xs:enumeration value="neutral"/>
 <xs:enumeration value="temperror"/><xs:enumeration value="permerror"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="spfresult"><xs:restriction base="xs:string">
 <xs:enumeration value="none"/><xs:enumeration value="neutral"/><xs:enumeration value="pass"/>
 <xs:enumeration value="fail"/><xs:enumeration value="softfail"/>
 <xs:enumeration value="temperror"/><xs:enumeration value="permerror"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="scope"><xs:restriction base="xs:string">
 <xs:enumeration value="helo"/><xs:enumeration value="mfrom"/>
</xs:restriction></xs:simpleType>
<xs:simpleType name="address"><xs:restriction base="xs:string">
 <xs:pattern value="((1?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])\.){3}(1?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])"/>
 <xs:pattern value="([A-Fa-f0-9]{1,4}:){7}[A-Fa-f0-9]{1,4}"/>
</xs:restriction></xs:simpleType>
<xs:element name="feedback"><xs:complexType><xs:sequence>
 <xs:element name="version" type="xs:decimal"/>
 <xs:element name="report_metadata"><xs:complexType><xs:sequence>
  <xs:element name="org_name" type="xs:string"/>
  <xs:element name="email" type="xs:string"/>
  <xs:element name="extra_contact_info" type="xs:string" minOccurs="0"/>
  <xs:element name="report_id" type="xs:string"/>
  <xs:element name="date_range"><xs:complexType><xs:all>
   <xs:element name="begin" type="xs:integer"/>
   <xs:element name="end" type="xs:integer"/>
  </xs:all></xs:complexType></xs:element>
  <xs:element name="error" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
 </xs:sequence></xs:complexType></xs:element>
 <xs:element name="policy_published"><xs:complexType><xs:all>
  <xs:element name="domain" type="xs:string"/>
  <xs:element name="adkim" type="alignment" minOccurs="0"/>
  <xs:element name="aspf" type="alignment" minOccurs="0"/>
  <xs:element name="p" type="policy"/>
  <xs:element name="sp" type="policy"/>
  <xs:element name="pct" type="xs:integer"/>
  <xs:element name="fo" type="xs:string"/>
 </xs:all></xs:complexType></xs:element>
 <xs:element name="record" maxOccurs="unbounded"><xs:complexType><xs:sequence>
  <xs:element name="row"><xs:complexType><xs:all>
   <xs:element name="source_ip" type="address"/>
   <xs:element name="count" type="xs:integer"/>
   <xs:element name="policy_evaluated"><xs:complexType><xs:sequence>
    <xs:element name="disposition" type="policy"/>
    <xs:element name="dkim" type="verdict"/>
    <xs:element name="spf" type="verdict"/>
    <xs:element name="reason" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:all>
     <xs:element name="type" type="override"/>
     <xs:element name="comment" type="xs:string" minOccurs="0"/>
    </xs:all></xs:complexType></xs:element>
   </xs:sequence></xs:complexType></xs:element>
  </xs:all></xs:complexType></xs:element>
  <xs:element name="identifiers"><xs:complexType><xs:all>
   <xs:element name="envelope_to" type="xs:string" minOccurs="0"/>
   <xs:element name="envelope_from" type="xs:string"/>
   <xs:element name="header_from" type="xs:string"/>
  </xs:all></xs:complexType></xs:element>
  <xs:element name="auth_results"><xs:complexType><xs:sequence>
   <xs:element name="dkim" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:all>
    <xs:element name="domain" type="xs:string"/>
    <xs:element name="selector" type="xs:string" minOccurs="0"/>
    <xs:element name="result" type="dkimresult"/>
    <xs:element name="human_result" type="xs:string" minOccurs="0"/>
   </xs:all></xs:complexType></xs:element>
   <xs:element name="spf" maxOccurs="unbounded"><xs:complexType><xs:all>
    <xs:element name="domain" type="xs:string"/>
    <xs:element name="scope" type="scope"/>
    <xs:element name="result" type="spfresult"/>
   </xs:all></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
 </xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element>
</xs:schema>
