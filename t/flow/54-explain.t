# reevectl try: each hit of a content rule with what was found, and
# what is around it.

use strict;
use warnings;
use utf8;

use Encode;
use JSON::PP;
use Test::More;

use Sandbox;

my $builder = Test::More->builder;
binmode $_, ':encoding(UTF-8)' for $builder->output, $builder->failure_output,
	$builder->todo_output;

my $box = Sandbox->new;
my $reevectl = "$Sandbox::BUILD/reevectl";

sub try
{
	my ($rules, $message, @options) = @_;
	my $file = $box->write_file('some.cf', encode('UTF-8', $rules));
	my $conf = $box->write_file('some.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), rules => { files => [$file] },
		relay => { domains => ['example.org'] },
		resolver => { servers => ['127.0.0.1@9'], timeout => '100ms' },
	}));
	my ($status, $out, $err) = $box->run($reevectl, '-c', $conf, @options,
		'try', '--rcpt', 'a@example.org', '--account', 'ann',
		$box->write_file('m.eml', encode('UTF-8', $message)));

	is $status, 0, 'it is tried' or diag $err;
	return $out;
}

# The finding of one rule.
sub finding
{
	my ($name, $rules, $message) = @_;
	my $tried = decode_json(try($rules, $message, '--json'));

	my ($finding) = grep { $_->{symbol} eq $name }
		@{ $tried->{findings} };
	return $finding // {};
}

my $head = "From: Ann <ann\@gmail.com>\nTo: a\@example.org\nSubject: Hello you\n";
my $long = join ' ', 'a' .. 'z', 'A' .. 'Z';

# [what, rules, body with what else stands in the header, evidence]
for my $case (
	['a short text', 'body A /win money/', "\nyou win money now\n",
		'body: you >>win money<< now'],
	['a long one', 'body A /here it is/', "\n$long here it is $long\n",
		'body: ...G H I J K L M N O P Q R S T U V W X Y Z ' .
		'>>here it is<< a b c d e f g h i j k l m n o p q r s t...'],
	['all of it', 'body A /^q.*q/', "\nq" . 'x' x 500 . "q\n",
		'body: >>q' . 'x' x 159 . '...<<'],
	['Chinese', 'body A /发票/', <<'END', 'body: 代开各种>>发票<<,包真'],
Content-Type: text/plain; charset=utf-8

代开各种发票,包真
END
	['characters are whole', 'body A /票/', <<'END',
Content-Type: text/plain; charset=utf-8

代开各种发代开各种发代开各种发票代开各种发代开各种发代开各种发
END
		'body: ...各种发代开各种发代开各种发>>票<<代开各种发代开各种发代开各...'],
	['what steers a terminal', 'body A /b+/', "\na\e[31mbb\x{202e}c\n",
		'body: a?[31m>>bb<<?c'],
	['more than once', "body A /o/\ntflags A multiple", "\no o o\n",
		'body: Hell>>o<< you (5 times)'],
	['a field', 'header A Subject =~ /you/', "\n",
		'header Subject: Hello >>you<<'],
	['another form of it', 'header A From:addr =~ /@/', "\n",
		'header From:addr: ann>>@<<gmail.com'],
	['that is there', 'header A exists:To', "\n", 'header To: it is there'],
	['that is not', 'header A Cc !~ /x/', "\n", 'header Cc: nothing there'],
	['that is otherwise', 'header A Subject !~ /xx/', "\n",
		'header Subject: no match in Hello you'],
	['a URI', 'uri A /bad/', "\nhttp://www.bad.com/x\n",
		'uri: http://www.>>bad<<.com/x'],
	['conditions of one', 'uri_detail A domain =~ /bad/',
		"\nhttp://www.bad.com/x\n",
		'uri_detail: >>http://www.bad.com/x<<'],
	['a function', "freemail_domains gmail.com\n" .
		'header A eval:check_freemail_from()', "\n",
		'header: check_freemail_from(): >>ann@gmail.com<<'],
	['with arguments', "enlist_addrlist (MINE) *\@gmail.com\n" .
		"header A eval:check_from_in_list('MINE')", "\n",
		q{header: check_from_in_list('MINE'): >>ann@gmail.com<<}],
	['a meta', <<'END', "\none two\n",
meta A (__ONE && __TWO) || __THREE || __FOUR
body __ONE /one/
meta __TWO __DEEP
body __DEEP /two/
body __THREE /three/
header __FOUR exists:Subject
END
		'meta: __ONE >>one<<, __TWO, __FOUR'],
	['a meta of what is not', "meta A !__ONE\nbody __ONE /one/", "\nx\n",
		'meta: none of its rules hit'],
	['a meta of many', join('', map { "body __N$_ /x/\n" } 10 .. 40) .
		'meta A rules_matching(__N*) > 2', "\nx\n", 'meta: ' .
		join(', ', map { "__N$_ >>x<<" } 10 .. 29) . ', 11 others'],
) {
	my ($what, $rules, $rest, $want) = @$case;

	is finding('A', $rules, $head . $rest)->{evidence}, $want, $what;
}

my $rules = "body A /two/\nscore A 1.5\ndescribe A Two of them, with é\n" .
	"body B /three/";
my $found = finding('A', $rules, "$head\none two three\n");
is $found->{meaning}, 'Two of them, with é', 'what the author says of it';
is $found->{detail}, 'two', 'the detail is as it was';
my $out = decode('UTF-8', try($rules, "$head\none two three\n"));
like $out, qr/^A 1\.5: Two of them, with é\n  body: one >>two<< three$/m,
	'people are told, too';
like $out, qr/^B 1\.0\n  body: one two >>three<<$/m,
	'of one that is not described, too';

done_testing;
