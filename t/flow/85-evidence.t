# Originals kept as evidence, byte for byte, before the reply; our own
# quarantine and the way back out of it; what was tampered with is named.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use IO::Uncompress::Unzip qw(unzip $UnzipError);
use JSON::PP;
use MIME::Base64;
use POSIX ();
use Test::More;

use Milter::Client;
use Postfix;
use Sandbox;
use Sendmail;
use SMTP;

my $box = Sandbox->new;
my $out = $box->path('sent');
mkdir $out;
chmod 0777, $out;
my $sendmail = $box->write_file('sendmail', <<"E");
#!/bin/sh
test ! -e $out/fail || exit 75
printf '%s\\n' "\$@" >$out/args
cat >$out/message
E
chmod 0755, $sendmail;

sub keywords
{
	my ($name, $phrase, %settings) = @_;
	my $file = $box->write_file("$name.txt", "$phrase\n");
	return ($name => { files => [$file], score => 0, %settings });
}

my %lists = (lists => {
	keywords('harmful', 'plutonium for sale', evidence => 'true'),
	keywords('doubtful', 'cheap watches', action => 'quarantine'),
	keywords('refused', 'wire money', action => 'reject'),
	keywords('marked', 'green apples'),
});
my %evidence = (quarantine => 'own', actions => ['reject'],
	symbols => ['KEYWORD_MARK*'], sendmail => "$sendmail -C 'a b'");

sub daemon_of
{
	my ($name, %settings) = @_;
	return $box->daemon(name => $name, keywords => \%lists,
		relay => { domains => ['example.org'] },
		limits => { body => 20000 }, evidence => \%evidence, %settings);
}

my $daemon = daemon_of('kept');
my $state = $daemon->state;
my $serial = 0;

# What hardly compresses, and yet is text.
sub noise { join '', map { chr(48 + rand 64) } 1 .. $_[0] }

sub send_to
{
	my ($to, %m) = @_;
	my $id = 'E' . ++$serial;
	my $mta = Milter::Client->new($to->socket);
	my $result = $mta->message(queue_id => $id, %m);
	$mta->quit;
	my ($record) = $to->records(1, '--queue-id', $id);
	return ($result, $record);
}

sub send_one { send_to($daemon, @_) }
sub evidence { $daemon->reevectl('evidence', @_) }
sub files { glob "$state/evidence/2*/*/*/*" }
sub held { glob "$state/evidence/held/2*/*/*/*" }

my @headers = (['From', 'A <a@example.net>'], ['Subject ', "one\n\ttwo \e[31m"],
	['X-Bytes', "\xff\xfe"], ['X-None', '']);
my $body = "plutonium for sale\r\n\r\n.\r\n\0 end without a line end";
my $original = "From: A <a\@example.net>\r\nSubject : one\r\n\ttwo \e[31m\r\n" .
	"X-Bytes: \xff\xfe\r\nX-None: \r\n\r\n$body";

my ($result, $record) = send_one(headers => \@headers, body => $body);
is $result->{cmd}, 'c', 'harmful, but nothing says to refuse it: accepted';
my $kept = $record->{evidence};
is $kept->{why}, 'symbol KEYWORD_HARMFUL', 'the list keeps it';
is $kept->{sha256}, sha256_hex($original), 'named by its SHA-256';
is $kept->{bytes}, length $original, 'its length';
ok $kept->{is_complete}, 'all of it';
ok !$kept->{held}, 'it went on';
like $kept->{file}, qr{^evidence/\d{4}/\d\d/\d\d/$kept->{sha256}\.eml\.zst$},
	'where it is';
is +(stat "$state/$kept->{file}")[2] & 07777, 0400, 'nobody writes it';
is +(stat "$state/evidence")[2] & 07777, 0700, 'nobody else sees it';
my $id = $record->{id};
my ($status, $bytes, $err) = evidence('export', $id);
is $status, 0, 'exported' or diag $err;
ok $bytes eq $original, 'byte for byte';

my (undef, $twin) = send_one(headers => \@headers, body => $body);
is $twin->{evidence}{sha256}, $kept->{sha256}, 'the same message again';
is scalar(() = files()), 1, 'is one file';
(undef, my $plain) = send_one();
ok !$plain->{evidence}, 'of others no original is kept';

subtest 'who marks it' => sub {
	my ($result, $record) = send_one(body => "wire money\r\n");
	is $result->{cmd}, 'y', 'refused';
	is $record->{evidence}{why}, 'verdict reject', 'by evidence.actions';
	(undef, $record) = send_one(body => "green apples\r\n");
	is $record->{evidence}{why}, 'symbol KEYWORD_MARKED',
		'by evidence.symbols';
	$daemon->reevectl('list', 'add', 'evidence', 'account', 'mallory');
	(undef, $record) = send_one(login => 'Mallory');
	is $record->{evidence}{why}, 'symbol LIST_EVIDENCE', 'by an operator';
	$daemon->reevectl('list', 'remove', 'evidence', 'account', 'mallory');
	(undef, $record) = send_one(login => 'mallory');
	ok !$record->{evidence}, 'no more';
	($result, $record) = send_one(body => "green apples\r\n" . 'x' x 30000);
	ok !$record->{evidence}{is_complete}, 'past limits.body: it says so';
	cmp_ok $record->{evidence}{bytes}, '<', 21000, 'only what was kept';
	is +(evidence('release', $record->{id}, '--to', 'a@b.example'))[0], 65,
		'what was cut is not released';
};

subtest 'show and list' => sub {
	my ($status, $text) = evidence('show', $id);
	is $status, 0, 'shown';
	unlike $text, qr/[^\n\x20-\x7e]/, 'nothing in it steers a terminal';
	like $text, qr/^Subject : one\n two \\x1b\[31m\nX-Bytes: \\xff\\xfe$/m,
		'the header, made harmless';
	like $text, qr/^finding +KEYWORD_HARMFUL$/m, 'the facts';
	unlike $text, qr/plutonium/, 'no body';
	my ($one) = $daemon->objects('evidence', 'show', $id);
	is $one->{header}[0], 'From: A <a@example.net>', 'as JSON';
	is $one->{evidence_state}, 'kept', 'and how it stands';
	my @all = $daemon->objects('evidence', 'list');
	is scalar @all, 6, 'a list' or diag explain \@all;
	@all = $daemon->objects('evidence', 'list', '--symbol',
		'KEYWORD_HARMFUL', '--since', '1h');
	is_deeply [map { $_->{id} } @all], [$twin->{id}, $id], 'newest first';
	like +(evidence('list'))[1], qr/^$id .* kept +symbol KEYWORD_HARMFUL/m,
		'for people';
	is +(evidence('show', $plain->{id}))[0], 65, 'no evidence';
	is +(evidence('show', 'x'))[0], 64, 'no id';
	is +(evidence('list', '--since', 'never'))[0], 64, 'no time';
};

subtest 'a ZIP' => sub {
	my $zip = $box->path('a.zip');
	my ($status, undef, $why) = evidence('export', '--format', 'zip', '-o',
		$zip, $id, $twin->{id}, '--reason', 'case 7');
	plan skip_all => $why if $why =~ /no libarchive/;
	is $status, 0, 'made' or diag $why;
	is +(stat $zip)[2] & 07777, 0600, 'for its owner';
	my %got;
	for my $name (map { "$id/$_" } qw(original.eml facts.json proof.json
		README.txt)) {
		unzip $zip => \my $text, Name => $name
			or fail "$name: $UnzipError";
		$got{$name =~ s{.*/}{}r} = $text;
	}
	ok $got{'original.eml'} eq $original, 'the original';
	my $facts = decode_json($got{'facts.json'});
	is $facts->{evidence}{sha256}, $kept->{sha256}, 'the facts';
	is $facts->{client}{address}, $record->{client}{address}, 'all of them';
	my $proof = decode_json($got{'proof.json'});
	my $bytes = decode_base64($proof->{record_base64});
	is sha256_hex($bytes), $proof->{sha256}, 'the record';
	cmp_ok index($bytes, pack 'H*', $kept->{sha256}), '>', 0,
		'which has the hash of the original';
	is $proof->{original_sha256}, $kept->{sha256}, 'as it says';
	like $got{'README.txt'}, qr/$kept->{sha256}/, 'in words';
	unlike $got{'README.txt'}, qr/[^\r\n\x20-\x7e]/, 'that are harmless';
	my ($listed, $names) = $box->run('python3', '-c', 'import sys, zipfile' .
		"\nfor i in zipfile.ZipFile(sys.argv[1]).infolist():" .
		' print("%o %s" % (i.external_attr >> 16 & 0o777, i.filename))',
		$zip);
	SKIP: {
		skip 'no python3 here', 1 if $listed;
		is scalar(() = $names =~ /^444 /mg), 8, 'nothing can be run';
	}
	is +(evidence('export', '--format', 'zip', '-o', $zip, $id))[0], 73,
		'no file is written over';
	is +(evidence('export', $id, $twin->{id}))[0], 64,
		'several are not one .eml';
	is +(evidence('export', '--format', 'tar', $id))[0], 64, 'no format';
};

sub verify
{
	my ($status, $text) = evidence('verify', @_);
	return ($status, $text);
}

# Puts old times on all that is there: what is new is not looked at.
sub age { utime time - 3600, time - 3600, files(), held() }

subtest 'our own quarantine' => sub {
	my ($result, $record) = send_one(body => "cheap watches\r\n", rcpts => [
		'<user@example.org>', '<-x@example.org>',
		'<other@remote.example>' ]);
	is $result->{cmd}, 'd', 'the MTA has it no more';
	is $record->{verdict}, 'quarantine', 'the verdict';
	ok $record->{evidence}{held}, 'we have it';
	like $record->{evidence}{file}, qr{^evidence/held/}, 'apart';
	my @held = $daemon->objects('evidence', 'list', '--held');
	is_deeply [map { $_->{id} } @held], [$record->{id}], 'it is listed';
	send_one(body => "green apples\r\n");
	@held = $daemon->objects('evidence', 'list', '--held', '--limit', 1);
	is_deeply [map { $_->{id} } @held], [$record->{id}],
		'also behind newer evidence';
	is +(evidence('release', $id))[0], 65, 'what was not held is not released';
	$box->write_file("$out/fail", '');
	is +(evidence('release', $record->{id}))[0], 75, 'sendmail fails';
	unlink "$out/fail";
	my ($status, $text, $why) = evidence('release', $record->{id},
		'--reason', 'asked for');
	is $status, 0, 'then it does not' or diag $why;
	is $box->read_file("$out/args"), "-C\na b\n-i\n-f\nsender\@example.net\n" .
		"--\nuser\@example.org\n-x\@example.org\n",
		'its sender, and those recipients that were accepted';
	my $message = $box->read_file("$out/message");
	like $message, qr/\AX-Mailreeve-Released: $record->{id} [0-9a-f]{32}\nFrom: /,
		'with a token';
	like $message, qr/\n\ncheap watches\n\z/, 'and the whole message';
	is +(evidence('release', $record->{id}))[0], 65, 'not twice';
	is +(evidence('release', $record->{id}, '--again', '--to',
		'boss@example.org'))[0], 0, 'but --again';
	like $box->read_file("$out/args"), qr/\n--\nboss\@example\.org\n\z/,
		'--to another';
	my ($one) = $daemon->objects('evidence', 'show', $record->{id});
	is $one->{evidence_state}, 'released', 'it is remembered';
	is scalar(() = $daemon->objects('evidence', 'list', '--held')), 0,
		'and waits no more';

	my ($token) = $box->read_file("$out/message") =~ /^\S+: (.*)/;
	my %back = (headers => [['X-Mailreeve-Released', $token],
		['From', 'sender@example.net']], body => "cheap watches\r\n");
	my @local = (addr => '127.0.0.1', port => 0);
	($result, my $again) = send_one(@local, %back);
	is $result->{cmd}, 'c', 'it comes by again: accepted';
	is $again->{findings}[0]{symbol}, 'RELEASED', 'and known';
	like $again->{findings}[0]{detail}, qr/$record->{id}/, 'by its record';
	ok !$again->{evidence}, 'it is not held again';
	ok +(grep { ($_->{name} // '') eq 'X-Mailreeve-Released' &&
		($_->{value} // '') eq '' } @{ $result->{changes} }),
		'the token goes no further' or diag explain $result->{changes};
	($result) = send_one(@local, %back,
		body => "cheap watches and gold\r\n");
	is $result->{cmd}, 'd', 'with another text: judged';
	($result) = send_one(%back);
	is $result->{cmd}, 'd', 'from a stranger: judged';
	$back{headers}[0][1] =~ s/.$/x/;
	($result) = send_one(@local, %back);
	is $result->{cmd}, 'd', 'with another token: judged';

	($result, $record) = send_one(body => "cheap watches\r\n" . 'x' x 30000);
	is $result->{cmd}, 'c', 'too large to be kept whole:';
	ok +(grep { $_->{cmd} eq 'q' } @{ $result->{changes} }),
		"the MTA's quarantine" or diag explain $result->{changes};
};

age();
($status, my $text) = verify();
is $status, 0, 'all is as it was' or diag $text;
like $text, qr/^\d+ originals of \d+ records: all there, unchanged$/, 'in words';

subtest 'tampering' => sub {
	my $file = "$state/$kept->{file}";
	my ($other) = grep { $_ ne $file } files();
	my $good = $box->read_file($file);
	my $changed = $good;
	substr($changed, length($good) / 2, 1) ^= "\1";
	my @harm = (
		['a changed byte' => sub { put($file, $changed) },
			qr/changed or exchanged, record/],
		['another original in its place' => sub {
			put($file, $box->read_file($other)) },
			qr/changed or exchanged, record/],
		['a removed one' => sub { unlink $file }, qr/is missing, record/],
		['a strange file' => sub { put("$file.exe", 'MZ') },
			qr/\.exe: is no file of ours/],
	);
	for my $harm (@harm) {
		my ($what, $do, $said) = @$harm;
		$do->();
		age();
		my ($status, $text) = verify('--since', 'today');
		is $status, 65, $what;
		like $text, $said, 'is named' or diag $text;
		is scalar(() = $text =~ /\n/g), $said =~ /missing/ ? 3 : 2,
			'for each record, and nothing else';
		unlink grep { /0{8}\.eml\.zst$|exe$/ } files();
		put($file, $good);
	}
	is +(verify())[0], 0, 'put back: all well';
	my $orphan = $file =~ s/[0-9a-f]{8}(?=\.eml)/00000000/r;
	put($orphan, $good);
	age();
	my ($status, $text) = verify('--since', 'today');
	is $status, 0, 'one that a crash left is no harm';
	like $text, qr/0{8}\.eml\.zst: is in no record: a crash left it.*evidence remove [0-9a-f]{56}0{8} /,
		'but told, with what takes it away';
	like $text, qr/all there, unchanged; 1 are in no record$/m, 'and counted';
	my ($day) = glob "$state/records/*.mdb";
	rename $day, "$day.aside";
	$box->write_file($day, 'x' x 8192);
	($status, $text) = verify('--since', 'today');
	is $status, 65, 'while a day cannot be read';
	unlike $text, qr/evidence remove/, 'nothing is said to be free to go';
	rename "$day.aside", $day;
	unlink $orphan;
	my ($problem) = do { unlink $file; $daemon->objects('evidence',
		'verify') };
	is $problem->{problem}, 'is missing', 'as JSON';
	is +(evidence('export', $id))[0], 65, 'no export of what is not there';
	put($file, $good);
};

sub put
{
	my ($file, $bytes) = @_;
	unlink $file;
	$box->write_file($file, $bytes);
	chown +(getpwnam Sandbox::user())[2, 3], $file if $> == 0;
	chmod 0400, $file;
	return;
}

# As a crash at midnight leaves it, when the message came again.
sub copy_of_day_before
{
	my ($file) = @_;
	my $dir = $file =~ m{^(.*/)\d{4}/\d\d/\d\d/} && $1;
	for my $part (POSIX::strftime('%Y', gmtime(time - 86400)),
		POSIX::strftime('%m', gmtime(time - 86400)),
		POSIX::strftime('%d', gmtime(time - 86400))) {
		$dir .= "$part/";
		next if -d $dir;
		mkdir $dir, 0700;
		chown +(getpwnam Sandbox::user())[2, 3], $dir if $> == 0;
	}
	my $copy = $dir . ($file =~ m{([^/]+)$})[0];
	put($copy, $box->read_file($file));
	return $copy;
}

subtest 'remove' => sub {
	is +(evidence('remove', $id))[0], 64, 'without a reason: no';
	is +($daemon->reevectl('records', 'hold', 'add', 'case-1'))[0], 0,
		'a hold';
	my ($status, undef, $why) = evidence('remove', $id, '--reason', 'x');
	is $status, 77, 'what is on hold stays';
	like $why, qr/on hold/, 'and it says so';
	$daemon->reevectl('records', 'hold', 'release', 'case-1');
	is +(evidence('remove', $id, '--reason', 'court order'))[0], 0, 'removed';
	ok !-e "$state/$kept->{file}", 'gone';
	my ($one) = grep { $_->{id} eq $id } $daemon->objects('evidence', 'list');
	is $one->{evidence_state}, 'removed', 'the list tells';
	my ($known, $words) = verify();
	is $known, 0, 'verify knows of it';
	like $words, qr/all there, unchanged; those of 2 records were removed/, 'and tells';
	my ($file) = files();
	my ($sha256) = $file =~ /([0-9a-f]{64})/;
	my $copy = copy_of_day_before($file);
	is +(evidence('remove', $sha256, '--reason', 'nobody knows it'))[0], 0,
		'by its hash';
	ok !-e $copy, 'the one that is in no record is gone';
	ok -e $file, 'the one that is in some stays';
	is +(evidence('remove', $sha256, '--reason', 'nobody wants it'))[0], 0,
		'by its hash again';
	ok !-e $file, 'now that one is meant';
	is +(evidence('remove', 'f' x 64, '--reason', 'x'))[0], 65, 'no such';
};

subtest 'all of it is written down' => sub {
	my @audit = $daemon->objects('audit', 'list');
	my %seen;
	$seen{$_->{action}}++ for @audit;
	ok $seen{"evidence $_"}, $_ for qw(list show export verify release remove);
	my ($one) = grep { $_->{action} eq 'evidence remove' &&
		$_->{reason} eq 'court order' } @audit;
	is $one->{subject}, $id, 'with the record and the reason';
};
$daemon->stop;

subtest 'kill -9 leaves no half file' => sub {
	my $daemon = daemon_of('killed');
	my $state = $daemon->state;
	for my $round (1 .. 3) {
		my @children = map {
			my $n = $_;
			my $pid = fork // die;
			unless ($pid) {
				eval {
					my $mta = Milter::Client->new($daemon->socket);
					$mta->message(queue_id => "K$round$n$_",
						body => "green apples $round $n $_\r\n" .
						noise(9000))
						for 1 .. 100;
				};
				POSIX::_exit(0);
			}
			$pid;
		} 1 .. 3;
		$box->wait_for(10, sub {
			(my @files = glob "$state/evidence/2*/*/*/*") > $round * 10;
		});
		$daemon->kill9;
		waitpid $_, 0 for @children;
		$daemon->start;
		is_deeply [glob "$state/evidence/new/*"], [],
			'what was being written is gone';
		my ($status, $text) = $daemon->reevectl('evidence', 'verify');
		is $status, 0, 'every one is whole' or diag $text;
	}
	$daemon->stop;
};

SKIP: {
	my $state = $box->path('full.state');
	my $mount = "$state/evidence";
	mkdir $_, 0700 for $state, $mount;
	skip 'a tmpfs cannot be mounted here', 1 if $> != 0 ||
		system "mount -t tmpfs -o size=120k,mode=0700 none $mount 2>/dev/null";
	chown +(getpwnam Sandbox::user())[2, 3], $state, $mount;
	subtest 'a full disk' => sub {
		my $daemon = daemon_of('full', limits => { body => 1000000 });
		my $noise = noise(300000);
		my ($result, $record) = send_to($daemon,
			body => "green apples\r\n$noise");
		is $result->{cmd}, 'y', 'cannot be kept: refused for now';
		like $result->{text}, qr/^451 4\.3\.0 the original cannot be kept/,
			'and it says why';
		is $record->{verdict}, 'defer', 'so is the record';
		ok !$record->{evidence}, 'which tells of no original';
		like $daemon->log, qr/evidence_failed/, 'the log does';
		is_deeply [glob "$mount/new/*"], [], 'nothing half is left';
		($result, $record) = send_to($daemon, body => "green apples\r\n");
		is $result->{cmd}, 'c', 'a small one fits';
		is +($daemon->reevectl('evidence', 'verify'))[0], 0, 'all well';
		$daemon->stop;
		$daemon->configure(limits => { body => 1000000 },
			records => { on_failure => 'accept' });
		$daemon->start;
		($result, $record) = send_to($daemon,
			body => "cheap watches\r\n$noise");
		is $result->{cmd}, 'c', 'on_failure = accept:';
		ok +(grep { $_->{cmd} eq 'q' } @{ $result->{changes} }),
			'quarantined mail goes to the MTA, not to nobody';
		$daemon->stop;
	};
	system "umount $mount";
}

subtest 'in monitor mode nothing is withheld' => sub {
	my $daemon = daemon_of('monitor', mode => 'monitor');
	my ($result, $record) = send_to($daemon, body => "cheap watches\r\n");
	is $result->{cmd}, 'c', 'accepted';
	ok !$record->{evidence}, 'not held';
	($result, $record) = send_to($daemon, body => "wire money\r\n");
	is $record->{evidence}{why}, 'verdict reject', 'but kept';
	$daemon->stop;
};

subtest 'terms' => sub {
	my $daemon = daemon_of('terms');
	my $state = $daemon->state;
	send_to($daemon, body => "green apples\r\n");
	send_to($daemon, body => "cheap watches\r\n");
	$daemon->stop;
	my $folder = sub { POSIX::strftime('%Y/%m/%d', gmtime(time -
		$_[0] * 86400)) };
	for my $ago (20, 40, 70) {
		for my $root ("$state/evidence", "$state/evidence/held") {
			my $to = "$root/" . $folder->($ago);
			system 'mkdir', '-p', $to;
			system "cp -p $root/" . $folder->(0) . "/* $to";
		}
	}
	system 'chown', '-R', Sandbox::user(), "$state/evidence" if $> == 0;
	$daemon->start;
	my $old = "$state/evidence/" . $folder->(70);
	ok $box->wait_for(10, sub { !-e $old }), 'past its term: gone';
	ok -e "$state/evidence/" . $folder->(40), 'within: there';
	ok $box->wait_for(10, sub { !-e "$state/evidence/held/" .
		$folder->(40) }), 'held past evidence.quarantine_keep: gone';
	ok -e "$state/evidence/held/" . $folder->(20), 'within: there';
	like $daemon->log, qr/evidence_expired days=1/, 'it is told';
	$daemon->stop;
};

subtest 'settings' => sub {
	my $n = 0;
	for (['actions = ["explode"]', qr/evidence\.actions: "explode" is none/],
		['keep = 90d', qr/longer than records\.keep/],
		['sendmail = "a \'b"', qr/evidence\.sendmail/]) {
		my $file = $box->write_file('bad' . ++$n . '.conf',
			"evidence { $_->[0] }\n");
		my ($status, $out, $err) = $box->run("$Sandbox::BUILD/mailreeve",
			'-t', '-c', $file);
		is $status, 78, $_->[0];
		like "$out$err", qr/:1: .*$_->[1]|:1: $_->[1]/, 'says why';
	}
	my $daemon = daemon_of('asking', records => { reason => 'required' });
	is +($daemon->reevectl('evidence', 'list'))[0], 64, 'no reason, no look';
	is +($daemon->reevectl('evidence', 'list', '--reason', 'x'))[0], 0,
		'with one';
	$daemon->stop;
};

SKIP: {
	skip 'no Postfix here, or not root to start one', 1
		unless Postfix::is_there();
	subtest 'through Postfix' => sub {
		my $daemon = daemon_of('postfix');
		my $postfix = Postfix->new($box, milters => $daemon->socket,
			non_smtpd => $daemon->socket);
		my $mail = "From: a\@example.net\nSubject: x\n\n" .
			"Cheap\n watches, \xe4 and more.\n\n\nbye\n\n";
		my $s = SMTP->new($postfix->port, from => '127.0.0.2');
		is +($s->message(text => $mail, to => '<b@example.org>'))[0], 250,
			'accepted';
		$s->quit;
		my ($record) = $daemon->records(1, '--verdict', 'quarantine');
		ok $record->{evidence}{held}, 'held';
		is scalar($postfix->queue), 0, 'Postfix has nothing';
		is +($daemon->reevectl('evidence', 'release', $record->{id}))[0],
			0, 'released';
		my @args = split /\n/, $box->read_file("$out/args");
		my ($sent, $o, $e) = $postfix->sendmail($box->read_file(
			"$out/message"), @args[2 .. $#args]);
		is $sent, 0, "Postfix's sendmail takes it" or diag "$o$e";
		my ($text) = $postfix->delivered(1);
		like $text, qr/^X-To: b\@example\.org$/m, 'its recipient gets it';
		like $text, qr/\n\nCheap\n watches, \xe4 and more\.\n\n\nbye\n/,
			'as it was';
		unlike $text, qr/X-Mailreeve-Released/, 'without the token';
		my ($again) = $daemon->records(1, '--symbol', 'RELEASED');
		is $again->{verdict}, 'accept', 'and it is recorded';
		is $again->{direction}, 'local', 'as local mail';
		is scalar($postfix->delivered(1)), 1, 'once';
		$postfix->stop;
		$daemon->stop;
	};
}

SKIP: {
	my $why = $> != 0 ? 'not root to start one' : Sendmail->why_not;
	skip "no Sendmail here: $why", 1 if $why;
	# What its sendmail(1) submits comes by SMTP from this host.
	subtest 'through Sendmail' => sub {
		my $daemon = daemon_of('sendmail', relay => {
			networks => ['127.0.0.1/32'], domains => ['example.org'] });
		my $mta = Sendmail->new($box, milters => $daemon->socket,
			domains => ['example.org'], open_relay => 1);
		my $s = SMTP->new($mta->port, from => '127.0.0.2');
		is +($s->message(text => "From: a\@example.net\nSubject: x\n" .
			"\nCheap watches\n"))[0], 250, 'accepted';
		$s->quit;
		my ($record) = $daemon->records(1, '--verdict', 'quarantine');
		ok $record->{evidence}{held}, 'held';
		is +($daemon->reevectl('evidence', 'release', $record->{id}))[0],
			0, 'released';
		$s = SMTP->new($mta->port);
		is +($s->message(text => $box->read_file("$out/message")))[0],
			250, 'it is submitted';
		$s->quit;
		my ($text) = $mta->delivered(1);
		like $text // '', qr/\n\nCheap watches\n/, 'and delivered';
		unlike $text // '', qr/X-Mailreeve-Released/, 'without the token';
		is scalar($daemon->records(1, '--symbol', 'RELEASED')), 1,
			'as released';
		is scalar(() = $mta->delivered(1)), 1, 'once';
		$mta->stop;
		$daemon->stop;
	};
}

done_testing;
