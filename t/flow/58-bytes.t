# Names that are no UTF-8 are in the lists as JSON as well: nobody
# hides behind them.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(
	relay => { networks => ['192.0.2.0/24'], domains => ['example.org'] },
	bulk => { preset_limits => 'no', limits => { each => { key => 'account',
		most => 1, within => '1h', direction => 'any' } } });
my $login = "b\xffob";
my $shown = "b\x{fffd}ob";

my $mta = Milter::Client->new($daemon->socket);
$mta->message(addr => '192.0.2.5', login => $login, from => '<bob@example.org>',
	rcpts => ['<x@far.example>'], headers => [['From', 'bob@example.org']])
	for 1 .. 3;
$mta->quit;

my $case;
ok $box->wait_for(20, sub { ($case) = $daemon->objects('case', 'list') }), 'there is a case' or
	diag $daemon->log;
is $case->{subject}, $shown, 'about him';
is +($daemon->objects('incidents'))[0]{subject}, $shown, 'of an incident';
is +($daemon->objects('case', 'due', '--within', '30d'))[0]{subject}, $shown, 'it is due';
my $id = $case->{case};
is +($daemon->reevectl('case', 'watch', $id))[0], 0, 'watched';
($case) = $daemon->objects('case', 'show', $id);
is $case->{subject}, $shown, 'shown';
like $case->{steps}[0]{note}, qr/account \Q$shown\E: more than/, 'with what was seen';
is scalar(@{ $case->{steps} }), 2, 'and each step';
is +($daemon->objects('list', 'watched'))[0]{subject}, $shown, 'on the list';
is +($daemon->objects('limits', 'top'))[0]{key}, $shown, 'and in the limits';
is +($daemon->reevectl('case', 'suspend', $id))[0], 0, 'suspended';
is +($daemon->objects('list', 'show'))[0]{value}, $shown, 'on the other list';

done_testing;
