# Cases on a clock of their own: what is due by when over a weekend with a
# holiday, what each step does to the very next message, and what is refused.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
# A Friday afternoon in UTC; Monday is a holiday.
my $clock = Clock->new($box, '2026-11-27T15:00:00Z');
my $daemon = $box->daemon(
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	cases => { contact => 'abuse@example.org', watch => '10d', auto_watch => 'no' },
	calendar => { zone => 'UTC', hours => '09:00-17:00',
		holidays => ['2026-11-30'] });

sub case_
{
	my ($status, $out, $err) = $daemon->reevectl('--json', 'case', @_);

	return { status => $status, err => $err, map { %{ decode_json($_) } }
		split /\n/, $out };
}

# (reply at RCPT, verdict of the record) of one outbound message.
sub sent
{
	my (%m) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $r = $mta->message(addr => '192.0.2.5', rcpts => ['<x@far.example>'],
		from => '<alice@example.org>', login => 'alice', %m);

	$mta->quit;
	return $r->{stage} eq 'mail' ? $r->{text} :
		$r->{rcpts}[0]{cmd} eq 'c' ? $r->{cmd} : $r->{rcpts}[0]{text};
}

sub day { Clock::seconds_of($_[0]) }
sub due { my ($case, $duty) = @_; int(($case->{due}{$duty} // 0) / 1e6 + 0.5) }
# The clock goes on between it is set and the command that reads it.
sub near { cmp_ok abs($_[0] - $_[1]), '<', 600, $_[2] }

is sent(), 'c', 'mail flows';
my $case = case_('open', account => 'alice', '--contact', 'alice@example.net',
	'--reason', 'a campaign');
is $case->{case}, '2026-0001', 'the first of the year';
is "$case->{state} $case->{kind}", 'open spam', 'open';
near due($case, 'warn'), day('2026-12-01T15:00:00Z'),
	'to be warned within a business day: a weekend and a holiday are none';
is case_('due')->{status}, 0, 'nothing is overdue';
$clock->set('2026-12-01T15:02:00Z');
is case_('due')->{status}, 1, 'it is';
like +($daemon->reevectl('case', 'due'))[1], qr/2026-0001.*warn .*\(overdue\)/,
	'in words';

for (['resume', qr/it is not suspended/], ['terminate', qr/suspend first/]) {
	my $no = case_($_->[0], '2026-0001');
	is $no->{status}, 65, "$_->[0]: refused";
	like $no->{err}, qr/case 2026-0001: .*$_->[1]/, 'and why';
}
$case = case_('open', account => 'ALICE');
is $case->{status}, 65, 'there is one about her';
like $case->{err}, qr/case 2026-0001: goes on already/, 'and it is named';
like case_('warn', '2026-0009')->{err}, qr/case 2026-0009: there is none/, 'none';

$case = case_('warn', '2026-0001', '--reason', 'by phone', '--contact', 'a@new.example');
is $case->{contact}, 'a@new.example', 'another contact';
is $case->{state}, 'warned', 'warned';
is case_('due')->{status}, 0, 'nothing is overdue again';
is sent(), 'c', 'mail flows still';
$clock->set('2026-12-01T15:02:00Z');
$case = case_('watch', '2026-0001');
near due($case, 'look'), day('2026-12-11T15:02:00Z'), 'watched, as long as set';
is sent(), 'c', 'mail flows';
my ($record) = $daemon->records(3);
ok +(grep { $_->{symbol} eq 'CASE_WATCHED' } @{ $record->{findings} }),
	'with a flag';

$case = case_('suspend', '2026-0001', '--until', '7d', '--reason', 'again');
is $case->{state}, 'suspended', 'suspended';
is_deeply [map { $_->{case} } $daemon->objects('case', 'list', account => 'ALICE')],
	['2026-0001'], 'found by whom it is about';
is +($daemon->reevectl('case', 'list', network => '192.0.2.1/24'))[0], 65, 'no network';
is_deeply [map { $_->{case} } $daemon->objects('case', 'list', '--state', 'suspended')],
	['2026-0001'], 'listed';
is_deeply [$daemon->objects('case', 'list', '--state', 'watched')], [], 'there only';
like sent(), qr/^550 5\.7\.1 suspended, case 2026-0001; write to abuse\@example\.org \[/,
	'the next message is refused, with the case';
is sent(login => 'bob', from => '<bob@example.org>'), 'c', 'a neighbour is not';
is sent(login => undef, addr => '198.51.100.1', from => '<x@far.example>',
	rcpts => ['<alice@example.org>']), 'c', 'mail to her flows';
my $no = case_('warn', '2026-0001');
like $no->{err}, qr/past warnings/, 'no warning any more';
$case = case_('resume', '2026-0001');
is $case->{state}, 'watched', 'resumed: watched';
is sent(), 'c', 'mail flows at once';

case_('suspend', '2026-0001', '--until', '1h');
like sent(), qr/^550/, 'suspended for an hour';
$clock->advance(3700);
is sent(), 'c', 'which is over';
# The daemon's timer notes it within a second, or more on a busy machine.
ok $box->wait_for(60, sub { case_('show', '2026-0001')->{state} eq 'watched' }),
	'and the case says so';

$case = case_('remedy', '2026-0001');
is $case->{state}, 'remedied', 'remedied';
is_deeply $case->{due}, {}, 'and nothing is due';
case_('assign', '2026-0001', 'carol');
is case_('close', '2026-0001')->{state}, 'closed', 'closed';
like case_('suspend', '2026-0001')->{err}, qr/the case is over; open a new one/,
	'closed is closed';

subtest 'whom a case can be about' => sub {
	my @subjects = (
		[address => '192.0.2.77', { addr => '192.0.2.77' }],
		[network => '192.0.2.96/28', { addr => '192.0.2.100' }],
		[sender => 'eve@example.org', { from => '<eve@example.org>' }],
		[domain => 'shop.example', { from => '<x@shop.example>' }],
		[network => '203.0.113.0/24', { addr => '203.0.113.9',
			rcpts => ['<u@example.org>'] }],
	);
	for (@subjects) {
		my ($kind, $value, $mail) = @$_;
		my %mail = (login => undef, %$mail);
		my $id = case_('open', $kind => $value)->{case};

		is sent(%mail), 'c', "$kind $value: mail flows";
		case_('suspend', $id);
		like sent(%mail), qr/^550 .*case $id/, 'suspended';
	}
	is scalar(my @all = $daemon->objects('list', 'suspended')), 5, 'all are listed';
	my $file = $daemon->state . '/suspended';
	my ($status, $out, $err) = $daemon->reevectl('list', 'export', 'suspended',
		'--format', 'postfix', '-o', $file);
	is $status, 0, 'export' or diag $err;
	open my $fh, '<', $file or die "$file: $!\n";
	like join('', <$fh>), qr{^192\.0\.2\.96/28 REJECT suspended, }m,
		'a table of Postfix';
	like +($daemon->reevectl('list', 'export', 'suspended', '--format', 'postfix',
		'--kind', 'sender'))[1], qr/\Aeve\@example\.org REJECT [^\n]+\n\z/, 'of senders';
	like +($daemon->reevectl('list', 'export', 'suspended', '--format', 'nftables'))[1],
		qr{elements = \{ 192\.0\.2\.77, (?:203\.0\.113\.0/24, 192|192)\.}, 'sets of nftables';
	is +($daemon->reevectl('list', 'export', 'suspended', '--format', 'radius'))[1], '',
		'no account';
	like +($daemon->reevectl('list', 'export', 'suspended'))[1],
		qr/^domain shop\.example 2026-\d+$/m, 'all in plain';
	is +($daemon->reevectl('list', 'export', @$_))[0], 64, "@$_: bad words"
		for ['x'], ['suspended', '--format', 'x'], ['watched', '--format', 'radius'],
		['suspended', '--format', 'radius', '--kind', 'domain'];
	is sent(login => undef, addr => '198.51.100.1', from => '<x@shop.example>',
		rcpts => ['<u@example.org>']), 'c',
		'a stranger in the name of the domain is no outbound mail';
	is case_('open', network => '192.0.2.1/24')->{status}, 65, 'no network';
	is case_('open', fingerprint => 'x')->{status}, 64, 'no subject';
};

subtest 'harmful content' => sub {
	$clock->set('2026-12-05T03:00:00Z');
	my $case = case_('open', customer => 'acme', '--kind', 'harmful');
	is $case->{severity}, 3, 'is a grave case';
	near due($case, 'suspend'), day('2026-12-05T03:30:00Z'),
		'half an hour, at a weekend and by night';
	near due($case, 'report'), day('2026-12-06T03:00:00Z'), 'a day to report';
	$case = case_('suspend', $case->{case});
	is_deeply [keys %{ $case->{due} }], ['report'], 'suspended, and to be reported';
	is case_('terminate', $case->{case})->{state}, 'terminated', 'terminated';
	$clock->advance(86400 * 2);
	is case_('due')->{status}, 1, 'the report is still owed';
	is case_('note', $case->{case}, '--reported', '--reason', 'sent')->{state},
		'terminated', 'reported';
	is case_('due')->{status}, 0, 'all is done';
};

subtest 'a virus' => sub {
	$clock->set('2026-12-07T10:00:00Z');
	my $case = case_('open', account => 'bob', '--kind', 'virus');
	near due($case, 'warn'), day('2026-12-08T10:00:00Z'), 'a day to warn';
	near due($case, 'suspend'), day('2026-12-10T10:00:00Z'), 'two more to cut off';
	is_deeply [keys %{ case_('warn', $case->{case})->{due} }], ['suspend'],
		'after the warning that is left';
};

my $steps = case_('show', '2026-0001')->{steps};
is join(' ', map { $_->{step} } @$steps), 'open warn watch suspend resume suspend ' .
	'resume remedy assign close', 'all steps are there';
is $steps->[1]{note}, 'by phone', 'with their notes';
ok !(grep { !$_->{operator} || !$_->{when_us} } @$steps), 'by whom and when';
like +($daemon->reevectl('case', 'show', '2026-0001'))[1], qr/suspend +suspended.*again/,
	'in words';
my @audit = grep { $_->{action} =~ /^case / } $daemon->objects('audit', 'list');
is scalar(grep { $_->{action} eq 'case suspend' && $_->{reason} eq 'again' } @audit), 1,
	'the audit has it';
is +($daemon->reevectl('audit', 'verify'))[0], 0, 'unbroken';
is +($daemon->reevectl('list', 'add', 'suspended', 'account', 'x'))[0], 64,
	'only a case suspends';
$clock->set('2027-01-04T10:00:00Z');
is case_('open', account => 'zoe')->{case}, '2027-0001', 'a new year counts anew';
for (['open', 'account'], ['show'], ['show', 'x'], ['open', account => 'y', '--kind', 'x'],
	['list', '--state', 'x'], ['watch', '2026-0001', '--until', 'x'],
	['open', account => 'y', '--severity', 9]) {
	is case_(@$_)->{status}, 64, "@$_: bad words";
}
my $bad = $box->write_file('bad.conf', Sandbox::conf_text({ calendar => {
	holidays => ['2026-13-01'] } }));
my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c', $bad, 'check');
is $status, 78, 'bad settings';
like $err, qr/2026-13-01.*is no day/, 'and which word';
$daemon->stop;

done_testing;
