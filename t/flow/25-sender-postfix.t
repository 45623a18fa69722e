# Who really sent it, through a real Postfix: signatures made and verified by
# another implementation, policies, a mailing list with a trusted seal, forged
# results, and what leaves signed.

use strict;
use warnings;

use Test::More;

use DNS;
use NetResolver;
use Postfix;
use SMTP;
use Sandbox;

Postfix::is_there()
	or plan skip_all => 'no Postfix here, or not root to start one';
eval { require Mail::DKIM::Signer; require Mail::DKIM::Verifier;
	require Mail::DKIM::ARC::Signer; require Mail::DKIM::PrivateKey; 1 }
	or plan skip_all => 'no Mail::DKIM here';

my $box = Sandbox->new;
my (%key, @records);

# A key of reevectl's making, and its record.
sub make_key
{
	my ($domain, $selector, @options) = @_;
	my $file = $box->path("$selector.$domain.pem");
	my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl",
		'dkim', 'keygen', '--selector', $selector, '--file', $file,
		'--owner', Sandbox->user, @options, $domain);

	is $status, 0, "a key for $domain" or diag $err;
	is +(stat $file)[2] & 0777, 0600, 'that nobody else can read';
	my ($zone) = $out =~ /^\S+\._domainkey\.\S+ IN TXT \((.*?)\)$/ms;
	push @records, ["$selector._domainkey.$domain", 'TXT',
		$zone =~ /"([^"]*)"/g];
	$key{$domain} //= $file;
}

make_key('origin.example', 's1');
make_key('list.example', 's1');
make_key('ours.example', 'r1');
make_key('ours.example', 'e1', '--ed25519');

push @records,
	['_dmarc.origin.example', 'TXT', 'v=DMARC1; p=reject'],
	['spf.example', 'TXT', 'v=spf1 ip4:127.0.0.2 -all'],
	['_dmarc.spf.example', 'TXT', 'v=DMARC1; p=reject'],
	['deny.example', 'TXT', 'v=spf1 -all exp=why.deny.example'],
	['why.deny.example', 'TXT', 'not from %{i}'];
my $dns = DNS->start($box, records => \@records);

my %settings = (
	authserv_id => 'mx.ours.example',
	resolver => { servers => [$dns->server], timeout => '4s' },
	relay => { networks => ['127.0.0.1/32'], domains => ['ours.example'] },
	dkim => { keys => {
		r1 => { domain => 'ours.example', selector => 'r1',
			file => $box->path('r1.ours.example.pem') },
		e1 => { domain => 'ours.example', selector => 'e1',
			file => $box->path('e1.ours.example.pem') },
	} },
	arc => { trusted_sealers => ['list.example'] },
);
my $daemon = $box->daemon(%settings);
my $postfix = Postfix->new($box, milters => $daemon->socket,
	non_smtpd => $daemon->socket, users => { alice => 'secret' },
	main => { smtpd_relay_restrictions =>
		'check_client_access static:OK, reject' });

sub letter
{
	my (%field) = @_;
	my $body = delete $field{body} // "Hello,\n\nthis is it.\n";
	my $extra = delete $field{extra} // '';

	return $extra . "From: A <a\@$field{from}>\nTo: b\@ours.example\n" .
		"Date: " . POSIX::strftime('%a, %d %b %Y %H:%M:%S +0000',
			gmtime) . "\nSubject: a letter\n" .
		"Message-ID: <" . rand() . "\@$field{from}>\n\n$body";
}

sub crlf { $_[0] =~ s/\r?\n/\r\n/gr }

# By Mail::DKIM; the text with its signature on top.
sub signed
{
	my ($text, $domain) = @_;
	my $signer = Mail::DKIM::Signer->new(Algorithm => 'rsa-sha256',
		Method => 'relaxed/relaxed', Domain => $domain,
		Selector => 's1', KeyFile => $key{$domain});

	$signer->PRINT(crlf($text));
	$signer->CLOSE;
	return $signer->signature->as_string =~ s/\r\n/\n/gr . "\n$text";
}

sub sealed
{
	my ($text, $domain, $results) = @_;
	my $signer = Mail::DKIM::ARC::Signer->new(Algorithm => 'rsa-sha256',
		Domain => $domain, Selector => 's1', Chain => 'none',
		SrvId => "mx.$domain", KeyFile => $key{$domain});

	$text = "Authentication-Results: mx.$domain; $results\n$text";
	$signer->PRINT(crlf($text));
	$signer->CLOSE;
	return join("\n", map { s/\r\n/\n/gr } $signer->as_strings) .
		"\n$text";
}

# (code, text) of the reply, and the message as delivered.
sub send_mail
{
	my ($text, %opt) = @_;
	my $s = SMTP->new($postfix->port, from => $opt{client} // '127.0.0.2');

	$postfix->forget_delivered;
	$s->auth('alice', 'secret') if $opt{login};
	my @reply = $s->message(text => $text, from => $opt{from} // '<>',
		to => $opt{to} // '<b@ours.example>');
	$s->quit;
	my ($delivered) = $reply[0] == 250 ? $postfix->delivered(1) : '';
	return (@reply[0, 1], $delivered);
}

sub results { $_[0] =~ /^(Authentication-Results: mx\.ours\.example;(?:\n?.+\n\s)*.*)/m ? $1 : '' }

subtest 'a signed message' => sub {
	my $text = signed(letter(from => 'origin.example'), 'origin.example');
	my ($code, $reply, $got) = send_mail($text);

	is $code, 250, 'is accepted' or diag $reply;
	like results($got), qr/dkim=pass header\.d=origin\.example/,
		'passes DKIM';
	like results($got), qr/dmarc=pass/, 'and DMARC';
	($code, $reply) = send_mail($text =~ s/this is it/this was it/r);
	is $code, 550, 'changed, it is refused';
	like $reply, qr/^5\.7\.1 .*DMARC/, 'and told why';
	my ($record) = $daemon->records(1, '--verdict', 'reject');
	is $record->{auth}{dkim}[0]{result}, 'fail', 'the record has it';
	like $record->{auth}{dkim}[0]{reason}, qr/body was changed/, 'and why';
	is $record->{auth}{dmarc}{disposition}, 'reject', 'and what was done';
};

subtest 'policies' => sub {
	my ($code, $reply, $got) = send_mail(letter(from => 'origin.example'));
	is $code, 550, 'p=reject without a signature';
	($code, undef, $got) = send_mail(letter(from => 'spf.example'),
		from => '<x@spf.example>');
	is $code, 250, 'SPF passes';
	like results($got), qr/spf=pass smtp\.mailfrom=x\@spf\.example/, 'told';
	($code) = send_mail(letter(from => 'spf.example'),
		from => '<x@spf.example>', client => '127.0.0.3');
	is $code, 550, 'from another address it does not';
	($code, undef, $got) = send_mail(letter(from => 'deny.example'),
		from => '<x@deny.example>');
	is $code, 250, 'an SPF fail alone';
	like results($got), qr/spf=fail/, 'is told';
	my ($record) = $daemon->records(1, '--symbol', 'SPF_FAIL');
	my ($finding) = grep { $_->{symbol} eq 'SPF_FAIL' }
		@{ $record->{findings} };
	like $finding->{detail}, qr/not from 127\.0\.0\./, 'with the explanation';
};

subtest 'a mailing list' => sub {
	my $text = signed(letter(from => 'origin.example'), 'origin.example');
	$text .= "-- \nThe list\n";
	my ($code) = send_mail($text, from => '<l@list.example>');
	is $code, 550, 'breaks the signature';
	my $seal = sealed($text, 'list.example',
		'dmarc=pass header.from=origin.example');
	my ($code2, $reply, $got) = send_mail($seal, from => '<l@list.example>');
	is $code2, 250, 'with the seal of one that is trusted it passes'
		or diag $reply;
	like results($got), qr/arc=pass header\.d=list\.example/, 'told';
	like results($got), qr/dmarc=fail.*trusted_forwarder/s,
		'and why DMARC did not refuse it';
	($code) = send_mail(sealed($text, 'list.example',
		'dmarc=fail header.from=origin.example'));
	is $code, 550, 'not when the sealer saw it fail';
	($code) = send_mail($seal =~ s/The list/The lust/r);
	is $code, 550, 'not when it was changed since';
	($code) = send_mail("From: Boss <boss\@origin.example>\n$seal",
		from => '<l@list.example>');
	is $code, 550, 'nor with another From on top';
	($code) = send_mail("Subject: other\n$seal",
		from => '<l@list.example>');
	is $code, 550, 'or another Subject';
	$daemon->configure(%settings, arc => { trusted_sealers => [] });
	$daemon->reload;
	$box->wait_for(sub { $daemon->log =~ /reloaded/ });
	($code) = send_mail($seal);
	is $code, 550, 'not when nobody trusts it';
	$daemon->configure(%settings);
	$daemon->reload;
	$box->wait_for(sub { 2 <= (() = $daemon->log =~ /reloaded/g) });
};

subtest 'forged results' => sub {
	my ($code, undef, $got) = send_mail(letter(from => 'other.example',
		extra => "Authentication-Results: MX.ours.example; dkim=pass " .
			"header.d=bank.example\n" .
			"Authentication-Results: mx.elsewhere.example; " .
			"dkim=pass\n" .
			"Authentication-Results: (c) \"mx.ours.example\" 1;\n" .
			"\tdmarc=pass\n" .
			"Authentication-Results: (((; spf=hidden\n"));
	is $code, 250, 'accepted';
	unlike $got, qr/bank\.example|dmarc=pass|hidden/,
		'those with our name are gone, or with no name';
	like $got, qr/mx\.elsewhere\.example/, 'those of others stay';
	is scalar(() = $got =~ /^Authentication-Results: mx\.ours/mg), 1,
		'and there is one of ours';
	($code, undef, $got) = send_mail(letter(from => 'ours.example',
		extra => "Authentication-Results: mx.ours.example; " .
			"dkim=pass\n"), login => 1,
		from => '<alice@ours.example>');
	is $code, 250, 'an account writes them, too';
	unlike $got, qr/^Authentication-Results/m, 'in vain';
};

# In a network of its own, where port 53 of loopback is free.
sub testmsg
{
	my ($text) = @_;
	my $file = $box->write_file('sent.eml', crlf($text));
	my $resolv = $box->write_file('resolv.conf', "nameserver 127.0.0.1\n");
	my $zone = $box->write_file('zone.json', JSON::PP->new->encode({
		records => [map { { name => $_->[0], type => $_->[1],
			data => [@$_[2 .. $#$_]] } } @records] }));
	my $script = $box->write_file('inside.pl', <<~'E');
		use Sandbox; use DNS;
		my ($zone, $file) = @ARGV;
		my $box = Sandbox->new;
		my $dns = DNS->start($box, port => 53, zones => [$zone]);
		my ($status, $out, $err) = $box->run('sh', '-c',
			"/usr/sbin/opendkim-testmsg <$file");
		print "$out$err";
		exit($status ? 1 : 0);
		E
	my $lib = Sandbox->top . '/t/lib';
	return $box->run('unshare', '-mn', 'sh', '-c', 'ip link set lo up && ' .
		"mount --bind $resolv /etc/resolv.conf && " .
		"exec perl -I$lib $script $zone $file");
}

subtest 'what leaves is signed' => sub {
	my $text = letter(from => 'ours.example');
	my ($code, $reply, $got) = send_mail($text, login => 1,
		from => '<a@ours.example>', to => '<x@remote.example>');
	is $code, 250, 'sent' or diag $reply;
	my @signatures = $got =~ /^DKIM-Signature:((?:.*\n\s)*.*)/mg;
	is scalar @signatures, 2, 'two signatures';
	like "@signatures", qr/a=rsa-sha256.*a=ed25519-sha256|a=ed25519.*a=rsa/s,
		'RSA and Ed25519';
	is scalar(() = $signatures[0] =~ /\bFrom\b/gi), 2, 'From is oversigned';
	unlike $got, qr/^Authentication-Results/m, 'no results of ours';
	# As it left: without what the delivery put on top.
	my $sent = $got =~ s/\A.*?(?=^DKIM-Signature)//msr;

	my $resolver = NetResolver->new(@records);
	no warnings 'once';
	local $Mail::DKIM::DNS::RESOLVER = $resolver;
	my $verifier = Mail::DKIM::Verifier->new;
	$verifier->PRINT(crlf($sent));
	$verifier->CLOSE;
	# Debian 12's knows no Ed25519 yet.
	is join(' ', map { $_->result } grep { $_->algorithm =~ /^rsa/ }
		$verifier->signatures), 'pass', 'Mail::DKIM verifies it'
		or diag join "\n", map { $_->result_detail }
			$verifier->signatures;
	my ($changed) = map {
		my $v = Mail::DKIM::Verifier->new;
		$v->PRINT(crlf($sent =~ s/^Subject: /Subject: another\nSubject: /mr));
		$v->CLOSE;
		$v->result;
	} 1;
	is $changed, 'fail', 'and not with a Subject put in';

	SKIP: {
		-x '/usr/sbin/opendkim-testmsg' && -x '/usr/bin/unshare' or
			skip 'no opendkim-testmsg here', 1;
		my ($status, $out, $err) = testmsg($sent);
		skip "no network of one's own here: $err", 1
			if $err =~ /unshare|Operation not permitted|ip:/;
		is $status, 0, 'opendkim-testmsg verifies them'
			or diag "$out$err";
	}
	(my $status, my $out) = $daemon->reevectl('dkim', 'check',
		'ours.example');
	is $status, 0, 'reevectl dkim check: right' or diag $out;
	my ($local, $o, $e) = $postfix->sendmail($text, '-f',
		'a@ours.example', 'x@remote.example');
	is $local, 0, 'the sendmail command';
	my @all = $postfix->delivered(2);
	like $all[1], qr/^DKIM-Signature/m, 'is signed, too';
};

done_testing;
