package DovecotAuth;

# The server's side of Dovecot's authentication protocol, version 1, as far as
# Postfix asks: AUTH PLAIN for a table of users. On a unix socket, in a process
# of its own.

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;
use MIME::Base64;

# users: { name => password }
sub new
{
	my ($class, $box, $path, $users) = @_;
	my $listen = IO::Socket::UNIX->new(Local => $path, Listen => 8)
		or die "$path: $!\n";

	chmod 0666, $path;
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		local $SIG{TERM} = sub { POSIX::_exit(0) };
		eval { _serve($listen, $users) };
		POSIX::_exit(0);
	}
	$box->{pids}{$pid} = 'auth';
	return bless { path => $path, pid => $pid }, $class;
}

sub path { $_[0]{path} }

sub _serve
{
	my ($listen, $users) = @_;
	my $select = IO::Select->new($listen);
	my %buffer;

	while (my @ready = $select->can_read) {
		for my $fd (@ready) {
			if ($fd == $listen) {
				my $client = $listen->accept or next;
				$select->add($client);
				syswrite $client, "VERSION\t1\t1\n" .
					"MECH\tPLAIN\tplaintext\n" .
					"SPID\t$$\nCUID\t1\nCOOKIE\t" .
					'0' x 32 . "\nDONE\n";
				next;
			}
			sysread($fd, $buffer{$fd}, 4096,
				length($buffer{$fd} // '')) or do {
				$select->remove($fd);
				close $fd;
				next;
			};
			while ($buffer{$fd} =~ s/^([^\n]*)\n//) {
				my $answer = _answer($1, $users);
				syswrite $fd, $answer if $answer;
			}
		}
	}
}

sub _answer
{
	my ($line, $users) = @_;
	my ($verb, $id, @params) = split /\t/, $line;

	$verb eq 'AUTH' or return;
	my ($resp) = map { /^resp=(.*)/ ? $1 : () } @params;
	my (undef, $user, $password) = split /\0/,
		decode_base64($resp // ''), 3;
	return "OK\t$id\tuser=$user\n" if defined $password &&
		defined $users->{$user} && $users->{$user} eq $password;
	return "FAIL\t$id\tuser=" . ($user // '') . "\n";
}

1;
