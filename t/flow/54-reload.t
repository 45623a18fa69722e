# A reload that takes long: mail is answered meanwhile, no wish to reload is
# lost, and the daemon can be stopped.

use strict;
use warnings;

use Fcntl;
use JSON::PP;
use POSIX qw(mkfifo);
use Test::More;
use Time::HiRes qw(sleep time);

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my %settings = (relay => { domains => ['example.org'] });
my $rules = $box->write_file('some.cf', "body OLD /old/\nscore OLD 20\n");
my $daemon = $box->daemon(%settings, rules => { files => [$rules] });

# A rule file that is not at its end before somebody writes to a pipe.
my $pipe = $box->path('pipe.cf');
mkfifo $pipe, 0644 or die "$pipe: $!\n";
my $slow = $box->write_file('slow.cf', "include $pipe\n");

sub answer
{
	my ($body) = @_;
	my $began = time;
	my $mta = Milter::Client->new($daemon->socket);
	my $answer = $mta->message(body => "$body\r\n")->{cmd};

	$mta->quit;
	return time - $began < 5 ? $answer : 'late';
}

# reevectl reads the settings, which may be bad here.
sub status
{
	my $text = $box->read_file($daemon->state . '/status.json');

	return length $text ? decode_json($text) : {};	# it is not there at once
}
sub told { return scalar(() = $daemon->log =~ /$_[0]/g) }
sub is_reloading { return $box->wait_for(5, sub { status()->{reloading} }) }

# As soon as the daemon reads; a pipe that nobody reads cannot be opened so.
sub feed
{
	my ($text) = @_;

	return $box->wait_for(10, sub {
		sysopen my $fh, $pipe, O_WRONLY | O_NONBLOCK or return;
		print $fh $text;
		close $fh;
	});
}

sub age { return time - (stat $daemon->state . '/status.json')[9] }

subtest 'mail' => sub {
	$daemon->configure(rules => { files => [$slow] });
	$daemon->reload;
	ok is_reloading(), 'it is under way';
	is answer('old'), 'y', 'the old rules are in force';
	is answer('new'), 'c', 'and no others';
	my (undef, $out) = $daemon->reevectl('status');
	like $out, qr/^reload +under way$/m, 'reevectl status says so';
	sleep 2.5;
	cmp_ok age(), '<', 2.5, 'the loop goes on';
	ok feed("body NEW /new/\nscore NEW 20\n"), 'the rules come';
	ok $box->wait_for(10, sub { told('reloaded') == 1 }), 'and are read';
	is answer('new'), 'y', 'they are in force';
	is answer('old'), 'c', 'instead of the old ones';
	ok !status()->{reloading}, 'nothing is under way';
};

subtest 'asked again meanwhile' => sub {
	$daemon->reload;
	is_reloading();
	for (1 .. 3) {
		kill HUP => $daemon->pid;
		sleep 0.1;
	}
	my $waiting = $box->spawn('waiting', "$Sandbox::BUILD/reevectl", '-c',
		$daemon->conf, 'reload');
	sleep 0.3;
	ok feed("body TWO /two/\nscore TWO 20\n"), 'the first reading';
	ok $box->wait_for(10, sub { told('reloaded') == 2 }), 'ends';
	is answer('two'), 'y', 'and is in force';
	is $box->reap($waiting, 0), undef, 'reevectl reload waits for its own';
	ok feed("body THREE /three/\nscore THREE 20\n"), 'it is not lost';
	is $box->reap($waiting, 20), 0, 'that ends, too';
	is answer('three'), 'y', 'and is in force';
	sleep 1.5;
	is told('reloaded'), 3, 'nor done more than once';
	ok !status()->{reloading}, 'nothing is left to do';
};

subtest 'it fails' => sub {
	$daemon->reload;
	is_reloading();
	$daemon->configure(relay => { domains => ['bad..domain'] });
	kill HUP => $daemon->pid;
	sleep 0.3;
	ok feed("body FOUR /four/\nscore FOUR 20\n"), 'one that does not';
	ok $box->wait_for(10, sub { told('reload_failed') == 1 }), 'then one that does';
	like $daemon->log, qr/reload_failed why=.*\.conf:\d+: relay\.domains/,
		'file, line and why';
	is answer('four'), 'y', 'the rules in force stay';
	like status()->{reload_error}, qr/relay\.domains/, 'so does the status';
};

subtest 'a rule file that is included' => sub {
	my $inner = $box->write_file('inner.cf', "body I1 /one/\nscore I1 20\n");
	my $outer = $box->write_file('outer.cf', "include $inner\n");

	$daemon->configure(%settings, rules => { files => [$outer] });
	is +($daemon->reevectl('reload'))[0], 0, 'it is read';
	is answer('one'), 'y', 'as it is';
	$box->write_file('inner.cf', "body INNER /other/\nscore INNER 20\n");
	is +($daemon->reevectl('reload'))[0], 0, 'another one';
	is answer('other'), 'y', 'is in force';
	is answer('one'), 'c', 'in its place';
};

subtest 'real rules' => sub {
	-e '/usr/share/spamassassin/72_active.cf'
		or plan skip_all => 'no rules of SpamAssassin here';
	my ($before, $answered) = (told('reloaded'), 0);

	$daemon->configure(%settings, rules => {
		files => ['/usr/share/spamassassin/*.cf'] });
	$daemon->reload;
	$box->wait_for(60, sub {
		answer('other') =~ /^[cy]$/ and $answered++;
		told('reloaded') > $before }) or fail 'they are read';
	cmp_ok $answered, '>', 0, "$answered messages meanwhile";
	is answer('other'), 'c', 'they are in force';
};

subtest 'SIGTERM' => sub {
	$daemon->configure(%settings, rules => { files => [$slow] });
	$daemon->reload;
	is_reloading();
	my $began = time;
	is $daemon->stop, 0, 'it ends well';
	cmp_ok time - $began, '<', 10, 'at once';
};

done_testing;
