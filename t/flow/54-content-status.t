# reevectl status: the content rules in force, keyword lists and clamd.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $rules = $box->write_file('some.cf', <<'END');
body A /one/
body B /two/
score B 0
body C /(/
header D eval:check_for_nothing_known()
uri_detail E domain =~ /x/
score E 0
meta F A && B
END
my $words = $box->write_file('words', "one\ntwo\nthree\n");
my $nobody = $box->path('nobody.sock');
my %settings = (relay => { domains => ['example.org'] },
	rules => { files => [$rules] }, clamd => { sockets => [$nobody] });
my $began = time;
my $daemon = $box->daemon(%settings,
	keywords => { lists => { mine => { files => [$words] } } });

# What reevectl tells once that is so.
sub content
{
	my ($is_so) = @_;

	return $box->wait_for(10, sub {
		my ($status) = $daemon->objects('status');
		my $content = $status->{content};
		$content && $is_so->($content) && $content;
	});
}

my $content = content(sub { 1 });
my $of = $content->{rules};
my $read = delete $of->{read_us};
is_deeply $of, { files => 1, rules => 6, run => 2, score_0 => 2,
	not_supported => 2, problems => 2,
	left_out => [], one_pass => JSON::PP::true }, 'rules, by what they do';
cmp_ok abs($read / 1e6 - $began), '<', 30, 'and when they were read';
is_deeply $content->{keywords}, { lists => 1, phrases => 3 }, 'keyword lists';
is_deeply $content->{clamd}, [{ socket => $nobody, asked_us => 0,
	state => 'not asked' }], 'clamd, that was not asked';

my (undef, $out) = $daemon->reevectl('status');
like $out, qr/^content rules +2 of 6 run, 2 not supported, from 1 files, in one pass$/m,
	'rules for people';
like $out, qr/^rules read +\d{4}-/m, 'the time';
like $out, qr/^keyword lists +1 with 3 phrases$/m, 'lists';
like $out, qr/^clamd +\S+: not asked yet$/m, 'clamd';

my $mta = Milter::Client->new($daemon->socket);
$mta->message(body => "one\r\n");
$mta->quit;
$content = content(sub { $_[0]{clamd}[0]{asked_us} });
is $content->{clamd}[0]{state}, 'failed', 'that nobody is behind';
like $content->{clamd}[0]{why}, qr/does not take connections/, 'and why';
(undef, $out) = $daemon->reevectl('status');
like $out, qr/^clamd +\S+: FAILED: it does not take connections, \d/m,
	'for people';

$box->write_file('some.cf', "body A /one/\n");
$daemon->configure(rules => { files => [$rules], one_pass => 'false' });
$daemon->reload;
$content = content(sub { $_[0]{rules}{rules} == 1 });
ok $content, 'other rules';
is $content->{rules}{one_pass}, JSON::PP::false, 'one by one';
cmp_ok $content->{rules}{read_us}, '>', $read, 'later';
is $daemon->stop, 0, 'it ends';

done_testing;
