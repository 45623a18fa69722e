# Greylisting: who is suspicious is told to come again; who does is welcome, and
# is after a crash; never logins, nor those whom a list welcomes.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep);

use DNS;
use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $dns = DNS->start($box, records => [
	['1.77.0.192.good.lists.example', 'A', '127.0.0.2'],
	['2.77.0.192.bad.lists.example', 'A', '127.0.0.2'],
	['proven.example', 'TXT', 'v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.0/24 -all']]);
my %settings = (relay => { domains => ['example.org'],
		networks => ['198.51.100.0/24'] },
	resolver => { servers => [$dns->server] });
my %grey = (enable => 'yes', findings => ['*'], delay => '2s');
my $daemon = $box->daemon(%settings, greylist => \%grey);

# "accepted", or the text of what is said.
sub sent
{
	my (%m) = @_;
	my $mta = Milter::Client->new($daemon->socket);

	$mta->open_session(addr => $m{addr} // '192.0.2.1');
	my $reply = $mta->message(from => $m{from} // '<s@a.example>',
		rcpts => $m{rcpts} // ['<u@example.org>'], login => $m{login});
	$mta->quit;
	return $reply->{cmd} eq 'c' ? 'accepted' : $reply->{text};
}

sub shown
{
	my (undef, $out) = $daemon->reevectl('greylist', 'show', @_);
	return $out;
}

my $again = qr/^451 4\.7\.1 greylisted: come again in [12] seconds/;

like sent(), $again, 'one who comes for the first time';
like sent(), $again, 'at once is too early';
like sent(rcpts => ['<other@example.org>']), $again, 'another recipient';
is sent(login => 'alice'), 'accepted', 'a login';
is sent(addr => '198.51.100.1'), 'accepted', 'a network of ours';
$daemon->reevectl('list', 'add', 'welcome', 'sender', 'w@b.example');
is sent(from => '<w@b.example>'), 'accepted', 'one whom a list welcomes';
sleep 2.1;
like sent(addr => '192.0.77.1'), $again, 'another network is another one';
is sent(addr => '192.0.2.77'), 'accepted', 'it comes again, from its network';
is sent(rcpts => ['<third@example.org>'], from => '<t@c.example>'), 'accepted',
	'which is welcome from now on';
ok $box->wait_for(10, sub { shown() =~ m{^welcome .* network 192\.0\.2\.0/24$}m }),
	'and is shown';
like shown('192.0.77'), qr{^waits .* 192\.0\.77\.0/24 s\@a\.example u\@example\.org$}m,
	'as are those who wait';
unlike shown('192.0.77'), qr/welcome/, 'of what was asked for';

# Who proves a domain is known by it, wherever it comes from.
like sent(from => '<s@proven.example>', addr => '203.0.113.5'), $again, 'a proven domain';
sleep 2.1;
is sent(from => '<x@proven.example>', addr => '203.0.113.9',
	rcpts => ['<new@example.org>']), 'accepted', 'comes again';
ok $box->wait_for(10, sub { shown() =~ /^welcome .* domain proven\.example$/m }),
	'and is welcome';

$daemon->kill9;
$daemon->start;
is sent(addr => '192.0.2.9', from => '<q@d.example>'), 'accepted', 'a crash forgets nobody';
my ($status, $out, $err) = $daemon->reevectl('greylist', 'clear', 'network 192.0.2.0/24');
is $status, 0, 'cleared';
ok $box->wait_for(10, sub { shown() !~ m{network 192\.0\.2\.0/24} }), 'it is forgotten';
like sent(addr => '192.0.2.9', from => '<q@d.example>'), $again, 'and waits again';
$daemon->reevectl('greylist', 'clear', '--all');
ok $box->wait_for(10, sub { shown() !~ /\@|domain/ }), 'all are forgotten';
($status, $out, $err) = $daemon->reevectl('greylist', 'clear');
is $status, 64, 'clear needs to know whom';
is $daemon->stop, 0, 'it ends well';

# Suspicious ones only.
$daemon = $box->daemon(name => 'some', %settings, greylist => { %grey,
		findings => ['SPF_FAIL', 'DNSLIST_*'] },
	dns_lists => { lists => {
		good => { zone => 'good.lists.example', score => -1 },
		bad => { zone => 'bad.lists.example', score => 1 } } });
is sent(), 'accepted', 'nothing speaks against it';
is sent(addr => '192.0.77.1'), 'accepted', 'nor does a list of the good';
like sent(addr => '192.0.77.2'), $again, 'a list does';
like sent(from => '<s@proven.example>', addr => '192.0.77.1'), $again, 'SPF fails';
$daemon->stop;
$daemon = $box->daemon(name => 'none', %settings);
is sent(), 'accepted', 'off, as it is at first';
$daemon->stop;

done_testing;
