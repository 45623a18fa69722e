# contrib/quickstart --demo: what it sends, and that it says so.

use strict;
use warnings;

use Test::More;

use Postfix;
use Sandbox;

Postfix::is_there()
	or plan skip_all => 'no Postfix here, or not root to start one';

my $box = Sandbox->new;
local $ENV{MAILREEVE_BUILD} = $Sandbox::BUILD;
my ($status, $out, $err) = $box->run('perl', Sandbox->top . '/contrib/demo');

is $status, 0, 'it exits 0' or diag "$out$err";
like $out, qr/^good mail from a stranger to us +250 /m, 'good mail';
like $out, qr/^a stranger who wants to relay +550 5\.7\.1 .*\[[0-9A-Z]{13}\]$/m,
	'a relay attempt, refused with the record\'s id';
like $out, qr/^the same with a login +250 /m, 'allowed after a login';
like $out, qr/^the same from a trusted network +250 /m,
	'and from a trusted network';
like $out, qr/MR_INVOICE_SALE_ZH/, 'spam, by a shipped rule';
like $out, qr/^spam: an account in danger.* 550 5\.7\.1 .*\[[0-9A-Z]{13}\]$/m,
	'fraud, refused by several';
like $out, qr/quarantine .*MR_ATTACH_DOUBLE/, 'a program, put aside';
like $out, qr/^time +record +verdict.*RELAY_DENIED/ms, 'the records';

done_testing;
