package Milter::Client;

# A mock MTA: speaks the MTA's side of the milter protocol, version 2, 4 or 6.
#
#	my $mta = Milter::Client->new('unix:/path', version => 6);
#	my $result = $mta->message(from => '<a@example.net>', ...);
#
# It dies with a sentence when the filter is silent, or does not read, for
# longer than `timeout` seconds (30), goes away in the midst of something, or
# asks for what was not offered.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(strftime);
use Socket qw(IPPROTO_TCP SOL_SOCKET SO_SNDTIMEO TCP_NODELAY);
use Time::HiRes qw(time);

# Protocol flags that the MTA offers, by version; "do not send" and "no reply".
our %STEPS = (2 => 0x7f, 4 => 0x3ff, 6 => 0x1fffff);
our %ACTIONS = (2 => 0x3f, 4 => 0x3f, 6 => 0x1ff);

my %no_step = (C => 0x01, H => 0x02, M => 0x04, R => 0x08, B => 0x10,
	L => 0x20, N => 0x40, U => 0x100, T => 0x200);
my %no_reply = (L => 0x80, C => 0x1000, H => 0x2000, M => 0x4000, R => 0x8000,
	T => 0x10000, U => 0x20000, N => 0x40000, B => 0x80000);
my $leading_space = 0x100000;
my $rejected_rcpt = 0x800;

# The first version that has a step, and the number of a step in the list of
# macros that a filter asks for.
my %since = (U => 3, T => 4);
my %stage_of = (C => 0, H => 1, M => 2, R => 3, T => 4, E => 5, N => 6);

# socket: inet:PORT@HOST or unix:PATH. Options: version, steps and actions (what
# the MTA offers), timeout, negotiate (0: do not, yet).
sub new
{
	my ($class, $socket, %opt) = @_;
	my $self = bless {
		version => 6, timeout => 30, asked => {}, %opt,
	}, $class;

	$self->{fd} = _dial($socket) or die "$socket: $!\n";
	setsockopt $self->{fd}, SOL_SOCKET, SO_SNDTIMEO,
		pack('l!l!', $self->{timeout}, 0);
	$self->negotiate if $opt{negotiate} // 1;
	return $self;
}

sub _dial
{
	my ($socket) = @_;

	if ($socket =~ /^(?:unix|local):(.*)/) {
		return IO::Socket::UNIX->new(Peer => $1);
	}
	my ($port, $host) = $socket =~ /^inet:(\d+)\@(.*)/
		or die "$socket: no socket\n";
	my $fd = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port,
		Proto => 'tcp') or return;
	setsockopt($fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return $fd;
}

# Sends bytes as they are: for tests that send what no MTA would. Whether the
# filter took them all.
sub send_raw
{
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';

	while (length $bytes) {
		my $done = syswrite $self->{fd}, $bytes;
		defined $done or return 0;
		substr($bytes, 0, $done) = '';
	}
	return 1;
}

sub send_packet
{
	my ($self, $command, $data) = @_;

	$data //= '';
	return $self->send_raw(pack('N', length($data) + 1) . $command . $data);
}

sub _read
{
	my ($self, $count) = @_;
	my $bytes = '';
	my $until = time + $self->{timeout};

	while (length $bytes < $count) {
		my $left = $until - time;
		$left > 0 && IO::Select->new($self->{fd})->can_read($left)
			or die "the filter said nothing for $self->{timeout} s\n";
		my $done = sysread $self->{fd}, $bytes, $count - length $bytes,
			length $bytes;
		$done or die "the filter closed the connection\n";
	}
	return $bytes;
}

# (command, data) of the next packet, whatever it is.
sub read_any
{
	my ($self) = @_;
	my $length = unpack 'N', $self->_read(4);

	$length >= 1 && $length < 1 << 26 or die "a packet of $length bytes\n";
	my $packet = $self->_read($length);
	return (substr($packet, 0, 1), substr $packet, 1);
}

# (command, data) of the next packet; progress is passed over, but counted.
sub read_packet
{
	my ($self) = @_;

	while (1) {
		my ($command, $data) = $self->read_any;
		return ($command, $data) if $command ne 'p';
		$self->{progress}++;
	}
}

# Whether the filter closed the connection, waiting for it a while.
sub is_closed
{
	my ($self, $seconds) = @_;

	IO::Select->new($self->{fd})->can_read($seconds // 5) or return 0;
	my $done = sysread $self->{fd}, my $byte, 1;
	return !$done;
}

# What the filter asked for is in ->{asked}: version, actions, steps, macros
# (stage number -> names).
sub negotiate
{
	my ($self) = @_;
	my $version = $self->{version};

	$self->{steps} //= $STEPS{$version};
	$self->{actions} //= $ACTIONS{$version};
	$self->send_packet('O', pack 'NNN', $version, $self->{actions},
		$self->{steps});
	my ($command, $data) = $self->read_packet;
	$command eq 'O' or die "negotiation answered with '$command'\n";
	my %asked;
	@asked{qw(version actions steps)} = unpack 'NNN', $data;
	$data = substr $data, 12;
	while (length $data > 4) {
		my $stage = unpack 'N', $data;
		my ($names) = unpack 'Z*', substr $data, 4;
		$asked{macros}{$stage} = $names;
		$data = substr $data, 4 + length($names) + 1;
	}
	$self->{asked} = \%asked;
	$self->_check_asked;
	return $self;
}

# An MTA refuses a filter that asks for more than it offered.
sub _check_asked
{
	my ($self) = @_;
	my $asked = $self->{asked};

	$asked->{version} >= 2 && $asked->{version} <= $self->{version}
		or die "the filter answers with version $asked->{version}\n";
	for my $what (qw(actions steps)) {
		my $extra = $asked->{$what} & ~$self->{$what};
		$extra and die sprintf "the filter asks for %s 0x%x, which " .
			"were not offered\n", $what, $extra;
	}
	return;
}

sub asks_for
{
	my ($self, $flag) = @_;
	return ($self->{asked}{steps} // 0) & $flag;
}

# Macros of a step; names of several letters get their braces. When the filter
# gave a list for the step, only those on it are sent, as an MTA does;
# all_macros => 1 (of new) sends the others too.
sub macros
{
	my ($self, $command, %macros) = @_;
	my $stage = $stage_of{$command};
	my $list = $self->{all_macros} || !defined $stage ? undef :
		$self->{asked}{macros}{$stage};

	if (defined $list) {
		my %is_asked = map { s/[{}]//gr => 1 } split /[\s,]+/, $list;
		delete @macros{ grep { !$is_asked{s/[{}]//gr} } keys %macros };
	}
	%macros or return;
	$self->send_packet('D', $command . join '', map {
		length($_) == 1 || /^\{/ ? "$_\0$macros{$_}\0" :
			"{$_}\0$macros{$_}\0"
	} sort keys %macros);
}

sub _reply
{
	my ($self) = @_;
	my ($command, $data) = $self->read_packet;

	my $text = $command eq 'y' ? unpack('Z*', $data) : '';
	return { cmd => $command, text => $text };
}

# Sends one step unless the filter wants none of it, and reads the reply unless
# it said that there is none: { cmd => 'c', text => '' } then.
sub step
{
	my ($self, $command, $data) = @_;

	return { cmd => 'c', text => '', skipped => 1 }
		if $self->asks_for($no_step{$command} // 0) ||
		$self->{version} < ($since{$command} // 0);
	$self->send_packet($command, $data);
	return { cmd => 'c', text => '' }
		if $self->asks_for($no_reply{$command} // 0);
	return $self->_reply;
}

# family 4, 6, L (a socket's path is the address) or U (unknown).
sub connect
{
	my ($self, %c) = @_;
	my $family = $c{family} // (($c{addr} // '') =~ /:/ ? '6' : '4');
	my $data = ($c{host} // '[' . ($c{addr} // '192.0.2.10') . ']') . "\0" .
		$family;

	$data .= pack('n', $c{port} // 40000) . ($c{addr} // '192.0.2.10') .
		"\0" if $family ne 'U';
	$self->macros('C', j => 'mx.example.org', v => 'Mock 1',
		daemon_name => 'mock', %{ $c{macros} // {} });
	return $self->step('C', $data);
}

sub helo
{
	my ($self, $name, %macros) = @_;
	$self->macros('H', %macros);
	return $self->step('H', "$name\0");
}

# mail('<a@b>', ['SIZE=10'], macros...) and rcpt alike.
sub mail
{
	my ($self, $from, $args, %macros) = @_;
	$self->macros('M', %macros);
	return $self->step('M', join '', map { "$_\0" } $from, @{ $args // [] });
}

sub rcpt
{
	my ($self, $to, $args, %macros) = @_;
	my $is_refused = ($macros{rcpt_mailer} // '') eq 'error';

	return { cmd => 'c', text => '', skipped => 1 }
		if $is_refused && !$self->asks_for($rejected_rcpt);
	$self->macros('R', %macros);
	return $self->step('R', join '', map { "$_\0" } $to, @{ $args // [] });
}

sub data
{
	my ($self, %macros) = @_;
	return { cmd => 'c', text => '', skipped => 1 }
		if $self->{version} < 4;
	$self->macros('T', %macros);
	return $self->step('T');
}

# One header field: its name and what follows ": ". With a third argument the
# value is all that follows the colon, and loses the blanks at its beginning, as
# with an MTA, when the filter did not ask for them.
sub header
{
	my ($self, $name, $value, $is_raw) = @_;
	my $asks = $self->asks_for($leading_space);

	$value = " $value" if !$is_raw && $asks;
	$value =~ s/^[ \t]+// if $is_raw && !$asks;
	return $self->step('L', "$name\0$value\0");
}

sub eoh
{
	my ($self) = @_;
	return $self->step('N');
}

# In pieces of 65,535 bytes; ends early when the filter says "skip".
sub body
{
	my ($self, $bytes) = @_;
	my $reply = { cmd => 'c', text => '' };
	my $at = 0;

	while ($at < length $bytes) {
		$reply = $self->step('B', substr $bytes, $at, 65535);
		last if $reply->{cmd} ne 'c';
		$at += 65535;
	}
	return $reply;
}

# The end of the message: the reply, with all edits in {changes}, in order, and
# how often the filter asked for more time in {progress}.
sub eom
{
	my ($self, %macros) = @_;
	my @changes;

	$self->{progress} = 0;
	$self->macros('E', %macros);
	$self->send_packet('E');
	while (1) {
		my ($command, $data) = $self->read_packet;
		if ($command =~ /^[him+\-b2eq]$/) {
			push @changes, _change($command, $data);
			next;
		}
		my $text = $command eq 'y' ? unpack('Z*', $data) : '';
		return { cmd => $command, text => $text,
			changes => \@changes,
			progress => $self->{progress} };
	}
}

sub _change
{
	my ($command, $data) = @_;

	if ($command eq 'i' || $command eq 'm') {
		my ($index, $name, $value) = unpack 'N Z* Z*', $data;
		return { cmd => $command, index => $index, name => $name,
			value => $value };
	}
	if ($command eq 'h') {
		my ($name, $value) = unpack 'Z* Z*', $data;
		return { cmd => $command, name => $name, value => $value };
	}
	return { cmd => $command, value => unpack 'Z*', $data };
}

sub abort { $_[0]->send_packet('A') }
sub unknown { $_[0]->step('U', "$_[1]\0") }

# A new session on the same connection (SMFIC_QUIT_NC).
sub quit_new
{
	my ($self) = @_;

	$self->{is_open} = 0;
	return $self->send_packet('K');
}

sub quit
{
	my ($self) = @_;
	$self->send_packet('Q');
	close $self->{fd};
}

# Goes away without a word.
sub drop { close $_[0]{fd} }

# connect and HELO: message() does it when it was not done yet. The reply that
# ended the session, with {stage}, or undef.
sub open_session
{
	my ($self, %m) = @_;

	$self->{is_open} = 1;
	my $reply = $self->connect(addr => $m{addr}, host => $m{host},
		port => $m{port}, family => $m{family},
		macros => $m{connect_macros});
	return $self->{ended} = { %$reply, stage => 'connect' }
		if $reply->{cmd} ne 'c';
	$reply = $self->helo($m{helo} // 'client.example.net',
		%{ $m{helo_macros} // {} });
	return $self->{ended} = $reply->{cmd} eq 'c' ? undef :
		{ %$reply, stage => 'helo' };
}

# A reply that came before the end of the message, and the abort that follows.
sub _early
{
	my ($self, $stage, $reply, $rcpts) = @_;

	$self->abort if $stage !~ /^(?:connect|helo)$/;
	return { changes => [], rcpts => $rcpts // [], %$reply,
		stage => $stage };
}

# Header and body; the reply that ends the message early and its stage, or ().
sub _content
{
	my ($self, %m) = @_;
	my $reply;

	for my $field (@{ $m{headers} }) {
		$reply = $self->header(@$field);
		return (header => $reply) if $reply->{cmd} ne 'c';
	}
	$reply = $self->eoh;
	return (eoh => $reply) if $reply->{cmd} ne 'c';
	$reply = $self->body($m{body});
	return $reply->{cmd} =~ /^[cs]$/ ? () : (body => $reply);
}

# A whole message. addr, host, port, helo, login, from, from_args, rcpts (texts,
# or [text, args, macros]), headers ([name, value]...), body, queue_id,
# mail_macros, rcpt_macros, eom_macros. Gives { cmd, text, changes, rcpts =>
# [replies], stage }; cmd 'none' when all recipients were refused and it was
# aborted. A reply that decides before the end of the message ends it there:
# stage is connect, helo, mail, rcpt, data, header, eoh, body, or eom.
sub message
{
	my ($self, %m) = @_;
	my $id = $m{queue_id} // sprintf 'Q%06X', ++$self->{serial};
	my (@rcpts, $left);

	$self->open_session(%m) unless $self->{is_open};
	return $self->_early($self->{ended}{stage}, $self->{ended})
		if $self->{ended};
	my $mail = $self->mail($m{from} // '<sender@example.net>', $m{from_args},
		i => $id,
		defined $m{login} ? (auth_authen => $m{login},
			auth_type => 'PLAIN') : (),
		%{ $m{mail_macros} // {} });
	return $self->_early('mail', $mail) if $mail->{cmd} ne 'c';
	for my $rcpt (@{ $m{rcpts} // ['<user@example.org>'] }) {
		my ($to, $args, $macros) = ref $rcpt ? @$rcpt : $rcpt;
		my $reply = $self->rcpt($to, $args, i => $id,
			%{ $m{rcpt_macros} // {} }, %{ $macros // {} });
		push @rcpts, $reply;
		return $self->_early('rcpt', $reply, \@rcpts)
			if $reply->{cmd} =~ /^[adf4]$/;
		$left++ if $reply->{cmd} eq 'c' &&
			($macros->{rcpt_mailer} // '') ne 'error';
	}
	unless ($left) {
		$self->abort;
		return { cmd => 'none', text => '', changes => [],
			rcpts => \@rcpts, stage => 'rcpt' };
	}
	my $data = $self->data(i => $id);
	return $self->_early('data', $data, \@rcpts) if $data->{cmd} ne 'c';
	my ($stage, $early) = $self->_content(
		headers => $m{headers} // [['From', 'sender@example.net'],
			['Date', strftime('%a, %d %b %Y %H:%M:%S +0000',
				gmtime)], ['Subject', 'test'],
			['Message-ID', "<$id\@example.net>"]],
		body => $m{body} // "Hello\r\n");
	return $self->_early($stage, $early, \@rcpts) if $early;
	return { %{ $self->eom(i => $id, %{ $m{eom_macros} // {} }) },
		rcpts => \@rcpts, stage => 'eom' };
}

1;
