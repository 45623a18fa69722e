# Lists that the daemon keeps in files: replaced at once when a case
# changes them, by whomever, whole at each moment, with one run of the hook
# for what changed together.

use strict;
use warnings;

use Test::More;

use Clock;
use Sandbox;

my $box = Sandbox->new;
my $clock = Clock->new($box, '2026-11-23T10:00:00Z');
my $out = $box->path('out');

mkdir $out;
chmod 0777, $out;
my $hook = $box->write_file('hook', "#!/bin/sh\nread file; cat \$file >>$out/hooked; " .
	"echo run >>$out/runs\n");
chmod 0755, $hook;

my %exports = (
	mta => { list => 'suspended', format => 'postfix', file => "$out/postfix",
		hook => "$hook 'a b'" },
	firewall => { list => 'suspended', format => 'nftables', file => "$out/nft" },
	watched => { list => 'watched', file => "$out/watched" },
	warned => { list => 'warned', format => 'postfix', kind => 'account',
		file => "$out/warned" },
);
my $daemon = $box->daemon(lists => { exports => \%exports },
	cases => { auto_watch => 'no' },
	relay => { networks => ['192.0.2.0/24'] });

sub case_ { my ($status, $o, $err) = $daemon->reevectl('case', @_); is $status, 0, "@_" or diag $err }
sub of { $box->read_file("out/$_[0]") }
sub wait_of
{
	my ($name, $want) = @_;
	ok $box->wait_for(10, sub { of($name) eq $want }), "$name is written" or
		diag of($name), $daemon->log;
}

ok $box->wait_for(10, sub { of('nft') =~ /set suspended4/ && -e "$out/postfix" }),
	'empty at the start';
is of('postfix'), '', 'nobody is suspended';
ok $box->wait_for(10, sub { of('runs') eq "run\n" }), 'the hook ran once';
case_('open', address => '192.0.2.7');
case_('open', account => 'alice');
case_('warn', '2026-0002');
wait_of('warned', "alice WARN warned, case 2026-0002\n");
case_('watch', '2026-0002');
wait_of('watched', "account alice 2026-0002\n");
wait_of('warned', '');
is of('runs'), "run\n", 'what changed is no matter of the hook';
case_('suspend', '2026-0001', '--until', '1h');
wait_of('postfix', "192.0.2.7 REJECT suspended, case 2026-0001\n");
ok $box->wait_for(10, sub { of('hooked') eq "192.0.2.7 REJECT suspended, case 2026-0001\n" }),
	'and the hook saw it' or diag of('hooked'), $daemon->log;
like of('nft'), qr/set suspended4 \{[^}]*elements = \{ 192\.0\.2\.7 \}/s, 'so is the other';
ok $box->wait_for(5, sub { of('runs') eq "run\nrun\n" }), 'once';
is +(stat "$out/postfix")[2] & 07777, 0644, 'all may read it';
my $inode = (stat "$out/postfix")[1];
case_('note', '2026-0001', '--reason', 'by phone');
$daemon->stop;
$daemon->start;
ok $box->wait_for(10, sub { of('runs') eq "run\n" x 3 }), 'a start runs the hook: the last may be lost' or
	diag of('runs');
is +(stat "$out/postfix")[1], $inode, 'and leaves the file as it is';
$clock->advance(3700);
wait_of('postfix', '');
isnt +(stat "$out/postfix")[1], $inode, 'the file is another, not written over';
ok $box->wait_for(10, sub { of('runs') eq "run\n" x 4 }), 'and an end runs the hook' or
	diag of('runs');
is of('warned'), '', 'and the others stay';

chmod 0755, $out;
case_('suspend', '2026-0002');
ok $box->wait_for(10, sub { $daemon->log =~ m{list_not_exported file=\S*/(?:postfix|watched) } }),
	'a folder that is not ours: told';
$daemon->stop;

for ([{ file => 'x' }, qr/a whole path/], [{ file => '/x', kind => 'fingerprint' }, qr/kinds/],
	[{ file => '/x', list => 'watched', format => 'radius' }, qr/suspended alone/],
	[{ file => '/x', kind => 'domain', format => 'nftables' }, qr/networks alone/],
	[{ file => '/x', hook => "a 'b" }, qr/hook/]) {
	my $conf = $box->write_file('bad.conf', Sandbox::conf_text({
		lists => { exports => { bad => $_->[0] } } }));
	my ($status, $o, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c', $conf, 'check');

	is $status, 78, join ' ', %{ $_->[0] };
	like $err, qr/bad\.conf:\d+: lists\.exports: bad: .*$_->[1]/, 'and why';
}

done_testing;
