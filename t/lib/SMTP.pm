package SMTP;

# A plain SMTP client for tests. Every step gives (code, text); what was said on
# both sides is in ->transcript.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use MIME::Base64;

# port; from => the local address to come from; ehlo => 0 not to say it.
sub new
{
	my ($class, $port, %opt) = @_;
	my $fd = IO::Socket::INET->new(PeerAddr => $opt{host} // '127.0.0.1',
		PeerPort => $port, LocalAddr => $opt{from}, Proto => 'tcp',
		Timeout => 20) or die "port $port: $!\n";
	my $self = bless { fd => $fd, buffer => '', transcript => '' }, $class;

	($self->{code}, $self->{greeting}) = $self->reply;
	$self->cmd("EHLO " . ($opt{helo} // 'client.example.net'))
		if $opt{ehlo} // 1;
	return $self;
}

sub transcript { $_[0]{transcript} }

sub _line
{
	my ($self) = @_;

	while ($self->{buffer} !~ /\n/) {
		IO::Select->new($self->{fd})->can_read(60)
			or return '000 silence';
		sysread($self->{fd}, $self->{buffer}, 4096,
			length $self->{buffer}) or return '000 closed';
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

	close $self->{fd};
	return @reply;
}

1;
