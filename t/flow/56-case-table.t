# Every step that the rules forbid is refused, with a text, and changes
# nothing: a case in each state, and each command of reevectl case that
# takes it a step on.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Sandbox;

my $box = Sandbox->new;
my $state = $box->path('state');
mkdir $state, 0700 or die "$!\n";
my $conf = $box->write_file('c.conf', Sandbox::conf_text({ state_dir => $state }));

sub case_
{
	return $box->run("$Sandbox::BUILD/reevectl", '-c', $conf, '--json', 'case', @_);
}

# How one comes to be in a state.
my %way = (
	open => [], warned => ['warn'], watched => ['watch'], suspended => ['suspend'],
	remedied => ['remedy'], closed => ['close'],
	terminated => ['suspend', 'terminate'],
);
my @commands = qw(note warn watch suspend resume remedy close terminate assign);
# What each leads to: as t/unit/cases/casestate.c has it; a dot is a refusal.
my %table = (
	#             note      warn     watch     suspend     resume    remedy
	open =>       'open     warned   watched   suspended   .         remedied   closed   . open',
	warned =>     'warned   warned   watched   suspended   .         remedied   .        . warned',
	watched =>    'watched  watched  watched   suspended   .         remedied   .        . watched',
	suspended =>  'suspended .       .         .           watched   remedied   . ' .
		'terminated suspended',
	remedied =>   'remedied warned   watched   suspended   .         .          closed   . remedied',
	closed =>     'closed   .        .         .           .         .          .        . .',
	terminated => 'terminated . . . . . . . .',
);
my %why = (
	'open resume' => qr/it is not suspended/,
	'open terminate' => qr/only who is suspended can be terminated/,
	'warned close' => qr/it is not settled; remedy it first/,
	'suspended warn' => qr/past warnings/,
	'suspended watch' => qr/resume it, and it is watched/,
	'suspended suspend' => qr/suspended already/,
	'suspended close' => qr/resume or remedy it first/,
	'remedied remedy' => qr/remedied already/,
	'closed warn' => qr/the case is over; open a new one/,
	'terminated suspend' => qr/the case is over; open a new one/,
);

my $count = 0;
sub new_case
{
	my ($wanted) = @_;
	my ($status, $out, $err) = case_('open', 'account', 'user' . ++$count);
	my ($id) = $out =~ /"case":"([^"]+)"/ or die "case open: $err\n";
	(case_($_, $id))[0] == 0 or die "case $_ $id\n" for @{$way{$wanted}};
	return $id;
}

sub state_of
{
	my ($id) = @_;
	my $case = decode_json((case_('show', $id))[1]);
	return ($case->{state}, scalar @{$case->{steps}});
}

my %seen;
for my $from (sort keys %table) {
	my @to = split ' ', $table{$from};
	my $id = new_case($from);

	is scalar @to, scalar @commands, "$from: a word for each command";
	for my $i (0 .. $#commands) {
		my $command = $commands[$i];
		my @words = ($command, $id, $command eq 'assign' ? 'bob' : ());

		if ($to[$i] ne '.') {
			my ($status, $out, $err) = case_(@words);
			is $status, 0, "$from: $command" or diag $err;
			is +(state_of($id))[0], $to[$i], "leads to $to[$i]";
			$id = new_case($from);
			next;
		}
		my @before = state_of($id);
		my ($status, $out, $err) = case_(@words);
		is $status, 65, "$from: $command is refused";
		like $err, $why{"$from $command"} // qr/case \Q$id\E: \S+ \S+/, 'with a text';
		is_deeply [state_of($id)], \@before, 'and changes nothing';
		$seen{"$from $command"} = 1;
	}
}
is_deeply [grep { !$seen{$_} } keys %why], [], 'each of the texts was seen';
my ($status, $out, $err) = case_('warn', '2026-9999');
isnt $status, 0, 'a case that is none';
like $err, qr/there is none/, 'with a text';
case_('open', 'account', 'twice');
($status, $out, $err) = case_('open', 'account', 'twice');
is $status, 65, 'a second case about the same';
like $err, qr/goes on already about the same; note it there/, 'with a text';

done_testing;
