# The core of it with a real Sendmail.

use strict;
use warnings;

use Test::More;

use Sandbox;
use Sendmail;
use SMTP;

my $why = $> != 0 ? 'not root to start one' : Sendmail->why_not;
plan skip_all => "no Sendmail here: $why" if $why;

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { networks => ['127.0.0.1/32'],
	domains => ['example.org'] });
my $sendmail = Sendmail->new($box, milters => $daemon->socket,
	domains => ['example.org'], open_relay => 1);

my $s = SMTP->new($sendmail->port, from => '127.0.0.2');
my @reply = $s->message(text => "From: a\@example.net\nSubject: s\n" .
	"Message-ID: <sm\@example.net>\n\nHello\n");
is $reply[0], 250, 'a stranger to us: accepted' or diag $s->transcript,
	$sendmail->log;
my ($text) = $sendmail->delivered(1);
like $text // '', qr/^X-Mailreeve-Record: [0-9A-Z]{13}$/m,
	'delivered with the record\'s id';
@reply = $s->message(to => '<x@remote.example>');
is $reply[0], 550, 'to relay: refused';
like $reply[1], qr/5\.7\.1 .*relaying denied \[[0-9A-Z]{13}\]/,
	'with the reason and the id';
$s->cmd('RSET');
for my $game ('user%remote.example@example.org', 'remote.example!user',
	'"user@remote.example"@example.org') {
	@reply = $s->message(to => "<$game>");
	like $reply[0], qr/^5/, "$game: refused";
	$s->cmd('RSET');
}
$s->quit;

$s = SMTP->new($sendmail->port);
@reply = $s->message(to => '<x@remote.example>');
is $reply[0], 250, 'a trusted network may relay';
$s->quit;

my ($record) = $daemon->records(1, '--message-id', 'sm@example.net');
is $record->{client}{address}, '127.0.0.2', 'the record: client';
is $record->{sender}, 'sender@example.net', 'sender';
ok length $record->{queue_id}, 'queue id';
is $record->{recipients}[0]{mailer}, 'local', 'mailer';
my ($open) = $daemon->records(1, '--symbol', 'RELAY_MTA_OPEN');
ok $open, 'that Sendmail would have relayed is reported';
cmp_ok scalar $daemon->records(3), '>=', 3, 'all of them are recorded';

$sendmail->stop;
is $daemon->stop, 0, 'it ends well';

done_testing;
