# What else forgers do, a message each, by reevectl try: what is found, and that
# nothing of it is found in an honest message.

use strict;
use warnings;
use utf8;

use Encode;
use POSIX qw(strftime);
use Test::More;

use DNS;
use Milter::Client;
use Sandbox;
use Suite;

my $box = Sandbox->new;
my $dns = DNS->start($box, records => [
	['7.113.0.203.in-addr.arpa', 'PTR', 'mail.honest.example'],
	['mail.honest.example', 'A', '203.0.113.7'],
	['8.113.0.203.in-addr.arpa', 'PTR', 'mail.honest.example'],
	['honest.example', 'TXT', 'v=spf1 ip4:203.0.113.7 -all'],
	['_dmarc.honest.example', 'TXT', 'v=DMARC1; p=none'],
	['example.org', 'TXT', 'v=spf1 ip4:203.0.113.7 -all'],
]);
my $conf = $box->write_file('try.conf', encode_utf8(Sandbox::conf_text({
	state_dir => $box->path('none'), authserv_id => 'mx.example.org',
	resolver => { servers => [$dns->server], timeout => '4s' },
	relay => { domains => ['example.org', 'mybank.example'],
		addresses => ['198.51.100.25'] },
	sender => { protected_names => ['Jane Chief'],
		protected_domains => ['paypal.com', 'grünbank.example'] },
})));
my $now = strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime);
my %honest = (
	From => 'Ann <ann@honest.example>', To => 'you@example.org',
	Date => $now, Subject => 'hello', 'Message-ID' => '<1@honest.example>',
	Received => 'from pc by mail.honest.example; ' . $now,
);

# The symbols found about a message: fields replace the honest ones, undef takes
# one away, a list gives several.
sub found
{
	my ($case) = @_;
	my %field = (%honest, %{ $case->{fields} // {} });
	my $text = join '', map {
		my $name = $_;
		map { "$name: $_\r\n" } grep { defined } ref $field{$name} ?
			@{ $field{$name} } : $field{$name}
	} sort keys %field;
	my $file = $box->write_file('m.eml', encode_utf8("$text\r\n" .
		($case->{body} // "hello\r\n")));
	my $got = Suite::try_one($box, $conf, $file,
		'--client-ip' => $case->{ip} // '203.0.113.7',
		defined $case->{helo} && $case->{helo} eq '' ? () :
			('--helo' => $case->{helo} // 'mail.honest.example'),
		'--from' => $case->{from} // '<ann@honest.example>',
		'--rcpt' => '<you@example.org>');

	return map { $_->{symbol} }
		@{ $got->{findings} };
}

is_deeply [found({})], [], 'an honest message: nothing';

sub f { { fields => { @_ } } }
my %list = ('List-Id' => '<l.honest.example>');

my @cases = (
	['FROM_OURS', { %{ f(From => 'boss@example.org') } }],
	['', f(From => 'Bo <bo@example.org>'), 'ours, and SPF proves it',
		'<bo@example.org>'],
	['RELAY_OWN_SENDER', { ip => '203.0.113.5' },
		'ours in the envelope, and SPF denies it', '<bo@example.org>'],
	['FROM_NAME_ADDRESS', f(From =>
		'"ceo@bank.example" <ann@honest.example>')],
	['', f(From => '"ann@honest.example" <ann@honest.example>'),
		'its own address as name'],
	['FROM_NAME_HIDES', f(From =>
		'=?utf-8?q?ceo=40bank.example?= <ann@honest.example>')],
	['FROM_NAME_OURS', f(From =>
		'"example.org support" <ann@honest.example>')],
	['FROM_NAME_OURS', f(From => 'jane chief <ann@honest.example>')],
	['FROM_NAME_OURS', f(From => 'Jаne Сhief <ann@honest.example>'),
		'in Cyrillic letters'],
	['REPLY_TO_ELSEWHERE', f('Reply-To' => 'x@other.example')],
	['', f('Reply-To' => 'x@sub.honest.example'), 'Reply-To nearby'],
	['LOOKALIKE_EDIT', f(From => 'a@paypai.com')],
	['LOOKALIKE_EDIT', f(From => 'a@paypla.com')],
	['LOOKALIKE_EDIT', f(From => 'a@login.paypal.co')],
	['LOOKALIKE_CONFUSABLE', f(From => 'a@paypa1.com')],
	['LOOKALIKE_CONFUSABLE', f(From => 'a@xn--pypal-4ve.com'),
		'pаypal with a Cyrillic а'],
	['LOOKALIKE_CONFUSABLE', f(From => 'a@раураl.com')],
	['LOOKALIKE_LABEL', f(From => 'a@paypal.com.evil.example')],
	['LOOKALIKE_LABEL', f(From => 'a@mybank-secure.com')],
	['LOOKALIKE_LABEL', f(From => 'a@mybank.evil.net')],
	['', f(From => 'a@paypal.net'), 'the name under another suffix'],
	['LOOKALIKE_CONFUSABLE', f('Reply-To' => 'a@paypa1.com')],
	['LOOKALIKE_CONFUSABLE', {}, 'in the envelope', '<a@paypa1.com>'],
	['FROM_MANY', f(From => ['a@honest.example', 'b@honest.example'])],
	['FROM_DOMAINS', f(From => 'a@honest.example, b@other.example')],
	(map { ['HEADER_DUPLICATE', f($_ => [$honest{$_} // 'a@honest.example',
		$honest{$_} // 'b@honest.example']), $_] }
		qw(Sender Date Subject Message-ID To)),
	['FROM_MISSING', f(From => undef)],
	['FROM_NO_DOMAIN', f(From => 'ann')],
	['FROM_ROUTE', f(From => '<@a.example:ann@honest.example>')],
	['FROM_COMMENT', f(From => '<ann(x@y)@honest.example>')],
	['FROM_ENCODED', f(From => '<=?utf-8?q?ann?=@honest.example>')],
	['FROM_SYNTAX', f(From => '"Ann <ann@honest.example>')],
	['FROM_GROUP', f(From => 'G: ann@honest.example;')],
	['ENVELOPE_DIFFERS', f(%list, From => 'a@nodmarc.example')],
	['', f(%list), 'a list of its own domain'],
	['MESSAGE_ID_MISSING', f('Message-ID' => undef)],
	['MESSAGE_ID_FORGED', f('Message-ID' => 'none')],
	['MESSAGE_ID_FORGED', f('Message-ID' => '<1@mybank.example>')],
	['DATE_MISSING', f(Date => undef)],
	['DATE_FORGED', f(Date => 'yesterday')],
	['DATE_FORGED', f(Date => 'Mon, 23 Nov 2099 10:00:00 +0000')],
	['DATE_FORGED', f(Date => 'Mon, 23 Nov 2009 10:00:00 +0000')],
	['RECEIVED_FORGED', f(Received => 'from x by mx.example.org; x')],
	['', f(Received => ["from x by list.example; x",
		'from y by mx.example.org; y']), 'mail that comes back'],
	['NO_REPLY_PATH', f(From => undef), '', '<>'],
	['HELO_OURS', { helo => 'mx.example.org' }],
	['HELO_OURS', { helo => 'mybank.example' }],
	['HELO_OURS', { helo => '198.51.100.25' }, 'our address'],
	['HELO_OURS', { helo => '[198.51.100.25]' }, 'our address literal'],
	['HELO_BARE', { helo => 'localhost' }],
	['HELO_LITERAL', { helo => '[192.0.2.1]' }],
	['', { helo => '[203.0.113.7]' }, 'its own literal'],
	['HELO_ADDRESS', { helo => '203.0.113.7' }],
	['HELO_SYNTAX', { helo => 'a b.c' }],
	['HELO_MISSING', { helo => '' }],
	['CLIENT_NO_PTR', { ip => '203.0.113.9' }],
	['CLIENT_PTR_FORGED', { ip => '203.0.113.8' }],
);
for my $case (@cases) {
	my ($want, $message, $what, $from) = @$case;
	$message->{from} = $from if $from;
	my @got = found($message);
	my $name = encode_utf8($what || join ' ', map { $_ // '' } %{
		$message->{fields} // { helo => $message->{helo},
		ip => $message->{ip} } });

	if ($want) {
		ok scalar(grep { $_ eq $want } @got), "$want: $name"
			or diag "@got";
	} else {
		is "@got", '', "nothing: $name";
	}
}

# Line ends that only a milter sees.
{
	my $daemon = $box->daemon(relay => { domains => ['example.org'] });
	my $eods = Sandbox->shared ? [map { $_->{hex} } Suite::table(
		Sandbox->shared . '/data/smtp/smuggling-eod.tsv')] : [];
	my %wanted = map { $_ => 1 } @$eods, '0d2e0d';

	for my $hex (sort keys %wanted) {
		my $mta = Milter::Client->new($daemon->socket);
		my $eod = pack 'H*', $hex;
		$mta->message(queue_id => "E$hex", body =>
			"one${eod}MAIL FROM:<x\@y.example>\r\ntwo\r\n");
		$mta->quit;
		my ($record) = $daemon->records(1, '--queue-id', "E$hex");
		my @symbols = map { $_->{symbol} } @{ $record->{findings} };
		# A NUL before the dot is no odd line end.
		if ($hex eq '0d0a002e0d0a') {
			ok !(grep { /SMUGGLING/ } @symbols), "$hex: none";
		} else {
			ok scalar(grep { $_ eq 'SMUGGLING' } @symbols),
				"end of data $hex" or diag "@symbols";
		}
	}
	# First contact is one once, and a restart does not forget.
	my $letter = sub {
		my ($id) = @_;
		my $mta = Milter::Client->new($daemon->socket);
		$mta->message(queue_id => $id, headers => [
			['From', 'new@first.example'],
			['Reply-To', 'x@other.example']]);
		$mta->quit;
		my ($record) = $daemon->records(1, '--queue-id', $id);
		return scalar grep { $_->{symbol} eq 'REPLY_TO_ELSEWHERE' }
			@{ $record->{findings} };
	};
	is $letter->('C1'), 1, 'a first contact';
	is $letter->('C2'), 0, 'a second one';
	$daemon->stop;
	$daemon->start;
	is $letter->('C3'), 0, 'after a restart, too';
}

# Accounts and their senders.
{
	my $table = $box->write_file('logins',
		"# who may\nbob: bob\@example.org, \@sales.example.org\n" .
		"root: *\nann\@example.org: help\@example.org\n");
	my $daemon = $box->daemon(name => 'logins', sender => {
		logins => ['alice: Alice@example.org, @.all.example.org'],
		logins_file => $table });
	my $try = sub {
		my ($account, $from, $author) = @_;
		my $mta = Milter::Client->new($daemon->socket);
		my $result = $mta->message(login => $account, from => "<$from>",
			headers => [['From', $author // $from]]);
		$mta->quit;
		# Told at RCPT when the envelope shows it.
		my $text = $result->{stage} eq 'rcpt' ?
			$result->{rcpts}[0]{text} : $result->{text};
		return $result->{cmd} eq 'c' ? 'may' :
			$text =~ /^553 5\.7\.1/ ? 'not' : "$result->{cmd} $text";
	};
	my @may = (
		['alice', 'alice@example.org', undef, 'may'],
		['alice', 'ALICE@EXAMPLE.ORG', undef, 'may'],
		['alice', 'x@deep.all.example.org', undef, 'may'],
		['alice', 'x@all.example.org', undef, 'not'],
		['alice', 'bob@example.org', undef, 'not'],
		['alice', 'alice@example.org', 'Boss <bob@example.org>', 'not'],
		['bob', 'any@sales.example.org', undef, 'may'],
		['root', 'any@where.example', undef, 'may'],
		['ann@example.org', 'ann@example.org', undef, 'may'],
		['ann@example.org', 'help@example.org', undef, 'may'],
		['nobody', 'nobody@example.org', undef, 'not'],
		['alice', '', 'alice@example.org', 'may'],
		['alice', '', 'bob@example.org', 'not'],
	);
	for my $case (@may) {
		my ($account, $from, $author, $want) = @$case;
		is $try->($account, $from, $author), $want,
			"$account as <$from> " . ($author // '') . ": $want";
	}
	$daemon->stop;
}

done_testing;
