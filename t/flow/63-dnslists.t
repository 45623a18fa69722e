# DNS lists (RFC 5782): what is asked, what answers mean, and lists that are
# slow, dead, or list everything.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use DNS;
use Milter::Client;
use Sandbox;
use Suite;

my $box = Sandbox->new;
my $key = $box->write_file('key', "s3cret\n");
my %lists = (
	zen => { zone => 'zen.lists.example', codes => { '127.0.0.2' => 3,
		'127.0.0.4-127.0.0.7' => 2, '127.0.0.10' => 0.5 } },
	refuse => { zone => 'refuse.lists.example', action => 'reject',
		reply => '%{item} was seen sending spam' },
	wait => { zone => 'wait.lists.example', action => 'defer' },
	bits => { zone => 'bits.lists.example', what => [qw(uri sender helo from)],
		codes => { 'bit 2' => 1, 'bit 8' => 4 } },
	hosts => { zone => 'hosts.lists.example', what => ['uri'], names => 'host',
		score => 2.5 },
	good => { zone => 'good.lists.example', score => -3 },
	secret => { zone => 'secret.lists.example', key_file => $key, score => 1 },
);
my @records = (
	['12.2.0.192.zen.lists.example', 'A', '127.0.0.2'],
	['12.2.0.192.zen.lists.example', 'A', '127.0.0.10'],
	['3.2.0.192.zen.lists.example', 'A', '127.0.0.6'],
	['4.2.0.192.zen.lists.example', 'A', '127.0.0.9'],
	['1.0.168.192.zen.lists.example', 'A', '127.0.0.2'],
	['5.2.0.192.refuse.lists.example', 'A', '127.0.0.2'],
	['6.2.0.192.wait.lists.example', 'A', '127.0.0.2'],
	['7.2.0.192.good.lists.example', 'A', '127.0.10.3'],
	['8.2.0.192.s3cret.secret.lists.example', 'A', '127.0.0.2'],
	[join('.', reverse split //, '20010db8000000000000000000000001') .
		'.zen.lists.example', 'A', '127.0.0.2'],
	['spam.example.bits.lists.example', 'A', '127.0.0.8'],
	['sender.example.bits.lists.example', 'A', '127.0.0.2'],
	['both.example.bits.lists.example', 'A', '127.0.0.10'],
	['10.2.0.192.bits.lists.example', 'A', '127.0.0.8'],
	['9.2.0.192.bits.lists.example', 'A', '127.0.0.8'],
	['bad.host.example.hosts.lists.example', 'A', '127.0.0.2'],
	['ours.example.bits.lists.example', 'A', '127.0.0.8'],
	['fine.example.bits.lists.example', 'A', '127.0.0.8'],
	map { ["u$_.example.hosts.lists.example", 'A', '127.0.0.2'] } 1 .. 9,
);
my $dns = DNS->start($box, records => \@records);

sub conf
{
	my (%more) = @_;

	return $box->write_file('lists.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), rules => { files => [] },
		relay => { networks => ['198.51.100.0/24'],
			domains => ['ours.example'], addresses => ['192.0.2.10'] },
		resolver => { servers => [$dns->server], timeout => '700ms',
			budget => '2s' },
		dns_lists => { lists => \%lists, except => ['fine.example'],
			uris => 5 }, %more }));
}
my $conf = conf();

sub tried
{
	my (%at) = @_;
	my $mail = $box->write_file('m.eml', "From: $at{author}\r\n" .
		"To: b\@example.org\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n" .
		"Message-ID: <1\@a.example>\r\n\r\n$at{body}\r\n");

	return Suite::try_one($box, $at{conf} // $conf, $mail,
		'--client-ip' => $at{client}, '--helo' => $at{helo},
		'--from' => $at{sender}, '--rcpt' => 'b@ours.example');
}

# What of lists is found, as "DNSLIST_X score".
sub found
{
	my $got = tried(client => '192.0.2.1', helo => 'mx.a.example',
		sender => '<s@a.example>', author => 's@a.example',
		body => 'hello', @_);

	return join ', ', sort map { sprintf '%s %g', $_->{symbol}, $_->{score} }
		grep { $_->{symbol} =~ /^DNSLIST_/ } @{ $got->{findings} };
}

is found(), '', 'nobody is listed';
is found(client => '192.0.2.12'), 'DNSLIST_ZEN 3.5', 'scores of two codes are added';
is found(client => '192.0.2.3'), 'DNSLIST_ZEN 2', 'a range of codes';
is found(client => '192.0.2.4'), '', 'a code that does not count';
is found(client => '2001:db8::1'), 'DNSLIST_ZEN 3', 'IPv6';
is found(client => '192.168.0.1'), '', 'private addresses are not asked about';
is found(client => '192.0.2.7'), 'DNSLIST_GOOD -3', 'a list of the good';
is found(client => '192.0.2.8'), 'DNSLIST_SECRET 1', 'a list that wants a key';
is found(sender => '<a@x.sender.example>'), 'DNSLIST_BITS 1',
	'the sender: the domain of its organisation';
is found(helo => 'x.spam.example'), 'DNSLIST_BITS 4', 'HELO';
is found(author => 'A <a@both.example>'), 'DNSLIST_BITS 5', 'From: bits are added';
is found(body => 'see http://www.spam.example/x'), 'DNSLIST_BITS 4', 'a host of the text';
is found(body => '<http://192.0.2.9/>'), 'DNSLIST_BITS 4', 'an address of the text';
is found(body => 'http://bad.host.example/ http://host.example/'),
	'DNSLIST_HOSTS 2.5', 'hosts as they are';
is found(body => 'http://ours.example/ http://fine.example/'), '',
	'our own domains and exceptions are not asked about';
is found(body => 'http://192.0.2.10/'), '', 'nor are our own addresses';
is found(body => join ' ', map { "http://clean$_.example/" } 1 .. 5, 'x'), '',
	'clean ones';
is found(body => join ' ', (map { "http://clean$_.example/" } 1 .. 5),
	'http://spam.example/'), '', 'no more hosts than dns_lists.uris';
is found(body => join ' ', map { "http://u$_.example/" } 1 .. 4),
	'DNSLIST_HOSTS 2.5', 'several are one finding';
is found(client => '198.51.100.2', helo => 'x.spam.example',
	body => 'http://spam.example/'), 'DNSLIST_BITS 4',
	'of ours only the text is asked about';

{
	my $got = tried(client => '192.0.2.5', helo => 'x', body => 'x',
		sender => '<s@a.example>', author => 's@a.example');
	is "$got->{code} $got->{verdict}", '550 reject', 'a list that refuses';
	like $got->{text}, qr/^192\.0\.2\.5 was seen sending spam/,
		'with the reply that is set';
	$got = tried(client => '192.0.2.6', helo => 'x', body => 'x',
		sender => '<s@a.example>', author => 's@a.example');
	is $got->{code}, 451, 'a list that defers';
	like $got->{text}, qr/^192\.0\.2\.6 is listed by wait\.lists.example/,
		'and says who it is';
	$got = tried(client => '192.0.2.8', helo => 'x', body => 'x',
		sender => '<s@a.example>', author => 's@a.example');
	unlike +JSON::PP->new->encode($got), qr/s3cret/, 'the key is told nobody';
}

# Lists that went mad.
my @mad = (
	['lists everything', 'it-lists-what-none-may', map {
		['1.0.0.127.refuse.lists.example', 'A', '127.0.0.2'],
		["$_.2.0.192.refuse.lists.example", 'A', '127.0.0.2'] } 5],
	['answers of another kind', 'answers-outside-127.0.0.0/8',
		['5.2.0.192.refuse.lists.example', 'A', '203.0.113.9']],
	['an error', 'it-answers-an-error',
		['5.2.0.192.refuse.lists.example', 'A', '127.255.255.254']],
);
push @mad, ['nobody knows whether it lists everything', undef,
	['1.0.0.127.refuse.lists.example', 'ANY', { behaviour => 'SERVFAIL' }],
	['5.2.0.192.refuse.lists.example', 'A', '127.0.0.2']];
my $mad = 0;
for (@mad) {
	my ($what, $why, @theirs) = @$_;

	$dns->stop;
	$dns = DNS->start($box, records => \@theirs);
	my $daemon = $box->daemon(name => 'mad' . ($mad++), relay => {
			domains => ['example.org'] },
		resolver => { servers => [$dns->server] },
		dns_lists => { lists => { refuse => $lists{refuse} } });
	my $client = Milter::Client->new($daemon->socket);

	$client->open_session(addr => '192.0.2.5');
	is $client->message->{cmd}, "c", "$what: nobody is refused";
	$client->quit;
	if (!$why) {
		unlike $daemon->log, qr/dns_list_off/, 'and it is not blamed';
		$daemon->stop;
		next;
	}
	like $daemon->log, qr/dns_list_off zone=refuse\.lists.example why=\Q$why\E/,
		'and it is told';
	ok $box->wait_for(10, sub { ($daemon->reevectl('status'))[1] =~
		/^dns list +refuse\.lists\.example: NOT USED: \Q$why\E/m }),
		'as does reevectl status';
	$daemon->stop;
}

{
	# A list that does not answer holds up a few messages, not all.
	$dns->stop;
	$dns = DNS->start($box, records => [map {
		["$_.refuse.lists.example", 'ANY', { behaviour => 'TIMEOUT' }] }
		'1.0.0.127', map { "$_.2.0.192" } 1 .. 40]);
	my $daemon = $box->daemon(name => 'slow', relay => {
			domains => ['example.org'] },
		resolver => { servers => [$dns->server], timeout => '300ms',
			failure_ttl => '0s' },
		dns_lists => { lists => { refuse => $lists{refuse} },
			failures => 3, pause => '1s' });
	my @seconds;

	for my $n (1 .. 12) {
		my $client = Milter::Client->new($daemon->socket);
		my $began = time;

		$client->open_session(addr => "192.0.2.$n");
		is $client->message->{cmd}, "c", "message $n goes on";
		$client->quit;
		push @seconds, time - $began;
	}
	like $daemon->log,
		qr/dns_list_passed_over zone=refuse\.lists.example why=time-out/,
		'a list that does not answer is passed over';
	cmp_ok scalar(grep { $_ > 0.25 } @seconds), '<=', 6,
		'and holds up no more messages';
	$dns->stop;
	$dns = DNS->start($box, port => $dns->{port}, records => [
		['40.2.0.192.refuse.lists.example', 'A', '127.0.0.2']]);
	my $refused;
	for (1 .. 40) {
		my $client = Milter::Client->new($daemon->socket);

		$client->open_session(addr => '192.0.2.40');
		$refused = $client->message->{cmd} eq "none";
		$client->quit;
		last if $refused;
		sleep 0.25;
	}
	ok $refused, 'it is asked again when its pause is over';
	like $daemon->log, qr/dns_list_back zone=refuse\.lists.example/,
		'which is told, too';
	$daemon->stop;
}

# Settings that are wrong.
for (
	[{ zone => '' }, qr/one: zone "" is no domain/],
	[{ zone => 'a..b' }, qr/one: zone "a\.\.b" is no domain/],
	[{ zone => 'a.test', what => ['clients'] }, qr/"clients" is none of/],
	[{ zone => 'a.test', codes => { '10.0.0.1' => 1 } },
		qr/"10\.0\.0\.1" is neither/],
	[{ zone => 'a.test', codes => { '127.0.0.9-127.0.0.2' => 1 } },
		qr/is neither/],
	[{ zone => 'a.test', codes => { 'bit 3' => 1 } }, qr/is neither/],
	[{ zone => 'a.test', key_file => '/nowhere' }, qr/key_file: .*nowhere/],
) {
	my ($list, $want) = @$_;
	my $file = $box->write_file('bad.conf', Sandbox::conf_text({
		dns_lists => { lists => { one => $list } } }));
	my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c',
		$file, 'check');

	is $status, 78, 'bad settings';
	like $err, qr/bad\.conf.*dns_lists\.lists.*$want/s, "$want";
}

done_testing;
