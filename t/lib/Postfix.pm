package Postfix;

# A Postfix of one's own, in a sandbox: loopback, a high port, nothing
# leaves the machine. Accepted mail, wherever it is to go, ends in
# files of the sandbox.
#
#	my $postfix = Postfix->new($box, milters => 'inet:127.0.0.1:8891',
#		main => { mynetworks => '127.0.0.1/32' });
#	$postfix->port; $postfix->log; $postfix->delivered; $postfix->stop;

use strict;
use warnings;

use parent 'MTA';

use DovecotAuth;
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Sandbox;

my $daemons = '/usr/lib/postfix/sbin';

# Whether Postfix is installed here at all.
sub is_there { -x '/usr/sbin/postfix' && -x "$daemons/master" && $> == 0 }

# Options: main (settings of main.cf), milters (smtpd_milters), non_smtpd
# (non_smtpd_milters), listeners ({ name => { port, options } }, for smtpds
# beside the first), users ({ name => password }: SASL logins), tls (true:
# STARTTLS with a certificate made here; a client is asked for its own),
# open_relay (true: anyone may relay; a plain "permit" would not do, Postfix
# insists on a reject_unauth_destination that is not behind it, or does not
# serve).
sub new
{
	my ($class, $box, %opt) = @_;
	my $dir = $box->path('postfix' . ++$box->{postfixes});
	my $self = bless {
		box => $box, dir => $dir, port => Sandbox->free_port,
		owner => $$, %opt,
	}, $class;

	$self->_make_folders;
	$self->_make_certificate if $opt{tls};
	$self->{auth} = DovecotAuth->new($box, "$dir/auth", $opt{users})
		if $opt{users};
	$self->_write_main;
	$self->_write_master;
	return $self->start;
}

sub port { $_[0]{port} }
sub log { $_[0]{box}->read_file("$_[0]{dir}/maillog") }
sub conf { "$_[0]{dir}/conf" }
sub pid { $_[0]{pid} }

# Postfix's form of inet:PORT@HOST, unix:PATH; lists and its own form stay.
sub _milters
{
	my ($milters) = @_;

	$milters =~ s/\binet6?:(\d+)\@\[?([0-9A-Za-z.:]+)\]?/inet:$2:$1/g;
	return $milters;
}

sub _make_certificate
{
	my ($self) = @_;
	my ($status, undef, $why) = $self->{box}->run('openssl', 'req', '-x509',
		'-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
		'-nodes', '-days', 30, '-subj', '/CN=mx.example.org', '-keyout',
		"$self->{dir}/key.pem", '-out', "$self->{dir}/cert.pem");

	$status eq '0' or die "openssl: $why\n";
	return;
}

sub _make_folders
{
	my ($self) = @_;
	my $dir = $self->{dir};
	my $uid = getpwnam 'postfix';

	mkdir $_, 0755 for $dir, map { "$dir/$_" } qw(conf queue mail);
	mkdir "$dir/data", 0700;
	chown $uid, -1, "$dir/data";
	mkdir "$dir/queue/$_", 0700 for qw(active bounce corrupt defer deferred
		flush hold incoming private saved trace);
	mkdir "$dir/queue/maildrop", 0730;
	mkdir "$dir/queue/public", 0710;
	mkdir "$dir/queue/pid", 0755;
	my $drop = getgrnam 'postdrop';
	chown $uid, -1, map { "$dir/queue/$_" } qw(active bounce corrupt defer
		deferred flush hold incoming private saved trace);
	chown $uid, $drop, "$dir/queue/maildrop", "$dir/queue/public";
	chmod 0730, "$dir/queue/maildrop";
	chmod 0710, "$dir/queue/public";
	chmod 0777, "$dir/mail";
}

sub _write_main
{
	my ($self) = @_;
	my $dir = $self->{dir};
	my %main = (
		compatibility_level => 3.6,
		queue_directory => "$dir/queue",
		data_directory => "$dir/data",
		daemon_directory => $daemons,
		command_directory => '/usr/sbin',
		maillog_file => "$dir/maillog",
		maillog_file_prefixes => $dir,
		myhostname => 'mx.example.org',
		mydomain => 'example.org',
		mydestination => 'example.org, mx.example.org',
		mynetworks => '127.0.0.1/32',
		inet_interfaces => '127.0.0.1',
		inet_protocols => 'ipv4',
		disable_dns_lookups => 'yes',
		smtpd_peername_lookup => 'no',
		alias_maps => '', alias_database => '',
		local_recipient_maps => '',
		smtpd_relay_restrictions =>
			($self->{open_relay} ?
			'check_client_access static:OK, ' : '') .
			'permit_mynetworks, permit_sasl_authenticated, ' .
			'reject_unauth_destination',
		smtpd_recipient_restrictions => '',
		smtpd_authorized_xclient_hosts => '127.0.0.0/8',
		smtpd_client_connection_rate_limit => 0,
		smtpd_error_sleep_time => 0,
		smtpd_hard_error_limit => 1000,
		in_flow_delay => 0,
		message_size_limit => 200_000_000,
		milter_default_action => 'tempfail',
		smtpd_milters => _milters($self->{milters} // ''),
		non_smtpd_milters => _milters($self->{non_smtpd} // ''),
		$self->{tls} ? (
			smtpd_tls_security_level => 'may',
			smtpd_tls_cert_file => "$dir/cert.pem",
			smtpd_tls_key_file => "$dir/key.pem",
			smtpd_tls_ask_ccert => 'yes',
		) : (),
		$self->{auth} ? (
			smtpd_sasl_auth_enable => 'yes',
			smtpd_sasl_type => 'dovecot',
			smtpd_sasl_path => $self->{auth}->path,
		) : (),
		%{ $self->{main} // {} },
	);
	$self->{box}->write_file($self->conf . '/main.cf',
		join '', map { "$_ = $main{$_}\n" } sort keys %main);
	return;
}

# Every transport is a sink on files, under its usual name, since that is what a
# milter sees as {rcpt_mailer}: local for our domains, smtp for others'.
sub _write_master
{
	my ($self) = @_;
	my $keep = $self->{box}->write_file("$self->{dir}/keep", <<~"E");
		#!/bin/sh
		umask 0
		t=\$(mktemp $self->{dir}/mail/tmp.XXXXXX) || exit 75
		{ echo "X-To: \$1"; cat; } >"\$t" || exit 75
		mv "\$t" "$self->{dir}/mail/new.\${t##*.}"
		E
	chmod 0755, $keep;
	my $pipe = "pipe\n  flags=R user=nobody argv=$keep \${recipient}\n";
	my $text = <<~"E";
		127.0.0.1:$self->{port} inet n - n - - smtpd
		pickup    unix  n - n 1 1 pickup
		cleanup   unix  n - n - 0 cleanup
		qmgr      unix  n - n 300 1 qmgr
		tlsmgr    unix  - - n 1000? 1 tlsmgr
		rewrite   unix  - - n - - trivial-rewrite
		bounce    unix  - - n - 0 bounce
		defer     unix  - - n - 0 bounce
		trace     unix  - - n - 0 bounce
		verify    unix  - - n - 1 verify
		flush     unix  n - n 1000? 0 flush
		proxymap  unix  - - n - - proxymap
		showq     unix  n - n - - showq
		error     unix  - - n - - error
		retry     unix  - - n - - error
		discard   unix  - - n - - discard
		anvil     unix  - - n - 1 anvil
		scache    unix  - - n - 1 scache
		postlog   unix-dgram n - n - 1 postlogd
		E
	$text .= "$_ unix - n n - - $pipe" for qw(smtp relay local virtual
		lmtp);
	for my $name (sort keys %{ $self->{listeners} // {} }) {
		my $one = $self->{listeners}{$name};
		$one->{port} //= Sandbox->free_port;
		my $address = $one->{address} // '127.0.0.1';
		$text .= "$address:$one->{port} inet n - n - - smtpd\n";
		my %options = (milter_macro_daemon_name => $name,
			%{ $one->{options} // {} });
		$text .= "  -o {$_ = $options{$_}}\n" for sort keys %options;
	}
	$self->{box}->write_file($self->conf . '/master.cf', $text);
	return;
}

# master in the foreground, so that its pid is known, and a leader, so that it
# can end its children. Postfix waits for settings files to be two seconds old.
sub start
{
	my ($self) = @_;
	my $log = "$self->{dir}/maillog";

	my $old = time - 60;

	$self->{box}->write_file($log, '');
	utime $old, $old, glob $self->conf . '/*.cf';
	$self->{pid} = $self->{box}->spawn('postfix-master', 'setsid',
		"$daemons/master", '-c', $self->conf, '-d');
	my @listeners = ({ port => $self->{port} }, values %{ $self->{listeners} // {} });
	my $is_up = $self->{box}->wait_for(20, sub {
		!grep { !IO::Socket::INET->new(PeerAddr => $_->{address} // '127.0.0.1',
			PeerPort => $_->{port}, Proto => 'tcp') } @listeners;
	});
	$is_up or die "Postfix does not start:\n" . $self->log .
		$self->{box}->read_file('postfix-master.err');
	return $self;
}

# Whether a process of the group lives; one that waits to be reaped does not.
sub _has_group
{
	my ($group) = @_;

	for my $file (glob '/proc/[0-9]*/stat') {
		open my $fh, '<', $file or next;
		my ($state, $its) = (<$fh> // '') =~
			/\) (\S) \d+ (\d+)/ or next;
		return 1 if $its == $group && $state ne 'Z';
	}
	return 0;
}

# Ends it and all its children, for certain.
sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;

	kill TERM => $pid;
	defined $self->{box}->reap($pid, 15) or do {
		kill KILL => $pid;
		$self->{box}->reap($pid, 5);
	};
	kill KILL => -$pid;		# what is left of its group
	$self->{box}->wait_for(5, sub { !_has_group($pid) });
	return;
}

# Submits by the sendmail command: non_smtpd_milters see it. (status, out, err)
sub sendmail
{
	my ($self, $message, @args) = @_;
	my $file = $self->{box}->write_file('submit.eml', $message);

	return $self->{box}->run('/bin/sh', '-c',
		'f=$1; shift; exec /usr/sbin/sendmail "$@" <"$f"', 'sh', $file,
		'-C', $self->conf, @args);
}

# What is in its queues, as postqueue(1) tells it: objects with queue_name
# ("hold" for what is in quarantine), queue_id, sender, recipients.
sub queue
{
	my ($self) = @_;
	my ($status, $out, $why) = $self->{box}->run('/usr/sbin/postqueue',
		'-c', $self->conf, '-j');

	$status eq '0' or die "postqueue: $why\n";
	return map { JSON::PP->new->utf8->decode($_) } split /\n/, $out;
}

1;
