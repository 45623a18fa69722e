# What happens to cases by themselves: a limit opens one, what follows
# the warning is a strike, the third incident suspends, and time lets
# mail through again.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Clock;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-11-23T10:00:00Z');
my $daemon = $box->daemon(
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	bulk => { preset_limits => 'no', limits => { messages => {
		key => 'account', most => 2, within => '10min', direction => 'outbound' },
		strangers => { key => 'client', most => 2, within => '10min',
			direction => 'inbound' } } },
	cases => { watch => '30d', auto_remedy => 'yes' },
	calendar => { zone => 'UTC' });

sub cases { $daemon->objects('case', 'list', @_) }
sub case_ { my ($status, $out) = $daemon->reevectl('--json', 'case', @_); $status }
sub wait_state
{
	my ($state) = @_;
	ok $box->wait_for(10, sub { (cases())[0]{state} eq $state }), "it becomes $state";
}

sub send_many
{
	my ($count, %m) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $last;

	for (1 .. $count) {
		my $r = $mta->message(addr => '192.0.2.5', login => 'alice',
			from => '<alice@example.org>', rcpts => ['<x@far.example>'], %m);
		$last = $r->{stage} eq 'mail' ? $r->{text} :
			$r->{cmd} eq 'none' ? $r->{rcpts}[0]{text} : $r->{cmd};
	}
	$mta->quit;
	return $last;
}

like send_many(3), qr/^4/, 'a limit is reached';
ok $box->wait_for(10, sub { cases() == 1 }), 'and a case opened' or
	diag $daemon->log;
my ($case) = cases();
is "$case->{state} $case->{kind} $case->{subject_kind} $case->{subject}",
	'open spam account alice', 'about the account';
is $case->{incidents}, 1, 'with one incident';
like +($daemon->reevectl('case', 'show', $case->{case}))[1],
	qr/open +open +mailreeve +limit: account alice: more than/, 'which it tells';
is send_many(3, addr => '198.51.100.7', login => undef, from => '<s@far.example>',
	rcpts => ['<u@example.org>']) =~ /^4/, 1, 'a stranger reaches one, too';

my $id = $case->{case};
is case_('warn', $id), 0, 'warned';
is case_('watch', $id), 0, 'watched';
$clock->advance(2 * 86400);
send_many(3);
ok $box->wait_for(10, sub { (cases())[0]{incidents} == 2 }), 'another one joins';
($case) = cases();
is scalar cases(), 1, 'the same case; that of the stranger is none';
is "$case->{state} $case->{severity}", 'watched 2', 'worse, and watched';
$clock->advance(2 * 86400);
send_many(3);
wait_state('suspended');
like send_many(1), qr/^550 5\.7\.1 suspended, case $id \[/, 'the third suspends';
is send_many(1, login => undef, from => '<s@far.example>', addr => '198.51.100.8',
	rcpts => ['<alice@example.org>']), 'c', 'mail to her flows';
my @audit = grep { $_->{operator} eq 'mailreeve' } $daemon->objects('audit', 'list');
is scalar(grep { $_->{action} eq 'case join' } @audit), 3, 'the audit has each';
is scalar(grep { $_->{action} eq 'case suspend' && $_->{subject} eq $id } @audit), 1,
	'and the suspension';

is case_('resume', $id), 0, 'resumed';
is case_('suspend', $id, '--until', '1d'), 0, 'suspended for a day';
$clock->advance(86400 + 60);
wait_state('watched');
# Counts do not follow a clock that jumps.
is +($daemon->reevectl('limits', 'raise', '--limit', 'messages', '--most', 1000,
	'alice'))[0], 0, 'the limit is raised';
is send_many(1), 'c', 'and mail flows again';
$clock->advance(31 * 86400);
wait_state('closed');
my ($show) = $daemon->objects('case', 'show', $id);
is join(' ', map { $_->{step} } @{ $show->{steps} }[-2, -1]), 'remedy close',
	'when the watch was quiet';
is +($daemon->reevectl('customer', 'add', 'acme', '--account', 'carol', '--contact',
	'carol@acme.example'))[0], 0, 'a customer';
send_many(3, login => 'carol', from => '<carol@example.org>');
ok $box->wait_for(10, sub { cases('--state', 'open') == 1 }), 'has a case';
($case) = cases('--state', 'open');
is "$case->{subject_kind} $case->{subject} $case->{contact}",
	'customer acme carol@acme.example', 'about the customer, with the contact';
is case_('suspend', $case->{case}), 0, 'suspended';
like send_many(1, login => 'carol', from => '<carol@example.org>'),
	qr/^550 .*case $case->{case}/, 'all of the customer is refused';
is case_('resume', $case->{case}), 0, 'and resumed';
is case_('open', account => 'eve', '--kind', 'harmful'), 0, 'harmful content';
$clock->advance(31 * 60);
ok $box->wait_for(10, sub { cases('--state', 'suspended') == 1 }),
	'suspended when it is due';
$clock->advance(86400);
ok $box->wait_for(10, sub { $daemon->log =~ /case_due case=\d+-\d+ what=report/ }), 'a report is overdue: logged';
is case_('due'), 1, 'and told';
is +($daemon->reevectl('audit', 'verify'))[0], 0, 'the audit is whole';
$daemon->stop;

done_testing;
