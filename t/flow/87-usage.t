# What is given too much, or the wrong way round, is refused
# before anything is done.

use strict;
use warnings;

use Test::More;

use Sandbox;

my $box = Sandbox->new;
my $conf = $box->write_file('it.conf', 'state_dir = "' . $box->path('none') . '";');
my $reevectl = "$Sandbox::BUILD/reevectl";

sub refused
{
	my ($why, @words) = @_;
	my ($status, $out, $err) = $box->run($reevectl, '-c', $conf, @words);

	is $status, 64, "@words";
	like $err, $why, 'and why';
	is $out, '', 'nothing is printed';
}

my $id = '0K2V9PB1XG4ZQ';
refused(qr/"?stray"?.*what is that|(?:is|are) needed/, @$_, 'stray') for
	['records', 'search'], ['records', 'follow'], ['records', 'stats'],
	['records', 'days'], ['records', 'verify'], ['records', 'anchor'],
	['records', 'show', $id], ['records', 'proof', $id],
	['records', 'hold', 'list'], ['records', 'hold', 'add', 'x'],
	['records', 'hold', 'release', 'x'],
	['records', 'erase', '--reason', 'x', '--from', 'a@example.net'],
	['evidence', 'list'], ['evidence', 'verify'], ['evidence', 'show', $id],
	['evidence', 'release', $id], ['evidence', 'remove', $id, '--reason', 'x'],
	['backup', 'dir'], ['backup', 'verify', 'dir'], ['backup', 'list', 'dir'],
	['restore', 'dir'], ['audit', 'list'], ['audit', 'verify'], ['status'],
	['reload'];

refused(qr/--since 2026-03-02 is (?:not before|behind) --until 2026-03-01/, @$_,
	'--since', '2026-03-02', '--until', '2026-03-01') for
	['records', 'search'], ['records', 'stats'], ['records', 'verify'],
	['records', 'erase', '--reason', 'x', '--from', 'a@example.net'],
	['records', 'hold', 'add', 'x'], ['evidence', 'list'],
	['evidence', 'verify'], ['audit', 'list'];

done_testing;
