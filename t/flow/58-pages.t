# The desk's lists are read page by page, the newest first: no page misses or
# repeats what the one before had.

use strict;
use warnings;

use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(relay => { networks => ['192.0.2.0/24'],
		domains => ['ours.example'] },
	# Who was warned is to stay so, whenever the daemon's timer looks.
	cases => { auto_watch => 'no' },
	bulk => { preset_limits => 'no', limits => { messages => {
		key => 'account', most => 1, within => '10min', direction => 'outbound' } } });

# The words of all pages, and how many there were.
sub pages
{
	my ($field, $limit, @words) = @_;
	my (@all, @after, $count);

	for ($count = 1; $count < 20; $count++) {
		my ($status, $out, $err) = $daemon->reevectl('--json', @words,
			'--limit', $limit, @after);
		push @all, $out =~ /"$field":"?([^",}]+)/g;
		$err =~ /^there are more: --after (\S+), or --limit 0$/ or last;
		@after = ('--after', $1);
	}
	return (\@all, $count);
}

sub check_pages
{
	my ($what, $field, $wanted, @words) = @_;

	for my $limit (1, 2, 3, 0) {
		my ($all, $count) = pages($field, $limit, @words);
		is_deeply $all, $wanted, "$what by $limit";
		is $count, $limit && @$wanted ? int((@$wanted + $limit - 1) / $limit) : 1,
			'in pages';
	}
	my ($status, $out, $err) = $daemon->reevectl(@words, '--limit', -1);
	is $status, 64, 'less than none';
	is +($daemon->reevectl(@words, '--after', '/'))[0], 64, 'behind what is none';
}

sub case_
{
	my ($status, $out, $err) = $daemon->reevectl('--json', 'case', @_);
	is $status, 0, "case $_[0]" or diag $err;
	return $out =~ /"case":"([^"]+)"/ ? $1 : undef;
}

my @cases = map { case_('open', 'account', "user$_") } 1 .. 6;
check_pages('cases', 'case', [reverse @cases], 'case', 'list');
case_('warn', $_) for @cases[1, 3, 4, 5];
check_pages('the warned', 'case', [@cases[5, 4, 3, 1]], 'list', 'warned');
check_pages('the open', 'case', [@cases[2, 0]], 'case', 'list', '--state', 'open');
my ($status, $out, $err) = $daemon->reevectl('case', 'list', '--limit', 1, 'account',
	'user1');
like $out, qr/user1/, 'about one';
is +($daemon->reevectl('case', 'list', '--after', $cases[2], 'account', 'user1'))[0], 64,
	'which has no pages';
($status, $out, $err) = $daemon->reevectl('case', 'due', '--limit', 1, '--within', '60d');
is $status, 0, 'nothing is overdue';
is $err, "there are more: --limit 0\n", 'and more is due';

$daemon->reevectl('complaint', 'add', '--reporter', "r$_\@far.example", '--source',
	"198.51.100.$_", '--message-id', "<m$_\@ours.example>") for 1 .. 5;
check_pages('complaints', 'complaint', [5, 4, 3, 2, 1], 'complaint', 'list');
check_pages('those without a record', 'complaint', [5, 4, 3, 2, 1], 'complaint', 'list',
	'--unmatched');

my $mta = Milter::Client->new($daemon->socket);
for my $n (1 .. 5) {
	$mta->message(addr => '192.0.2.5', login => "u$n\x{e9}",
		from => "<u$n\@ours.example>", rcpts => ['<x@far.example>']) for 1 .. 2;
	$box->wait_for(10, sub { $daemon->objects('incidents') == $n });
}
$mta->quit;
my @incidents = map { $_->{key} =~ /(u\d)/ } $daemon->objects('incidents');
is_deeply \@incidents, [map { "u$_" } reverse 1 .. 5], 'what was seen last comes first';
my @times = map { $_->{last_us} } $daemon->objects('incidents');
check_pages('incidents', 'last_us', \@times, 'incidents');
check_pages('those of a kind', 'last_us', \@times, 'incidents', '--kind', 'limit');
check_pages('those of another', 'last_us', [], 'incidents', '--kind', 'virus');
is scalar(grep { $_->{subject_kind} eq 'account' } $daemon->objects('incidents')), 5,
	'each says whom it is about';
is $daemon->stop, 0, 'it ends well';

done_testing;
