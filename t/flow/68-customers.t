# The book of customers: written by hand and from files, all or nothing; and
# the daemon, which knows at once whose mail it is, keeps it with the
# record, and counts by it.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $daemon = $box->daemon(
	relay => { domains => ['ours.example'], networks => ['192.0.2.0/24',
		'2001:db8::/32'] },
	bulk => { preset_limits => 'no', limits => { each => { key => 'customer',
		most => 3, within => '1h', direction => 'any' } } });

sub customer { $daemon->reevectl('customer', @_) }
sub book { map { $_->{id} } $daemon->objects('customer', 'list', '--limit', 0) }

# By hand.
my ($status, $out, $err) = customer('add', 'acme', '--name', 'Acme, Ltd',
	'--contact', 'abuse@acme.example', '--network', '192.0.2.0/28',
	'--network', '2001:db8:7::/48', '--account', '@acme.example',
	'--domain', 'acme.example', '--language', 'en', '--reason', 'contract 17');
is $status, 0, 'a customer' or diag $err;
is +(customer('add', 'ACME'))[0], 65, 'not twice';
($status, $out, $err) = customer('add', 'bravo', '--network', '192.0.2.0/28');
is $status, 65, 'a network of another';
like $err, qr/customer bravo: networks: 192\.0\.2\.0\/28 is customer acme's/,
	'both are named';
is +(customer('add', '../x'))[0], 65, 'a bad id';
is +(customer('add', 'x', '--network', '192.0.2.1/24'))[0], 65, 'a bad network';
is +(customer('add'))[0], 64, 'none';
is +(customer('edit', 'nobody', '--name', 'x'))[0], 65, 'nobody to be changed';
is_deeply [book()], ['acme'], 'only one is in it';

# From files.
sub import_of
{
	my ($text, @words) = @_;
	my $file = $box->write_file('book', $text);
	return customer('import', @words, $file);
}

($status, $out, $err) = import_of("id,name,networks\nbravo,Bravo,192.0.2.8/29\n" .
	"carol,\"Carol\n& Co\",192.0.2.8/29\n");
is $status, 65, 'two with the same network';
like $err, qr/book:3: /, 'the line is told';
is_deeply [book()], ['acme'], 'nothing is imported';
($status, $out, $err) = import_of(qq({"id":"bravo"}\n{"id":"acme"}\n));
is $status, 65, 'one that is there';
like $err, qr/book:2: customer acme is in the book already/, 'which, and where';
is_deeply [book()], ['acme'], 'nothing is imported, again';
($status, $out, $err) = import_of("\xEF\xBB\xBFid,name,accounts,networks,domains\r\n" .
	"bravo,\xE5\x8C\x97\xE4\xBA\xAC,joe jim,192.0.2.8/29,.bravo.example\r\n" .
	"carol,\"Carol \"\"C\"\"\",,192.0.2.9,\r\n");
is $status, 0, 'CSV' or diag $err;
like $out, qr/^2 customers imported$/m, 'how many';
is_deeply [book()], ['acme', 'bravo', 'carol'], 'all are in it';
($status, my $all) = $daemon->reevectl('--json', 'customer', 'list', '--limit', 0);
is +(import_of($all))[0], 65, 'what is listed is there';
is +(import_of($all, '--replace'))[0], 0, 'and replaces itself';
my ($carol) = $daemon->objects('customer', 'show', 'carol');
is $carol->{name}, 'Carol "C"', 'with all that was said';
my ($bravo) = $daemon->objects('customer', 'show', '--client-ip', '192.0.2.10');
is $bravo->{name}, "\x{5317}\x{4eac}", 'found by an address';
is +(customer('show', '--domain', 'x.bravo.example', '--json'))[1] =~ /"id":"(\w+)"/ &&
	$1, 'bravo', 'by a domain';
is +(customer('show', '--account', 'nobody'))[0], 65, 'nobody has it';
is +(customer('show'))[0], 64, 'no clue';
($status, $out, $err) = customer('list', '--limit', 2);
like $err, qr/--after bravo/, 'a page';
unlike $out, qr/carol/, 'has its end';
like +(customer('list', '--after', 'bravo'))[1], qr/^carol +Carol "C" +192\.0\.2\.9/m,
	'and another behind it';

# The daemon knows at once.
my $count = 0;
sub send_one
{
	my (%m) = @_;
	my $mta = Milter::Client->new($daemon->socket);
	my $result = $mta->message(queue_id => 'Q' . ++$count,
		addr => $m{ip} // '192.0.2.77',
		from => $m{from} // '<a@else.example>', rcpts => ['<b@far.example>'],
		$m{login} ? (login => $m{login}) : ());
	$mta->quit;
	return $result;
}

sub whose
{
	send_one(@_);
	my ($record) = $daemon->records(1, '--queue-id', "Q$count");
	return $record->{customer} // 'nobody';
}

is whose(), 'nobody', 'a stranger to the book';
is whose(ip => '192.0.2.3'), 'acme', 'by its network';
is whose(ip => '192.0.2.10'), 'bravo', 'the closer network wins';
is whose(ip => '192.0.2.9'), 'carol', 'the address most of all';
is whose(ip => '2001:db8:7::1'), 'acme', 'by an IPv6 network';
is whose(login => 'Joe', ip => '203.0.113.9'), 'bravo', 'by its login';
is whose(login => 'ann@acme.example', ip => '192.0.2.9'), 'acme',
	'which tells more than the address';
is whose(from => '<x@acme.example>', ip => '203.0.113.9'), 'nobody',
	'a stranger who says so is none';
is whose(from => '<x@sub.bravo.example>'), 'bravo', 'one who may relay is';

is_deeply [map { $_->{queue_id} } $daemon->records(3, '--customer', 'BRAVO')],
	['Q9', 'Q6', 'Q3'], 'records are found by it';
my ($record) = $daemon->records(1, '--queue-id', 'Q3');
like +($daemon->reevectl('records', 'show', $record->{id}))[1],
	qr/^customer +bravo$/m, 'and show it';

# Limits by customer count it.
my $result = send_one(login => 'jim', ip => '203.0.113.9');
like $result->{rcpts}[0]{text}, qr/^451 .*limit each/, 'the fourth is too much'
	or diag explain $result;
my $case;
ok $box->wait_for(10, sub { ($case) = grep { $_->{subject} eq 'bravo' }
	$daemon->objects('case', 'list') }), 'and a case';
is "@$case{qw(subject_kind contact)}", 'customer ', 'about the customer';

# What is changed is in force for the next command.
is +(customer('edit', 'bravo', '--without', '192.0.2.8/29', '--network',
	'192.0.2.64/26', '--name', 'Bravo', '--reason', 'moved'))[0], 0, 'changed';
is whose(ip => '192.0.2.10'), 'acme', 'what was taken away is another\'s';
is whose(), 'bravo', 'what was added is his';
is +(customer('edit', 'bravo', '--without', '198.51.100.0/24'))[0], 65,
	'what he has not can\'t be taken away';
is +(customer('remove', 'bravo', '--reason', 'ended'))[0], 0, 'removed';
is whose(), 'nobody', 'he is forgotten';
is +(customer('remove', 'bravo'))[0], 65, 'not twice';
($record) = $daemon->records(1, '--queue-id', 'Q3');
is $record->{customer}, 'bravo', 'the record still knows him';

# Standard input, and several files at once.
my ($one, $two) = map { $box->write_file("$_.csv", "id\n$_\n") } qw(dora emil);
is +(customer('import', $one, $two))[0], 0, 'two files';
is_deeply [book()], ['acme', 'carol', 'dora', 'emil'], 'both are in it';
is +(customer('import', $one, $box->path('none')))[0], 66, 'one is not there';
is +(customer('import'))[0], 64, 'no file';

my @audit = map { "$_->{action} $_->{reason}" } $daemon->objects('audit', 'list');
is_deeply [grep { /^customer \w+ \w/ } @audit], ['customer add contract 17',
	'customer edit moved', 'customer remove ended'], 'the audit tells each';

$daemon->stop;
done_testing;
