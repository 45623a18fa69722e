# Recipients that do not exist, traps, floods of bounces, and advertising in
# bulk that nobody asked for.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $rules = $box->write_file('r.cf', "header MR_AD_MARK Subject =~ /^AD:/\n" .
	"score MR_AD_MARK 1\n");
my %settings = (relay => { domains => ['example.org', 'trap.example'] },
	rules => { files => [$rules] },
	bulk => { traps => ['Bait@example.org', 'trap.example'], harvest => 5,
		harvest_action => 'defer', bounces => 3, snapshot => '1s' });
my $daemon = $box->daemon(%settings);
my $serial = 0;
my @unknown = (rcpt_mailer => 'error', rcpt_host => '5.1.1',
	rcpt_addr => '550 5.1.1 unknown');

# Findings by symbol, of one message.
sub found
{
	my (%m) = @_;
	my $id = 'Q' . ++$serial;
	my $mta = Milter::Client->new($daemon->socket);

	$mta->open_session(addr => $m{addr} // '192.0.2.1');
	my $reply = $mta->message(queue_id => $id, from => $m{from} // '<s@a.example>',
		login => $m{login}, rcpts => $m{rcpts} // ["<u$serial\@example.org>"],
		headers => [['From', $m{author} // 's@a.example'],
			['Subject', $m{subject} // 'x'], ['Date',
			'Mon, 23 Nov 2026 10:00:00 +0000'],
			['Message-ID', "<$id\@a.example>"], @{ $m{headers} // [] }],
		body => $m{body} // "Hello\r\n");
	$mta->quit;
	my ($record) = $daemon->records(1, '--queue-id', $id);
	my %found = map { $_->{symbol} => $_ } @{ $record->{findings} // [] };
	$found{reply} = $reply->{rcpts}[-1]{text} // '';
	return \%found;
}

sub unknown { return map { ["<$_\@example.org>", [], { @unknown }] } @_ }

# A typo, and names tried out.
ok !found(rcpts => [unknown('typo'), '<u@example.org>'])->{DICTIONARY_ATTACK}, 'a typo';
found(rcpts => [unknown(map { "a$_" } 1 .. 4), '<u@example.org>'], addr => '192.0.2.9');
my $now = found(addr => '192.0.2.77');
ok $now->{DICTIONARY_ATTACK}, 'five from a network';
like $now->{DICTIONARY_ATTACK}{detail},
	qr{^192\.0\.2\.0/24 named 5 recipients that do not exist, 1 that do$}, 'who, and how';
like $now->{reply}, qr/^451 4\.7\.1 too many recipients that do not exist/, 'is held up';
ok !found(addr => '198.51.100.1')->{DICTIONARY_ATTACK}, 'another network is not';
found(rcpts => [unknown('again'), '<u@example.org>'], addr => '203.0.113.1') for 1 .. 9;
ok !found(addr => '203.0.113.1')->{DICTIONARY_ATTACK}, 'one name again and again is a typo';
found(rcpts => [(map { "<real$_\@example.org>" } 1 .. 30), unknown(map { "b$_" } 1 .. 8)],
	addr => '203.0.113.99');
ok !found(addr => '203.0.113.1')->{DICTIONARY_ATTACK}, 'a large list with some that are gone';
found(rcpts => [unknown("c$_")], from => '<>', addr => '100.64.7.1') for 1 .. 9;
ok !found(addr => '100.64.7.1')->{DICTIONARY_ATTACK}, 'bounces try out no names';
found(rcpts => [unknown(map { "e$_" } 1 .. 9), '<u@example.org>'], from => '<>',
	addr => '100.64.8.1');
ok found(addr => '100.64.8.1')->{DICTIONARY_ATTACK}, 'many names at once are no bounce';
my $octet = 20;
for (['5.7.1', '554 5.7.1 Relay access denied'], ['5.2.2', '552 5.2.2 over quota'],
	['5.1.8', '550 5.1.8 sender domain not found'], ['', '450 try later'],
	['4.1.1', '450 4.1.1 unverified'], ['5.1.1', '550 5.1.1 unknown'],
	['5.1.10', '556 5.1.10 null MX'], ['', '550 no such user']) {
	my ($host, $text) = @$_;
	my @addr = (addr => '198.18.' . ++$octet . '.1');

	found(rcpts => [(map { ["<f$_\@example.org>", [], { @unknown, rcpt_host => $host,
		rcpt_addr => $text }] } 1 .. 6), '<u@example.org>'], @addr);
	is !!found(@addr)->{DICTIONARY_ATTACK}, $text =~ /5\.1\.1|no such/ ? 1 : '', $text;
}
found(rcpts => [unknown(map { "d$_" } 1 .. 9)], login => 'eve', addr => '198.18.0.1');
ok found(login => 'eve', addr => '198.18.9.9')->{DICTIONARY_ATTACK}, 'a login, wherever it is';
my (undef, $incidents) = $daemon->reevectl('incidents', '--kind', 'harvest');
$box->wait_for(5, sub { (undef, $incidents) = $daemon->reevectl('incidents', '--kind',
	'harvest'); $incidents =~ /eve/ });
like $incidents, qr/eve named 9 recipients/, 'the abuse desk is told';

# Traps, and what is like what went there.
my $offer = "This week only you save a fortune on garden chairs of finest wood,\r\n" .
	"and every chair comes with a cushion that no other shop can offer.\r\n";
my @from = (addr => '198.51.100.9', body => $offer);
ok !found(@from)->{BULK_TRAPPED}, 'before it has gone to a trap';
is found(@from, rcpts => ['<bait@EXAMPLE.org>'])->{TRAP_HIT}{detail}, 'bait@example.org',
	'a trap';
ok found(@from, rcpts => ['<anyone@trap.example>'])->{TRAP_HIT}, 'a domain of traps';
like found(@from, body => "Dear Bob,\r\n$offer")->{BULK_TRAPPED}{detail},
	qr/^2 like it went to traps/, 'what is like it has a bad name';
ok !found(@from, body => "We meet on Tuesday at the station, bring the tickets and the " .
	"dog.\r\n")->{BULK_TRAPPED}, 'other mail has not';

$daemon->reevectl('list', 'add', 'welcome', 'sender', 'news@b.example');
ok !found(@from, from => '<news@b.example>')->{BULK_TRAPPED}, 'nor has one who is welcome';

# Bounces.
ok !found(from => '<>', rcpts => ['<joe@example.org>'])->{NULL_SENDER_FLOOD}, 'a bounce'
	for 1 .. 3;
like found(from => '<>', rcpts => ['<joe@example.org>'])->{NULL_SENDER_FLOOD}{detail},
	qr/^4 for joe\@example\.org/, 'a flood of them';
ok !found(from => '<>', rcpts => ['<ann@example.org>'])->{NULL_SENDER_FLOOD},
	'of which others have none';

# Advertising in bulk.
my $sale = "Our printers have the cheapest ink in the country, and paper by the ton. " .
	"Call the shop on the corner before they are gone to your neighbours.\r\n";
my @sale = (addr => '198.51.100.20', body => $sale, subject => 'AD: ink');
ok !found(@sale)->{UNASKED_BULK}, 'one advertisement' for 1 .. 9;
$now = found(@sale);
is $now->{UNASKED_BULK}{detail}, 'BULK_LIKE_10 and MR_AD_MARK', 'ten of them';
ok $now->{BULK_NO_WAY_OUT}, 'without a way out';
ok !$now->{BULK_NO_REPLY}, 'somebody can be answered';
ok found(@sale, author => 'noreply@a.example')->{BULK_NO_REPLY}, 'nobody can be';
$now = found(@sale, subject => 'ink', headers => [['List-Unsubscribe', '<mailto:o@a.example>']]);
ok !$now->{UNASKED_BULK} && !$now->{BULK_NO_WAY_OUT}, 'unmarked, and with a way out';
$daemon->reevectl('list', 'add', 'welcome', 'sender', 's@a.example');
ok !found(@sale)->{UNASKED_BULK}, 'those who are welcome';

is $daemon->stop, 0, 'it ends well';
my $bad = $box->write_file('bad.conf', Sandbox::conf_text({ bulk => { traps => ['a b'] } }));
my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c', $bad, 'check');
is $status, 78, 'bad settings';
like $err, qr/bulk\.traps: /, 'are named';

done_testing;
