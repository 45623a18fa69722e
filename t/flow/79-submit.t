# reevectl submit: a sendmail(1) without privileges, by SMTP to the MTA.

use strict;
use warnings;

use IO::Socket::INET;
use Test::More;

use Sandbox;

my $box = Sandbox->new;

# An MTA that refuses some recipients, and writes down what it hears.
sub server
{
	my ($name, %say) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die $!;
	my $pid = fork // die "fork: $!\n";

	if ($pid) {
		$box->{pids}{$pid} = $name;
		return '127.0.0.1:' . $listener->sockport;
	}
	$SIG{TERM} = 'DEFAULT';
	while (my $peer = $listener->accept) {
		open my $log, '>>', $box->path($name);
		$peer->print($say{greeting} // "220 mx ESMTP\r\n");
		my $is_data = 0;
		while (my $line = <$peer>) {
			print $log $line;
			$log->flush;
			next if $is_data && $line ne ".\r\n";
			my ($verb) = $is_data ? '.' : uc($line) =~ /^(\w+)/;
			$is_data = $verb eq 'DATA';
			my $reply = $line =~ /bad\@/ ? '550 5.1.1 no such user' :
				$line =~ /later\@/ ? '451 4.3.0 later' :
				$verb eq 'DATA' ? '354 go' : $verb eq 'QUIT' ? '221 bye' :
				$verb eq 'EHLO' ? "250-mx\r\n250-8BITMIME\r\n250 SMTPUTF8" : '250 ok';
			$peer->print("$reply\r\n");
		}
	}
	POSIX::_exit(0);
}

my $mx = server('heard');

sub submit
{
	my ($text, @args) = @_;
	my $file = $box->write_file('letter', $text);

	unlink $box->path('heard');
	my @result = $box->run('/bin/sh', '-c', 'exec "$@" <' . $file, 'sh',
		"$Sandbox::BUILD/reevectl", 'submit', @args);
	return (@result, $box->read_file('heard') =~ s/\r\n/\n/gr);
}

my $letter = "From: a\@example.org\nSubject: x\n\n.\n..dots\nend";
my ($status, $out, $err, $heard) = submit($letter, '-i', '-f', 'a@example.org', '-s', $mx, '--',
	'b@example.net', 'c@example.net');
is $status, 0, 'taken' or diag $err;
is $heard, "EHLO [127.0.0.1]\nMAIL FROM:<a\@example.org>\nRCPT TO:<b\@example.net>\n" .
	"RCPT TO:<c\@example.net>\nDATA\nFrom: a\@example.org\nSubject: x\n\n..\n...dots\nend\n.\nQUIT\n",
	'word for word, dots doubled';
is "$out$err", '', 'without a word';
($status, $out, $err, $heard) = submit("Subject: \xc3\xa4\n\nx\n", '-f', '<>', '--server', $mx, '--',
	'-b@example.net');
is $status, 0, 'a bounce, to an address like an option' or diag $err;
like $heard, qr/^MAIL FROM:<> BODY=8BITMIME\nRCPT TO:<-b\@example\.net>\nDATA$/m, 'of eight bits';
like +(submit($letter, '-s', $mx, "\xc3\xa4\@example.net"))[3], qr/^MAIL FROM:<> SMTPUTF8$/m,
	'to an address of eight bits';

for (['bad@example.net', 69, qr/bad\@example\.net: 550 5\.1\.1 no such user/],
	['later@example.net', 75, qr/451 4\.3\.0 later/],
	["x\@y.z>\nRCPT TO:<v\@w.x", 65, qr/a recipient: no address/],
	['a b@c.d', 65, qr/no address/]) {
	($status, $out, $err, $heard) = submit($letter, '-s', $mx, 'good@example.net', $_->[0]);
	is $status, $_->[1], "refused with $_->[1]";
	like $err, $_->[2], 'and why';
	unlike $heard, qr/^DATA|v\@w/m, 'nobody gets it';
}
is +(submit($letter, '-s', $mx))[0], 64, 'to whom?';
is +(submit('', '-s', $mx, 'b@example.net'))[0], 65, 'what?';
is +(submit("a: b\n\n\0", '-s', $mx, 'b@example.net'))[0], 65, 'no NUL';
my $nobody = '127.0.0.1:' . Sandbox->free_port;
is +(submit($letter, '-s', $nobody, 'b@example.net'))[0], 75, 'nobody is there';
my $busy = server('busy', greeting => "421 4.3.2 too busy\r\n");
($status, $out, $err) = submit($letter, '-s', $busy, 'b@example.net');
is $status, 75, 'somebody has no time';
like $err, qr/greeting: 421 4\.3\.2 too busy/, 'and says so';

done_testing;
