# What a rule's (?<NAME>...) found stands in other rules' %{NAME}; tags in
# patterns too long for PCRE2.

use strict;
use warnings;

use Test::More;

use Rules;
use Sandbox;

my $rules = Rules->new(Sandbox->new);

my $link = <<'END';
header __TO To:addr =~ /(?<TO_ADDR>.*)/
uri LINK m{^https?://.{4,64}\#%{TO_ADDR}}i
END

sub mail
{
	my ($header, $body) = @_;

	return "From: a\@b.example\n${header}Subject: x\n\n$body\n";
}

# [what, rules, message, hits]
for my $case (
	['the address that it goes to', $link, mail("To: ann\@c.example\n",
		'see http://d.example/e#Ann@c.example now'), 'LINK __TO'],
	['its dot is a dot', $link, mail("To: ann\@c.example\n",
		'see http://d.example/e#ann@cxexample.org now'), '__TO'],
	['nothing found, and the rule does not run', $link, mail('',
		'see http://d.example/e#ann@c.example now'), '__TO'],
	['brackets of strangers are no groups', <<'END', mail("X-Word: abab\n", '(a|b)+ a'),
body __A /^(?<PIECE>\S+) /
header B X-Word =~ /^%{PIECE}$/
END
		'__A'],
	['but they are brackets', <<'END', mail("X-Word: (a|b)+\n", '(a|b)+ a'),
body __A /^(?<PIECE>\S+) a/
header B X-Word =~ /^%{PIECE}$/
END
		'B __A'],
	['each text of "multiple"', <<'END', mail("X-Word: two\n", 'one two'),
body __A /\b(?<WORD>one|two)\b/
tflags __A multiple
header B X-Word =~ /^%{WORD}$/
END
		'B __A'],
	['only the first text without it', <<'END', mail("X-Word: two\n", 'one two'),
body __A /\b(?<WORD>one|two)\b/
header B X-Word =~ /^%{WORD}$/
END
		'__A'],
	['not, with a text', <<'END', mail("X-Word: two\n", 'one'),
body __A /\b(?<WORD>one|two)\b/
header B X-Word !~ /^%{WORD}$/
END
		'B __A'],
	['not, and there is none', <<'END', mail("X-Word: two\n", 'three'),
body __A /\b(?<WORD>one|two)\b/
header B X-Word !~ /^%{WORD}$/
END
		''],
	['what must not follow', <<'END', mail("X-Word: one\n", "x one two"),
body __A /^\S+ (?<WORD>one)/
body B /^x \S+(?! %{WORD}) two/
header C X-Word =~ /^(?!%{WORD}x)one/
END
		'B C __A'],
	['with tags around', <<'END', mail("X-Word: 0ne4\n", '0ne'),
replace_tag A [a4]
replace_rules B
body __A /\b(?<WORD>0ne)\b/
header B X-Word =~ /^%{WORD}<A>$/
END
		'B __A'],
	['a backslash before it', 'body B /\%{WORD}x/',
		mail('', 'a %{WORD}x'), 'B'],
) {
	my ($what, $text, $message, $want) = @$case;

	is $rules->hits($text, $message), $want, $what;
}

my $text = "body B /^%{WORD}/\ndescribe B x\n";
my ($status, $out) = $rules->run('check', $rules->file('none.cf', $text));
like $out, qr/B: %\{WORD\}: no rule has a \(\?<WORD>\.\.\.\)/,
	'a name that nobody captures is told';

my $long = 'a' . join '', map { "|a${_}z" } 1 .. 200;
$text = "replace_tag A (?:$long)\nreplace_rules B\nbody B /^x" .
	'<A>' x 60 . "y/\n";
my $inside = 'a17za' x 30;
is $rules->hits($text, mail('', "x${inside}y")), 'B',
	'a pattern of more than 64 KiB';
is $rules->hits($text, mail('', "xa${inside}y")), '', 'and one more';

done_testing;
