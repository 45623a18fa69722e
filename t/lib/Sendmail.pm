package Sendmail;

# Debian's Sendmail in a sandbox, not installed: its packages conflict with
# Postfix, so they are fetched into a cache and unpacked there. Loopback, a high
# port, no DNS; accepted mail, wherever it is to go, ends in files.
#
#	my $why = Sendmail->why_not and plan skip_all => $why;
#	my $sendmail = Sendmail->new($box, milters => 'unix:/path');
#	$sendmail->port; $sendmail->log; $sendmail->delivered; $sendmail->stop;

use strict;
use warnings;

use parent 'MTA';

use Fcntl qw(:flock);
use File::Path qw(make_path remove_tree);
use IO::Socket::INET;
use POSIX ();
use Sandbox;

my @packages = qw(sendmail-bin sendmail-base sendmail-cf);

# Where a library is that the machine may lack.
my %package_of = (
	'libdb-5.3.so' => 'libdb5.3', 'liblber-2.5.so.0' => 'libldap-2.5-0',
	'libldap-2.5.so.0' => 'libldap-2.5-0', 'libnsl.so.2' => 'libnsl2',
	'liblockfile.so.1' => 'liblockfile1', 'libtirpc.so.3' => 'libtirpc3',
	'libsasl2.so.2' => 'libsasl2-2', 'libwrap.so.0' => 'libwrap0',
);

my $is_tried;			# the packages, in this process
my $reason;			# why there is no Sendmail, if so

# The folder that outlives a test: $MAILREEVE_TEST_CACHE, or t-cache below the
# build folder.
sub cache { $ENV{MAILREEVE_TEST_CACHE} // "$Sandbox::BUILD/t-cache" }
sub _root { cache() . '/sendmail' }
sub _program { _root() . '/usr/libexec/sendmail/sendmail' }

# Whether Sendmail can run here; fetches it when need be.
sub is_there { !defined $_[0]->why_not }
sub available { $_[0]->is_there }

# Undef when Sendmail can run here, else the reason in a sentence.
sub why_not
{
	return $reason if $is_tried++;
	$reason = $> != 0 ? 'Sendmail needs root' :
		!grep({ -x "$_/m4" } split /:/, $ENV{PATH}) ?
		'm4 is not installed' : undef;
	return $reason if defined $reason;
	eval { _prepare(); 1 } or $reason = "no Sendmail: $@";
	chomp $reason if defined $reason;
	return $reason;
}

# Has the packages unpacked in the cache, once for all tests, also for those
# that run at the same time. Dies with the reason.
sub _prepare
{
	my $root = _root();

	make_path(cache());
	open my $lock, '>', "$root.lock" or die "$root.lock: $!\n";
	flock $lock, LOCK_EX or die "$root.lock: $!\n";
	unless (-e "$root/ready") {
		remove_tree($root);
		make_path($root);
		_fetch(@packages);
		chmod 0755, _program();		# a setgid program ignores
						# LD_LIBRARY_PATH
		_fetch_libraries();
		_make_shim();
		open my $ready, '>', "$root/ready" or die "$root: $!\n";
	}
	return;
}

# Runs a command, gives what it printed; dies with the last line of that when it
# fails.
sub _must
{
	my (@command) = @_;
	my $pid = open(my $out, '-|') // die "fork: $!\n";

	if (!$pid) {
		open STDERR, '>&', \*STDOUT;
		{ exec { $command[0] } @command };
		print "$command[0]: $!\n";
		POSIX::_exit(127);
	}
	my @lines = <$out>;
	return join '', @lines if close $out;
	die "$command[0]: " . ($lines[-1] // "failed\n");
}

# Downloads packages, each once, and unpacks them over the root.
sub _fetch
{
	my (@names) = @_;
	my $root = _root();

	make_path("$root.debs");
	for my $name (@names) {
		my @have = glob "$root.debs/${name}_*.deb";
		_must('sh', '-c', 'cd "$1" && exec timeout 120 apt-get -q ' .
			'-o APT::Sandbox::User=root download "$2"', 'sh',
			"$root.debs", $name) unless @have;
		@have = glob "$root.debs/${name}_*.deb";
		@have or die "apt-get download $name: no file\n";
		_must('dpkg-deb', '-x', $have[-1], $root);
	}
	return;
}

# The libraries that the dynamic linker misses, and those that these need.
sub _fetch_libraries
{
	for (1 .. 5) {
		local $ENV{LD_LIBRARY_PATH} = _libraries();
		my @missing = _must('ldd', _program()) =~
			/^\s*(\S+) => not found/mg;
		my %names = map {
			($package_of{$_} // die "no package known for $_\n") => 1
		} @missing;
		return unless %names;
		_fetch(sort keys %names);
	}
	die "libraries are missing\n";
}

sub _libraries
{
	my $root = _root();
	return join ':', grep { -d } glob("$root/usr/lib/*-linux-gnu"),
		glob("$root/lib/*-linux-gnu"), "$root/usr/lib";
}

# Sendmail knows syslog only, and a test has none: a preloaded library puts it
# into a file. It also gives the host a full name, without which Sendmail sleeps
# a minute at its start, and keeps libc from asking DNS.
sub _make_shim
{
	my $root = _root();

	open my $c, '>', "$root/shim.c" or die "$root/shim.c: $!\n";
	print $c <<~'E';
		#include <fcntl.h>
		#include <nss.h>
		#include <stdarg.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		__attribute__((constructor)) static void start(void)
		{
			__nss_configure_lookup("hosts", "files");
		}
		int gethostname(char *name, size_t size)
		{
			snprintf(name, size, "mx.example.org");
			return 0;
		}
		static int out = -1;
		static void open_log(void)
		{
			const char *path = getenv("SENDMAIL_LOG");
			if (out < 0 && path)
				out = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		}
		static void put(const char *format, va_list args)
		{
			char line[4096];
			int len = snprintf(line, sizeof line, "sendmail[%d]: ",
					   (int)getpid());
			open_log();
			len += vsnprintf(line + len, sizeof line - 1 -
					 (size_t)len, format, args);
			if (len > (int)sizeof line - 2)
				len = sizeof line - 2;
			line[len++] = '\n';
			if (write(out, line, (size_t)len) < 0)
				return;
		}
		void openlog(const char *n, int o, int f)
		{
			(void)n; (void)o; (void)f;
			open_log();
		}
		void closelog(void) { }
		void vsyslog(int p, const char *f, va_list a)
		{
			(void)p;
			put(f, a);
		}
		void syslog(int p, const char *f, ...)
		{
			va_list a;
			(void)p;
			va_start(a, f);
			put(f, a);
			va_end(a);
		}
		void __vsyslog_chk(int p, int n, const char *f, va_list a)
		{
			(void)p; (void)n;
			put(f, a);
		}
		void __syslog_chk(int p, int n, const char *f, ...)
		{
			va_list a;
			(void)p; (void)n;
			va_start(a, f);
			put(f, a);
			va_end(a);
		}
		E
	close $c or die "$root/shim.c: $!\n";
	_must('cc', '-O1', '-w', '-shared', '-fPIC', '-o', "$root/shim.so",
		"$root/shim.c");
	return;
}

# Options: milters (unix:PATH, inet:PORT@HOST, or a list of them), domains (that
# are local: example.org), open_relay (true: anyone may relay), mc (lines for
# the .mc file, before its mailers).
sub new
{
	my ($class, $box, %opt) = @_;
	my $dir = $box->path('sendmail' . ++$box->{sendmails});
	my $self = bless {
		box => $box, dir => $dir, port => Sandbox->free_port,
		owner => $$, domains => ['example.org'], %opt,
	}, $class;
	my $why = $class->why_not;

	die "$why\n" if defined $why;
	mkdir $_, 0755 for $dir, "$dir/mail";
	mkdir "$dir/queue", 0700;
	chmod 0777, "$dir/mail";
	$self->_write_conf;
	return $self->start;
}

sub port { $_[0]{port} }
sub pid { $_[0]{pid} }
sub dir { $_[0]{dir} }
sub log { $_[0]{box}->read_file("$_[0]{dir}/maillog") }

sub _filters
{
	my ($self) = @_;
	my $milters = $self->{milters} // [];
	my $count = 0;

	return map { ++$count;
		"INPUT_MAIL_FILTER(`filter$count', `S=$_, F=T, " .
		"T=C:30s;S:30s;R:30s;E:2m')\n"
	} ref $milters ? @$milters : $milters;
}

sub _write_conf
{
	my ($self) = @_;
	my ($box, $dir) = @$self{qw(box dir)};
	my $cf = _root() . '/usr/share/sendmail/cf';

	$box->write_file("$dir/switch", "hosts files\naliases files\n" .
		"passwd files\n");
	my $keep = $box->write_file("$dir/keep", <<~"E");
		#!/bin/sh
		umask 0
		t=\$(mktemp $dir/mail/tmp.XXXXXX) || exit 75
		{ echo "X-To: \$1"; cat; } >"\$t" || exit 75
		mv "\$t" "$dir/mail/new.\${t##*.}"
		E
	chmod 0755, $keep;
	my $mc = $box->write_file("$dir/sendmail.mc", join '', <<~"E",
		VERSIONID(`for a test')
		OSTYPE(`linux')
		define(`MAIL_SETTINGS_DIR', `$dir/')
		define(`confDOMAIN_NAME', `mx.example.org')
		define(`confSERVICE_SWITCH_FILE', `$dir/switch')
		define(`confPID_FILE', `$dir/pid')
		define(`QUEUE_DIR', `$dir/queue')
		define(`STATUS_FILE', `$dir/status')
		define(`confDEAD_LETTER_DROP', `$dir/dead.letter')
		define(`ALIAS_FILE', `')
		define(`confDONT_PROBE_INTERFACES', `True')
		define(`confDEF_USER_ID', `nobody:nogroup')
		define(`confTO_IDENT', `0s')
		define(`confLOG_LEVEL', `14')
		define(`confDELIVERY_MODE', `i')
		define(`confREFUSE_LA', `0')
		define(`confQUEUE_LA', `1000')
		define(`confREJECT_MSG', `550 5.7.1 Access denied')
		define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,dnl
		TrustStickyBit')
		FEATURE(`no_default_msa')
		FEATURE(`accept_unresolvable_domains')
		FEATURE(`accept_unqualified_senders')
		FEATURE(`nocanonify')
		DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=$self->{port}, dnl
		Addr=127.0.0.1')
		E
		$self->{open_relay} ? "FEATURE(`promiscuous_relay')\n" : (),
		(map { "LOCAL_DOMAIN(`$_')\n" } @{ $self->{domains} }),
		$self->_filters, $self->{mc} // '',
		"MAILER(`local')\nMAILER(`smtp')\n");
	my $text = _must('sh', '-c', 'exec 2>"$1"; shift; exec m4 "$@"', 'sh',
		"$dir/m4.err", "-D_CF_DIR_=$cf/", "$cf/m4/cf.m4", $mc);
	$box->write_file("$dir/sendmail.cf", _with_sink($text, $keep));
	return;
}

# The settings with all mailers that could leave the machine, or run a program
# of it, writing to files; their names stay, a milter sees {rcpt_mailer}.
sub _with_sink
{
	my ($text, $keep) = @_;

	$text =~ s{^M(\S+?),((?:.*\n)(?:[ \t].*\n)*)}{
		my ($name, $rest) = ($1, $2);
		my ($rules) = $rest =~ /(S=[^,]*, R=[^,]*),/;
		my $flags = $name eq 'local' ? 'lsDFMnP8' : 'DFMnuP8';
		$rules = defined $rules ? " $rules," : '';
		"M$name, P=$keep, F=$flags, U=nobody:nogroup,$rules\n" .
		"\t\tT=DNS/RFC822/X-Unix, A=keep \$u\n";
	}gem;
	return $text;
}

# In the foreground, so that its pid is known.
sub start
{
	my ($self) = @_;
	my ($box, $dir) = @$self{qw(box dir)};
	my $name = ($dir =~ m{([^/]+)$})[0];

	$box->write_file("$dir/maillog", '');
	chmod 0666, "$dir/maillog";
	$box->write_file("$dir/status", '');
	local $ENV{LD_LIBRARY_PATH} = _libraries();
	local $ENV{LD_PRELOAD} = _root() . '/shim.so';
	local $ENV{SENDMAIL_LOG} = "$dir/maillog";
	$self->{pid} = $box->spawn($name, _program(), "-C$dir/sendmail.cf",
		'-bD', '-q1m');
	my $is_up = $box->wait_for(20, sub {
		IO::Socket::INET->new(PeerAddr => '127.0.0.1',
			PeerPort => $self->{port}, Proto => 'tcp');
	});
	$is_up or die "Sendmail does not start:\n" . $self->log .
		$box->read_file("$name.err") . $box->read_file("$name.out");
	return $self;
}

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;

	kill TERM => $pid;
	defined $self->{box}->reap($pid, 15) or do {
		kill KILL => $pid;
		$self->{box}->reap($pid, 5);
	};
	return;
}

1;
