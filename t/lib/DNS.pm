package DNS;

# A name server on loopback for tests, over UDP and TCP: from zone files in the
# form dns-zone-json/1, or from records given here. It can be late, and fail.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use Socket qw(inet_aton inet_pton AF_INET6 SOMAXCONN);
use Time::HiRes qw(time sleep);

my %number = (A => 1, NS => 2, CNAME => 5, SOA => 6, PTR => 12, MX => 15,
	TXT => 16, AAAA => 28, RRSIG => 46, DNSKEY => 48, SPF => 99);
my %word = reverse %number;
my %rcode = (SERVFAIL => 2, NXDOMAIN => 3, NODATA => 0);

sub key { my $name = lc $_[0]; $name =~ s/\.$//; return $name }

# records: [name, type, data...] or [name, type, { behaviour => ... }]; zones:
# files; delay: seconds before each answer; signed: a zone whose records DNSSEC
# proves, by the key that anchor() tells, but for those of forged, which are put
# in the place of the ones that were signed. Ends with the box.
sub start
{
	my ($class, $box, %args) = @_;
	my $self = bless { records => {}, behaviour => {}, names => {},
		delay => $args{delay} // 0, box => $box }, $class;

	$self->load($_) for @{ $args{zones} // [] };
	$self->add(@$_) for @{ $args{records} // [] };
	$self->sign($args{signed}) if $args{signed};
	for my $record (@{ $args{forged} // [] }) {
		delete $self->{records}{join ' ', @$record[0, 1]};
		$self->add(@$record);
	}
	($self->{port}, $self->{udp}, $self->{tcp}) = sockets($args{port});
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		$SIG{TERM} = sub { POSIX::_exit(0) };
		eval { $self->serve };
		print STDERR $@ if $@;
		POSIX::_exit(1);
	}
	$box->{pids}{$pid} = 'dns';
	$self->{pid} = $pid;
	close $self->{udp};
	close $self->{tcp};
	return $self;
}

# As resolver.servers has it.
sub server { "127.0.0.1\@$_[0]{port}" }

sub stop
{
	my ($self) = @_;

	kill TERM => $self->{pid};
	$self->{box}->reap($self->{pid}, 5);
}

# The same port over both.
sub sockets
{
	my ($wanted) = @_;

	for (1 .. 100) {
		my $port = $wanted // Sandbox::free_port();
		my $udp = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
			LocalPort => $port, Proto => 'udp') or next;
		my $tcp = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
			LocalPort => $port, Proto => 'tcp', Listen => 64,
			ReuseAddr => 1) or next;
		return ($port, $udp, $tcp);
	}
	die "no port for a name server\n";
}

sub add
{
	my ($self, $name, $type, @data) = @_;

	$name = key($name);
	$self->{names}{$name} = 1;
	if (ref $data[0] eq 'HASH') {
		$self->{behaviour}{"$name $type"} = $data[0]{behaviour};
	} else {
		push @{ $self->{records}{"$name $type"} }, wire($type, @data);
	}
}

# With a key of its own that lasts as long as the server: RFC 8080.
sub sign
{
	my ($self, $zone) = @_;
	require Net::DNS;
	require Net::DNS::SEC;
	require Net::DNS::SEC::Private;
	require Net::DNS::RR::RRSIG;
	my $pem = $self->{box}->path("dnssec-$zone.pem");
	my $der = sub {
		my $out = `openssl pkey -in '$pem' @_ -outform DER`;
		return encode_base64(substr($out, -32), '');
	};

	system('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', $pem)
		and die "openssl: $?\n";
	my $key = Net::DNS::RR->new(name => $zone, type => 'DNSKEY',
		flags => 257, protocol => 3, algorithm => 15,
		key => $der->('-pubout'));
	my $private = Net::DNS::SEC::Private->new(algorithm => 15,
		keytag => $key->keytag, signame => $zone,
		privatekey => $der->());
	$self->{anchor} = $key->plain;
	$self->{names}{$zone} = 1;
	push @{ $self->{records}{"$zone DNSKEY"} }, $key->rdata;
	for my $set (keys %{ $self->{records} }) {
		my ($name, $type) = split ' ', $set;
		next if $name !~ /(?:\A|\.)\Q$zone\E\z/;
		my @records = map { scalar Net::DNS::RR->decode(\$_) }
			map { wire_record($name, $type, $_) }
			@{ $self->{records}{$set} };
		my $proof = Net::DNS::RR::RRSIG->create(\@records, $private);
		$self->{proof}{$set} = $proof->rdata;
	}
}

# The key of the signed zone, as resolver.trust_anchor has it.
sub anchor { "$_[0]{anchor}\n" }

sub wire_record
{
	my ($name, $type, $data) = @_;

	return wire_name($name) . pack 'nnNn/a', $number{$type}, 1, 300, $data;
}

sub load
{
	my ($self, $file) = @_;

	open my $fh, '<:raw', $file or die "$file: $!\n";
	local $/;
	my $doc = JSON::PP->new->utf8->decode(scalar <$fh>);
	$self->{prefix} = $doc->{error_prefix} if $doc->{error_prefix};
	for my $record (@{ ($doc->{dns} // $doc)->{records} }) {
		my @data = ref $record->{data} ? @{ $record->{data} } :
			$record->{data};
		if ($record->{behaviour}) {
			@data = { behaviour => $record->{behaviour} };
		} elsif (defined $record->{hex}) {
			@data = map { pack 'H*', $_ } ref $record->{hex} ?
				@{ $record->{hex} } : $record->{hex};
		} else {
			utf8::encode($_) for @data;
		}
		$self->add($record->{name}, $record->{type}, @data);
	}
}

sub wire_name
{
	my ($name) = @_;

	utf8::encode($name) if utf8::is_utf8($name);
	return join('', map { pack 'C/a', substr $_, 0, 63 }
		grep { length } split /\./, $name) . "\0";
}

sub wire
{
	my ($type, @data) = @_;

	return inet_aton($data[0]) if $type eq 'A';
	return inet_pton(AF_INET6, $data[0]) if $type eq 'AAAA';
	return join '', map { pack 'C/a', $_ }
		map { length ? unpack('(a255)*', $_) : '' } @data
		if $type eq 'TXT' || $type eq 'SPF';
	if ($type eq 'MX') {
		my ($preference, $host) = @data > 1 ? @data :
			split ' ', $data[0], 2;
		return pack('n', $preference) . wire_name($host // '');
	}
	return wire_name($data[0]);
}

# (behaviour or undef, [owner, type, rdata]...)
sub find
{
	my ($self, $name, $type) = @_;
	my @found;

	$name = key($name);
	return $self->{prefix}{behaviour} if $self->{prefix} &&
		index($name, $self->{prefix}{name_prefix}) == 0;
	for (1 .. 12) {
		my $here = $self->{records}{"$name $type"};
		return (undef, @found, map { [$name, $type, $_] } @$here)
			if $here;
		my $behaviour = $self->{behaviour}{"$name $type"} //
			$self->{behaviour}{"$name ANY"};
		return ($behaviour, @found) if $behaviour;
		my $alias = $self->{records}{"$name CNAME"} or last;
		push @found, [$name, 'CNAME', $alias->[0]];
		$name = join '.', unpack '(C/a)*', $alias->[0];
		$name = key($name =~ s/\.$//r);
	}
	my $is_there = $self->{names}{$name} ||
		grep { /\.\Q$name\E\z/ } keys %{ $self->{names} };
	return ($is_there ? 'NODATA' : 'NXDOMAIN', @found);
}

# The packet that answers, undef for none.
sub respond
{
	my ($self, $packet, $is_udp) = @_;
	my ($id, $flags) = unpack 'nn', $packet;
	my ($at, @labels) = (12);

	while (my $len = ord substr $packet, $at, 1) {
		push @labels, substr $packet, $at + 1, $len;
		$at += 1 + $len;
	}
	my $type = unpack 'n', substr $packet, $at + 1, 2;
	my $question = substr $packet, 12, $at + 5 - 12;
	my ($behaviour, @found) = $self->find(join('.', @labels),
		$word{$type} // $type);
	return if ($behaviour // '') eq 'TIMEOUT';
	my %sets = map { ("$_->[0] $_->[1]" => 1) } @found;
	push @found, map { [(split)[0], 'RRSIG', $self->{proof}{$_}] }
		grep { $self->{proof}{$_} } sort keys %sets;
	my $body = join '', map { wire_record(@$_) } @found;
	my $authority = @found ? '' : "\0" . pack('nnNn/a', 6, 1, 60,
		wire_name('ns.invalid') . wire_name('host.invalid') .
		pack('N5', 1, 3600, 600, 86400, 60));
	my $head = 0x8480 | $flags & 0x0100 | ($rcode{$behaviour // ''} // 0);
	my $whole = pack('n6', $id, $head, 1, scalar @found,
		$authority ? 1 : 0, 0) . $question . $body . $authority;
	return $is_udp && length $whole > 1232 ?
		pack('n6', $id, $head | 0x0200, 1, 0, 0, 0) . $question :
		$whole;
}

sub answer_stream
{
	my ($self, $conn) = @_;
	my $all = '';

	while (length $all < 2 || length $all < 2 + unpack 'n', $all) {
		sysread $conn, $all, 65536, length $all or return;
	}
	my $reply = $self->respond(substr($all, 2), 0) // return;
	sleep $self->{delay} if $self->{delay};
	print $conn pack('n/a', $reply);
	$conn->flush;
}

sub serve
{
	my ($self) = @_;
	my $select = IO::Select->new($self->{udp}, $self->{tcp});
	my @late;			# [when, packet, peer], in order

	while (1) {
		my $wait = @late ? $late[0][0] - time : undef;
		for my $ready ($select->can_read(defined $wait && $wait < 0 ?
				0 : $wait)) {
			if ($ready == $self->{udp}) {
				my $peer = $ready->recv(my $packet, 4096);
				my $reply = eval { $self->respond($packet, 1) };
				push @late, [time + $self->{delay}, $reply,
					$peer] if defined $reply;
			} elsif (my $conn = $ready->accept) {
				# A child each, so that none waits for another.
				local $SIG{CHLD} = 'IGNORE';
				my $pid = fork // next;
				if (!$pid) {
					eval { $self->answer_stream($conn) };
					POSIX::_exit(0);
				}
				close $conn;
			}
		}
		while (@late && $late[0][0] <= time) {
			my $one = shift @late;
			$self->{udp}->send($one->[1], 0, $one->[2]);
		}
		1 while waitpid(-1, POSIX::WNOHANG()) > 0;
	}
}

1;
