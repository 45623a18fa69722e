package SMTP;

# A plain SMTP client for tests. Every step gives (code, text); what was said on
# both sides is in ->transcript. From a server that is silent for a minute, or
# gone, every further reply is ('000', 'silence' or 'closed').

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use MIME::Base64;
use POSIX ();
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);

# port; host; from => the local address to come from; helo => name; ehlo => 0
# not to say it; tls => 1: STARTTLS first (openssl does it and its own EHLO, so
# there is no greeting), with cert and key, files, as the client's certificate.
sub new
{
	my ($class, $port, %opt) = @_;
	return $class->_new_tls($port, %opt) if $opt{tls};
	my $fd = IO::Socket::INET->new(PeerAddr => $opt{host} // '127.0.0.1',
		PeerPort => $port, LocalAddr => $opt{from}, Proto => 'tcp',
		Timeout => 20) or die "port $port: $!\n";
	my $self = bless { fd => $fd, buffer => '', transcript => '' }, $class;

	($self->{code}, $self->{greeting}) = $self->reply;
	$self->cmd("EHLO " . ($opt{helo} // 'client.example.net'))
		if $opt{ehlo} // 1;
	return $self;
}

# A connection through openssl s_client: both directions on one socket.
sub _new_tls
{
	my ($class, $port, %opt) = @_;
	my $host = $opt{host} // '127.0.0.1';
	my ($fd, $other) = IO::Socket->socketpair(AF_UNIX, SOCK_STREAM,
		PF_UNSPEC) or die "socketpair: $!\n";
	my $pid = fork // die "fork: $!\n";

	if (!$pid) {
		open STDIN, '<&', $other;
		open STDOUT, '>&', $other;
		open STDERR, '>', '/dev/null';
		{ exec 'openssl', 's_client', '-quiet', '-starttls', 'smtp',
			'-connect', "$host:$port", '-name',
			$opt{helo} // 'client.example.net',
			$opt{from} ? ('-bind', "$opt{from}:0") : (),
			$opt{cert} ? ('-cert', $opt{cert}) : (),
			$opt{key} ? ('-key', $opt{key}) : () }
		POSIX::_exit(127);
	}
	close $other;
	my $self = bless { fd => $fd, buffer => '', transcript => '',
		pid => $pid, owner => $$ }, $class;
	my ($code, $text) = $self->cmd("EHLO " .
		($opt{helo} // 'client.example.net'));
	$code == 250 or die "port $port: no STARTTLS: $text\n";
	return $self;
}

sub transcript { $_[0]{transcript} }

# (code, text) of the server's first words.
sub greeting { @{ $_[0] }{qw(code greeting)} }

sub _line
{
	my ($self) = @_;

	return "000 $self->{dead}" if $self->{dead};
	while ($self->{buffer} !~ /\n/) {
		IO::Select->new($self->{fd})->can_read(60)
			or return '000 ' . ($self->{dead} = 'silence');
		sysread($self->{fd}, $self->{buffer}, 4096,
			length $self->{buffer})
			or return '000 ' . ($self->{dead} = 'closed');
	}
	$self->{buffer} =~ s/^([^\n]*)\n//;
	my $line = $1;
	$line =~ s/\r$//;
	$self->{transcript} .= "S: $line\n";
	return $line;
}

sub reply
{
	my ($self) = @_;
	my @lines;

	do { push @lines, $self->_line } while $lines[-1] =~ /^\d{3}-/;
	my ($code) = $lines[-1] =~ /^(\d{3})/;
	return ($code // 0, join "\n", map { substr $_, 4 } @lines);
}

sub put
{
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';

	while (length $bytes) {
		my $done = syswrite $self->{fd}, $bytes or return;
		substr($bytes, 0, $done) = '';
	}
	return;
}

sub cmd
{
	my ($self, $line) = @_;

	$self->{transcript} .= "C: $line\n";
	$self->put("$line\r\n");
	return $self->reply;
}

sub auth_plain { goto &auth }
sub auth_login
{
	my ($self, $user, $password) = @_;

	$self->cmd('AUTH LOGIN');
	$self->cmd(encode_base64($user, ''));
	return $self->cmd(encode_base64($password, ''));
}

sub auth
{
	my ($self, $user, $password) = @_;
	return $self->cmd('AUTH PLAIN ' .
		encode_base64("\0$user\0$password", ''));
}

# Pretends to come from elsewhere (Postfix's XCLIENT).
sub xclient
{
	my ($self, %attributes) = @_;
	my @reply = $self->cmd(join ' ', 'XCLIENT',
		map { "$_=$attributes{$_}" } sort keys %attributes);

	$self->cmd('EHLO ' . ($attributes{HELO} // 'client.example.net'));
	return @reply;
}

# DATA and a text (LF or CRLF, dots doubled here): the last reply.
sub data
{
	my ($self, $text) = @_;
	my @reply = $self->cmd('DATA');

	return @reply if $reply[0] != 354;
	$text =~ s/\r?\n/\r\n/g;
	$text =~ s/^\./../mg;
	$text .= "\r\n" unless $text =~ /\r\n\z/;
	$self->put("$text.\r\n");
	return $self->reply;
}

# A whole message; the reply that decided: of RCPT when it was refused there.
sub message
{
	my ($self, %m) = @_;
	my @reply = $self->cmd("MAIL FROM:" . ($m{from} //
		'<sender@example.net>'));

	return @reply if $reply[0] != 250;
	@reply = $self->cmd("RCPT TO:" . ($m{to} // '<user@example.org>'));
	return @reply if $reply[0] != 250;
	return $self->data($m{text} //
		"From: a\@example.net\nSubject: test\n\nHello\n");
}

sub quit
{
	my ($self) = @_;
	my @reply = $self->cmd('QUIT');

	$self->drop;
	return @reply;
}

# Goes away without a word.
sub drop
{
	my ($self) = @_;

	close delete $self->{fd} if $self->{fd};
	my $pid = delete $self->{pid} // return;
	kill KILL => $pid;
	waitpid $pid, 0;
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@, $!);

	$self->drop if !defined $self->{owner} || $self->{owner} == $$;
}

1;
