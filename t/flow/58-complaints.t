# Complaints: what comes to the abuse address finds the record that it is about,
# and what strangers send to it does no harm.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $drop = $box->path('drop');
my $nobody = $> == 0 ? getpwnam(Sandbox->user) : $>;

mkdir $drop;
chown $nobody, -1, $drop if $> == 0;
chmod 01733, $drop;
my %settings = (relay => { domains => ['example.org'], networks => ['192.0.2.0/24'] },
	cases => { drop_dir => $drop, complaints_a_day => 3, complaint_size => 65536 });
my $daemon = $box->daemon(%settings);
my $mta = Milter::Client->new($daemon->socket);

is +($daemon->reevectl('customer', 'add', 'acme', '--name', 'Acme', '--account', 'eve',
	'--reason', 'contract'))[0], 0, 'a customer';

# What alice sent, and the customer's account.
$mta->open_session(addr => '192.0.2.7');
$mta->message(queue_id => '4abcDEF', from => '<alice@example.org>', login => 'alice',
	rcpts => ['<bob@example.net>'], headers => [['From', 'alice@example.org'],
	['Subject', 'Buy'], ['Message-ID', '<77@example.org>']], body => "Buy!\r\n");
$mta->message(queue_id => '4abcXYZ', from => '<eve@example.org>', login => 'eve',
	rcpts => ['<carol@example.net>'], headers => [['From', 'eve@example.org'],
	['Subject', 'Buy']], body => "Buy!\r\n");
$mta->quit;
my ($record) = $daemon->records(1, '--queue-id', '4abcDEF');
my ($second) = $daemon->records(1, '--queue-id', '4abcXYZ');
ok $record->{id} && $second->{id}, 'two records';

sub original
{
	my (%o) = @_;
	my $id = $o{id} ? "Message-ID: $o{id}\n" : '';

	return "Received: from pc (pc [192.0.2.7]) by mx.example.org (Postfix) with ESMTPSA " .
		"id " . ($o{queue} // '4abcDEF') . ";\n\tMon, 23 Nov 2026 10:00:00 +0000\n" .
		"From: " . ($o{from} // 'alice@example.org') . "\nTo: bob\@example.net\n" .
		"Subject: Buy\n$id\nBuy!\n";
}

sub arf
{
	my ($original, $fields) = @_;

	return "From: fbl\@big.example\nTo: abuse\@example.org\nSubject: report\n" .
		"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n" .
		"--b\n\nA report.\n--b\nContent-Type: message/feedback-report\n\n" .
		"Feedback-Type: abuse\nUser-Agent: Big/1\nVersion: 1\n" . ($fields // '') .
		"\n--b\nContent-Type: message/rfc822\n\n$original\n--b--\n";
}

sub import_mail
{
	my ($mail) = @_;
	my $file = $box->write_file('mail', $mail);

	chmod 0644, $file;
	return $daemon->reevectl('complaint', 'import', $file);
}

# The record, by each of the ways.
my ($status, $out, $err) = import_mail(arf(original(id => '<77@example.org>')));
is $status, 0, 'a report is taken' or diag $err;
like $out, qr/^complaint 1 added, its record was found$/, 'and its record is found';
my ($shown) = $daemon->objects('complaint', 'show', 1);
is_deeply $shown->{records}, [$record->{id}], 'that one';
is "@$shown{qw(account client kind reporter_domain agent matched_by)}",
	'alice 192.0.2.7 abuse big.example Big/1 message-id', 'with who and how';
my ($incident) = $daemon->objects('incidents', '--kind', 'complaint');
is $incident->{key}, 'account alice', 'it is an incident of the account';
($status, $out) = import_mail(arf(original(id => '<77@example.org>')));
like $out, qr/^complaint 1 joined/, 'the same again joins';
($shown) = $daemon->objects('complaint', 'show', 1);
is $shown->{count}, 2, 'and is counted';

($status, $out) = import_mail("From: carol\@example.net\nSubject: spam\n\nLook:\n\n" .
	original(from => 'eve@example.org', queue => '4abcXYZ'));
like $out, qr/^complaint 2 added, its record was found/, 'a forwarded one';
($shown) = $daemon->objects('complaint', 'show', 2);
is "@$shown{qw(form account matched_by)}", 'forwarded eve queue id, sender', 'by queue id';
is $shown->{customer}, 'acme', 'of the customer';
ok +(grep { $_->{key} eq 'customer acme' } $daemon->objects('incidents')),
	'whose incident it is';
($status, $out) = import_mail("From: dave\@example.net\n\n" .
	original(from => 'x@example.org', queue => 'AAAAAAA'));
like $out, qr/^complaint 3 added, no record/, 'one that nothing is known of';
is join(' ', map { $_->{complaint} } $daemon->objects('complaint', 'list', '--unmatched')),
	3, 'is kept for a person';
($status, $out, $err) = $daemon->reevectl('complaint', 'match', 3, $second->{id},
	'--reason', 'by phone');
is $status, 0, 'who says what it is about' or diag $err;
is scalar $daemon->objects('complaint', 'list', '--unmatched'), 0, 'none is left';
like +($daemon->reevectl('audit', 'list'))[1], qr/complaint match/, 'the audit has it';
($status, $out, $err) = $daemon->reevectl('complaint', 'match', 3, '0000000000001');
is $status, 69, 'a record that is not there' or diag $err;
is +($daemon->reevectl('complaint', 'show', 99))[0], 69, 'a complaint that is not there';
($status, $out) = $daemon->reevectl('complaint', 'add', '--reporter', 'gov@cert.example',
	'--queue-id', '4abcDEF', '--source', '192.0.2.7', '--note', "by\eletter");
like $out, qr/^complaint 4 added, its record was found/, 'by hand';
like +($daemon->reevectl('complaint', 'show', 4))[1], qr/alice/, 'and whose it is';
unlike +($daemon->reevectl('complaint', 'show', 4))[1], qr/\e/, 'no terminal is steered';
like +($daemon->reevectl('complaint', 'list'))[1], qr/cert\.example/, 'the list';

# What it is called decides what case it makes, if any.
import_mail(arf(original(from => 'eve@example.org', queue => '4abcXYZ', id => '<v@x>')) =~
	s/Type: abuse/Type: virus/r =~ s/big\.example/av.example/r);
my ($case) = grep { $_->{kind} eq 'virus' } $daemon->objects('case', 'list');
is "$case->{subject_kind} $case->{subject}", 'customer acme', 'a virus is a case of its kind'
	or diag explain [$daemon->objects('case', 'list')];
my $before = () = $daemon->objects('incidents');
import_mail(arf(original(id => '<77@example.org>')) =~ s/Type: abuse/Type: not-spam/r =~
	s/big\.example/friend.example/r);
is scalar(my @incidents = $daemon->objects('incidents')), $before,
	'what is no spam is no incident';

# Floods, and what is none.
import_mail(arf(original(id => "<f$_\@x>"))) for 1 .. 2;
($status, $out) = import_mail(arf(original(id => '<f3@x>')));
like $out, qr/^forgotten: too many/, 'a flood ends';
($status, $out, $err) = import_mail("From: p\@example.net\n\nYou are bad.\n");
is $status, 65, 'no complaint';
like $err, qr/there is no report in it/, 'and why';
($status, $out, $err) = import_mail('x' x 70000);
like $err, qr/larger than cases\.complaint_size/, 'too large';

# Through the drop directory, as an MTA's pipe does.
SKIP: {
	skip 'needs root', 6 if $> != 0;
	my $before = () = $daemon->objects('complaint', 'list');
	my $file = $box->write_file('piped', arf(original(id => '<77@example.org>')) =~ s/big/other/r);

	chmod 0644, $file;
	chmod 0755, $box->dir;
	($status, $out, $err) = $box->run('setpriv', '--reuid=daemon', '--clear-groups', 'sh',
		'-c', "exec $Sandbox::BUILD/reevectl -c " . $daemon->conf .
		" complaint import - <$file");
	is $status, 0, 'anybody may hand one over' or diag $err;
	ok $box->wait_for(5, sub { $before < (() = $daemon->objects('complaint', 'list')) }),
		'the daemon takes it';
	symlink '/etc/shadow', "$drop/complaint-link";
	mkdir "$drop/complaint-dir";
	system 'mkfifo', "$drop/complaint-fifo";
	link $file, "$drop/complaint-two";
	ok $box->wait_for(5, sub { !-l "$drop/complaint-link" && !-e "$drop/complaint-fifo" &&
		!-e "$drop/complaint-two" }), 'links and pipes are removed unread';
	is +() = ($daemon->log =~ /complaint_refused/g), 3, 'and told';
	chmod 0700, $drop;
	($status) = $box->run('setpriv', '--reuid=daemon', '--clear-groups', 'sh', '-c',
		"exec $Sandbox::BUILD/reevectl -c " . $daemon->conf .
		" complaint import - <$file");
	is $status, 75, 'where it cannot, the MTA keeps it';
	($status) = $box->run('setpriv', '--reuid=daemon', '--clear-groups',
		"$Sandbox::BUILD/reevectl", '-c', $daemon->conf, 'complaint', 'list');
	isnt $status, 0, 'and sees nothing';
}

# What came through the daemon is, or joins, a case.
SKIP: {
	skip 'needs root', 1 if $> != 0;
	ok $box->wait_for(5, sub { grep { /alice/ } ($daemon->reevectl('case', 'list'))[1] }),
		'the complaints make a case';
}

# None of the bounces of the world is a complaint.
SKIP: {
	my $shared = Sandbox->shared;

	skip 'no shared data', 2 unless $shared;
	mkdir $box->path('dsn');
	mkdir $box->path('dsn/cur');
	mkdir $box->path('dsn/new');
	system 'tar', '-xzf', "$shared/data/dsn/sisimai/messages.tar.gz", '-C', $box->path('dsn/cur'), '--strip-components=1';
	chmod 0755, $box->dir, map { $box->path($_) } qw(dsn dsn/cur dsn/new);
	($status, $out, $err) = $daemon->reevectl('complaint', 'import', '--maildir',
		$box->path('dsn'));
	is $out, '', 'none of them';
	is scalar(() = $err =~ /no complaint: |larger than/g), 306, 'each with a reason';
}

# Whose mail is erased is named by what came about it, too.
($status, $out) = $daemon->reevectl('records', 'erase', '--from', 'alice@example.org',
	'--reason', 'her wish');
is $status, 75, 'her mail is of today';
like $out, qr/complaints name people.*complaint erase --reason TEXT.* 4.* 1$/m,
	'the complaints are named';
is +($daemon->reevectl('complaint', 'erase', 1))[0], 64, 'not without a reason';
($status, $out, $err) = $daemon->reevectl('complaint', 'erase', '--reason', 'her wish', 1, 4);
is $status, 0, 'they are erased' or diag $err;
($shown) = $daemon->objects('complaint', 'show', 1);
is join('', @$shown{qw(reporter sender subject account client message_id)}), '',
	'no word is left';
ok $shown->{erased_us}, 'which it tells';
unlike +($daemon->reevectl('complaint', 'show', '--original', 4))[1], qr/./, 'no original';
unlike +($daemon->reevectl('records', 'erase', '--from', 'alice@example.org', '--reason',
	'her wish'))[1], qr/ 4| 1$/m, 'they are named no more';
like +($daemon->reevectl('audit', 'list'))[1], qr/complaint erase .*her wish/, 'the audit has it';

done_testing;
