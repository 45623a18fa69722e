package DovecotAuth;

# The server's side of Dovecot's authentication protocol, version 1, as far as
# Postfix asks: AUTH PLAIN and LOGIN for a table of users. On a unix socket, in
# a process of its own.

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;
use MIME::Base64;
use POSIX ();

# users: { name => password }
sub new
{
	my ($class, $box, $path, $users) = @_;
	my $listen = IO::Socket::UNIX->new(Local => $path, Listen => 8)
		or die "$path: $!\n";

	chmod 0666, $path;
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		local @SIG{qw(TERM INT HUP)} = (sub { POSIX::_exit(0) }) x 3;
		local $SIG{PIPE} = 'IGNORE';
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
					"MECH\tLOGIN\tplaintext\n" .
					"SPID\t$$\nCUID\t1\nCOOKIE\t" .
					'0' x 32 . "\nDONE\n";
				next;
			}
			sysread($fd, $buffer{$fd}, 4096,
				length($buffer{$fd} // '')) or do {
				$select->remove($fd);
				delete $buffer{$fd};
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

my %login;			# AUTH LOGIN under way: id -> user, '' before

# One line's answer, undef when there is none to give.
sub _answer
{
	my ($line, $users) = @_;
	my ($verb, $id, @params) = split /\t/, $line;

	$verb =~ /^(?:AUTH|CONT)$/ or return;
	my ($resp) = map { /^resp=(.*)/ ? $1 : () } @params;
	$resp = $params[0] if $verb eq 'CONT';
	my (undef, $user, $password) = split /\0/,
		decode_base64($resp // ''), 3;
	if ($verb eq 'AUTH' && $params[0] eq 'LOGIN' || $verb eq 'CONT') {
		my $had = $login{$id};
		$user = decode_base64($resp // '');
		$login{$id} = $user;
		return "CONT\t$id\tVXNlcm5hbWU6\n" unless length $user;
		return "CONT\t$id\tUGFzc3dvcmQ6\n" unless length($had // '');
		($user, $password) = ($had, $user);
		delete $login{$id};
	}
	return "OK\t$id\tuser=$user\n" if defined $password &&
		defined $users->{$user} && $users->{$user} eq $password;
	return "FAIL\t$id\tuser=" . ($user // '') . "\n";
}

1;
