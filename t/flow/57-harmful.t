# What our own senders must not send opens a case by itself: harmful content
# end to end, viruses, traps and borrowed senders; and a refusal at MAIL
# leaves its record.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP;
use Test::More;

use Clock;
use Milter::Client;
use Postfix;
use SMTP;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-11-28T03:00:00Z');	# a night, on a Saturday
my $words = $box->write_file('harmful.txt', "poison recipe\n");
my $daemon = $box->daemon(
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	rules => { files => [] },
	keywords => { lists => { banned => { files => [$words], score => 1,
		category => 'harmful', action => 'reject' },
		odd => { files => [$box->write_file('odd.txt', "odd thing\n")],
			score => 0 } } },
	bulk => { preset_limits => 'no', traps => ['trap@far.example'] },
	sender => { logins => ['alice: alice@example.org', 'bob: bob@example.org',
		'carol: carol@example.org', 'dave: dave@example.org',
		'erin: erin@example.org'] },
	report => { organisation => 'Example Networks', contact => 'abuse@example.org' },
	cases => { contact => 'abuse@example.org',
		incidents => { KEYWORD_ODD => 'attack' } },
	calendar => { zone => 'UTC' });

sub cases { $daemon->objects('case', 'list', @_) }
sub near { cmp_ok abs($_[0] / 1e6 - Clock::seconds_of($_[1])), '<', 60, $_[2] }

sub sent
{
	my (%m) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $from = $m{from} // '<alice@example.org>';
	my $r = $mta->message(addr => '192.0.2.5', login => 'alice', from => $from,
		rcpts => ['<x@far.example>'], headers => [['From', $from]], %m);

	$mta->quit;
	return $r;
}

sub case_of
{
	my ($subject) = @_;
	my $found;

	ok $box->wait_for(10, sub { ($found) = grep { $_->{subject} eq $subject } cases() }),
		"there is a case about $subject" or diag $daemon->log;
	return $found;
}

is +($daemon->reevectl('customer', 'add', 'acme', '--account', 'alice', '--contact',
	'alice@acme.example', '--name', 'Acme Ltd'))[0], 0, 'a customer';
my $r = sent(body => "Here is the poison recipe.\r\n");
like $r->{text}, qr/^550 5\.7\.1 /, 'harmful content is refused';
# On disk by then: whatever becomes of the daemon.
my @files = glob $daemon->state . '/evidence/*/*/*/*.eml.zst';
is scalar @files, 1, 'and the original is evidence before the reply';
my ($record) = $daemon->records(1);
my ($kept) = $daemon->objects('evidence', 'list');
is $kept->{id}, $record->{id}, 'of that message' or diag explain $kept;
my $case = case_of('acme');
is "$case->{kind} $case->{severity} $case->{contact}", 'harmful 3 alice@acme.example',
	'a grave one, with whom to write to';
ok $box->wait_for(10, sub { (cases())[0]{state} eq 'suspended' }), 'suspended at once';
my ($show) = $daemon->objects('case', 'show', $case->{case});
near $show->{deadlines}{suspend}, '2026-11-28T03:30:00Z', 'both deadlines are shown: ' .
	'half an hour by night';
near $show->{deadlines}{report}, '2026-11-29T03:00:00Z', 'a day for the report';
is_deeply [keys %{ $show->{due} }], ['report'], 'which alone is still owed';
like $show->{steps}[0]{note}, qr/^harmful: KEYWORD_HARMFUL: .*, record $record->{id}$/,
	'the case names finding and record';
like +($daemon->reevectl('case', 'show', $case->{case}))[1], qr/suspend +\S.* \(settled\)/,
	'in words';

is +($daemon->reevectl('case', 'due'))[0], 0, 'nothing is overdue';

subtest 'the report to the authority' => sub {
	my ($report) = $daemon->objects('report', 'authority', '--format', 'json', $case->{case});
	my ($told) = @{ $report->{records} };
	my (undef, $original) = $daemon->reevectl('evidence', 'export', $record->{id});
	my ($status, $text) = $daemon->reevectl('report', 'authority', $case->{case});

	is $report->{organisation}, 'Example Networks', 'who reports';
	is_deeply [@{ $report->{customer} }{qw(id name)}, @{ $report->{customer}{contacts} }],
		['acme', 'Acme Ltd', 'alice@acme.example'], 'whose it was';
	is "@{ $report->{case} }{qw(kind severity state)}", 'harmful 3 suspended', 'what it is';
	is join(' ', sort keys %{ $report->{case}{deadlines} }), 'report suspend', 'both deadlines';
	is join(' ', map { $_->{step} } @{ $report->{steps} }), 'open suspend', 'what was done';
	is $report->{incidents}[0]{kind}, 'harmful', 'why';
	is scalar @{ $report->{records} }, 1, 'which message';
	is_deeply [@$told{qw(record account client sender verdict)}], [$record->{id}, 'alice',
		'192.0.2.5', 'alice@example.org', 'reject'], 'from where, and by whom';
	is_deeply $told->{recipients}, ['x@far.example'], 'to whom';
	ok +(grep { /KEYWORD_HARMFUL/ } @{ $told->{findings} }), 'what was found';
	is $told->{original_sha256}, sha256_hex($original), 'and the hash of the original';
	like $original, qr/poison recipe/, 'which is whole';
	like $text, qr/^$_/m, "in words: $_" for 'name +Acme Ltd', 'kind +harmful',
		'suspend by +2026-11-28T03:30:\S+ \(settled\)', 'report by +2026-11-29T03:00:\S+$',
		"record $record->{id}", '  original +SHA-256 ' . sha256_hex($original);
	my $zip = $box->path('case.zip');
	is +($daemon->reevectl('report', 'authority', '--format', 'zip', '-o', $zip, '--done',
		'--reason', 'to the office', $case->{case}))[0], 0, 'the package, and it is done';
	SKIP: {
		my ($status, $out, $err) = $box->run('python3', '-c', <<'P', $zip, $record->{id});
import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
files = {n: z.read(n) for n in z.namelist()}
at = "records/%s/" % sys.argv[2]
json.loads(files[at + "facts.json"]), json.loads(files[at + "proof.json"]), json.loads(files["report.json"])
assert b"poison recipe" in files[at + "original.eml"] and b"Acme Ltd" in files["report.txt"]
P
		skip 'no python3 here', 1 if $status == 127;
		is $status, 0, 'it has original, facts and proof' or diag $err;
	}
	($show) = $daemon->objects('case', 'show', $case->{case});
	is_deeply $show->{due}, {}, 'nothing more is owed';
	like $show->{steps}[-1]{note}, qr/^reported: 1 record.*to the office/, 'the case says so';
};

$r = sent();
is $r->{stage}, 'mail', 'the next message is refused at MAIL';
like $r->{text}, qr/^550 5\.7\.1 suspended, case $case->{case}; write to abuse\@/, 'why';
is sent(addr => '198.51.100.1', login => undef, from => '<f@far.example>',
	rcpts => ['<alice@example.org>'])->{cmd}, 'c', 'mail to the customer flows';
my @records = $daemon->records(3);
my ($refused) = grep { $_->{verdict} eq 'reject' && !@{ $_->{recipients} // [] } } @records;
ok $refused, 'the refusal has its record' or diag explain \@records;
is $refused->{sender}, 'alice@example.org', 'of that sender';
ok +(grep { $_->{symbol} eq 'CASE_SUSPENDED' } @{ $refused->{findings} }), 'which says why';

subtest 'a report that is not made in time' => sub {
	my ($late) = $daemon->objects('case', 'open', account => 'zoe', '--kind', 'harmful');

	is +($daemon->reevectl('case', 'suspend', $late->{case}))[0], 0, 'suspended';
	$clock->set('2026-11-29T02:58:00Z');
	is +($daemon->reevectl('case', 'due'))[0], 0, 'there is time';
	$clock->set('2026-11-29T03:05:00Z');
	is +($daemon->reevectl('case', 'due'))[0], 1, 'there was';
	is +($daemon->reevectl('report', 'authority', '--done', '-o', $box->path('late.txt'),
		$late->{case}))[0], 0, 'reported';
	is +($daemon->reevectl('case', 'due'))[0], 0, 'nothing is overdue';
};

subtest 'a session goes on after that' => sub {
	my $mta = Milter::Client->new($daemon->socket);
	my %mail = (addr => '192.0.2.5', rcpts => ['<x@far.example>']);

	is $mta->message(%mail, login => 'alice', from => '<alice@example.org>')->{stage},
		'mail', 'refused';
	is $mta->message(%mail, login => undef, from => '<bob@example.org>')->{cmd}, 'c',
		'another sender of the same session is not';
	$mta->quit;
};

subtest 'a real Postfix' => sub {
	Postfix::is_there() or plan skip_all => 'no Postfix here, or not root to start one';
	my $postfix = Postfix->new($box, milters => $daemon->socket,
		users => { alice => 'secret', bob => 'hidden' });
	my $s = SMTP->new($postfix->port, from => '127.0.0.9');

	$s->auth('alice', 'secret');
	my ($code, $text) = $s->cmd('MAIL FROM:<alice@example.org>');
	is $code, 550, 'refuses MAIL';
	like $text, qr/5\.7\.1 suspended, case $case->{case};/, 'with the case';
	is +($s->cmd('RCPT TO:<x@far.example>'))[0], 503, 'there is no message then';
	$s->quit;
	$s = SMTP->new($postfix->port, from => '127.0.0.9');
	is +($s->message(from => '<far@remote.example>', to => '<alice@example.org>',
		text => "Subject: x\n\nHello\n"))[0], 250, 'mail to the customer flows';
	$s->quit;
	$postfix->stop;
};

subtest 'other incidents' => sub {
	sent(login => 'carol', from => '<carol@example.org>', rcpts => ['<trap@far.example>']);
	$case = case_of('carol');
	is $case->{kind}, 'spam', 'a trap: spam';
	unlike +($daemon->objects('case', 'show', $case->{case}))[0]{steps}[0]{note},
		qr/trap\@/, 'which does not name the trap';
	sent(login => undef, from => '<z@far.example>', addr => '192.0.2.9',
		body => "an odd thing\r\n");
	$case = case_of('192.0.2.9');
	is $case->{kind}, 'attack', 'what the settings say: by address';
	sent(login => 'dave', from => '<alice@example.org>');
	is case_of('dave')->{kind}, 'forged-sender', 'a borrowed sender';
	sent(login => undef, from => '<s@far.example>', addr => '198.51.100.9',
		rcpts => ['<u@example.org>'], body => "poison recipe\r\n");
	$daemon->records(8);
	is scalar(grep { $_->{subject} eq '198.51.100.9' } cases()), 0,
		'a stranger has no case';
	is scalar(my @all = $daemon->objects('evidence', 'list')), 2,
		'but the original is kept';
};

subtest 'worse joins' => sub {
	sent(login => 'carol', from => '<carol@example.org>', body => "poison recipe\r\n");
	ok $box->wait_for(10, sub { (grep { $_->{subject} eq 'carol' } cases())[0]{state} eq
		'suspended' }), 'harmful content joins a case of spam: suspended' or
		diag $daemon->log;
	($case) = grep { $_->{subject} eq 'carol' } cases();
	is "$case->{kind} $case->{severity}", 'harmful 3', 'and it is a graver one';
	ok $case->{due}{report}, 'to be reported';
};

# What a stranger says who had a message of erin's.
sub complain
{
	my ($queue_id, $kind) = @_;
	my $file = $box->write_file('complaint', "From: s\@far.example\nTo: abuse\@example.org\n" .
		"Subject: report\nContent-Type: multipart/report; " .
		"report-type=feedback-report; boundary=b\n\n--b\n\nA report.\n--b\n" .
		"Content-Type: message/feedback-report\n\nFeedback-Type: $kind\n" .
		"User-Agent: S/1\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\n" .
		"Received: from pc (pc [192.0.2.5]) by mx.example.org (Postfix) with ESMTPSA " .
		"id $queue_id;\n\tSun, 29 Nov 2026 03:05:00 +0000\nFrom: erin\@example.org\n" .
		"To: x\@far.example\nSubject: Hello\n\nHello\n\n--b--\n");

	chmod 0644, $file;
	my ($status, $out, $err) = $daemon->reevectl('complaint', 'import', $file);
	is $status, 0, 'a complaint is taken' or diag $err;
	like $out, qr/its record was found/, 'and its record is found';
}

subtest 'a stranger\'s word' => sub {
	sent(login => 'erin', from => '<erin@example.org>', queue_id => '4erinAB');
	complain('4erinAB', 'content/csam');
	$case = case_of('erin');
	is "$case->{kind} $case->{severity} $case->{state}", 'harmful 3 open', 'is a grave case';
	ok $case->{due}{suspend}, 'with its deadline';
	is $case->{seen_suspend_us}, 0, 'which nothing calls for that was seen';
	my ($other) = $daemon->objects('case', 'open', account => 'yves', '--kind', 'harmful');
	$clock->set('2026-11-29T03:40:00Z');
	ok $box->wait_for(10, sub { (grep { $_->{subject} eq 'yves' } cases())[0]{state} eq
		'suspended' }), 'an operator\'s case suspends when that is due' or diag $daemon->log;
	is case_of('erin')->{state}, 'open', 'a stranger\'s does not';
	like $daemon->log, qr/case_due case=$case->{case} what=suspend/, 'but people are told';
	my ($status, $out) = $daemon->reevectl('case', 'due');
	is $status, 1, 'it is overdue';
	like $out, qr/^$case->{case} .* suspend \(complaints\) .*\(overdue\)/m, 'and says why';
	sent(login => 'erin', from => '<erin@example.org>', body => "poison recipe\r\n");
	ok $box->wait_for(10, sub { case_of('erin')->{state} eq 'suspended' }),
		'what is seen here suspends' or diag $daemon->log;
};

subtest 'an incident that reevectl writes' => sub {
	sent(login => 'bob', from => '<bob@example.org>', queue_id => '4abcXYZ');
	$daemon->stop;
	my ($status, $out, $err) = $daemon->reevectl('complaint', 'add', '--reporter',
		'r@far.example', '--sender', 'bob@example.org', '--queue-id', '4abcXYZ',
		'--source', '192.0.2.5', '--note', 'by phone');
	is $status, 0, 'a complaint by phone, while no daemon runs' or diag $err;
	($case) = grep { $_->{subject} eq 'bob' } cases();
	ok $case, 'has a case at once' or diag explain [$out, $err, cases()];
	is $case->{incidents}, 1, 'with one incident';
};

done_testing;
