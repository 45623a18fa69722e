# redirector_pattern: what a URI of a redirector leads to is a URI, too.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Rules;
use Sandbox;

my $rules = Rules->new(Sandbox->new);

my $pattern = "redirector_pattern m{^https?://go\\.example/out/\\w+/(.*)}i\n";
my $target = "uri A m{^http://bad\\.example/x}\n";

sub mail { return "From: a\@b.example\nSubject: x\n\n$_[0]\n" }
sub page
{
	return "From: a\@b.example\nSubject: x\nContent-Type: text/html\n\n" .
		$_[0];
}

# [what, rules, message, hits]
for my $case (
	['its target is a URI', $pattern . $target,
		mail('http://go.example/out/17/bad.example/x'), 'A'],
	['not without the pattern', $target,
		mail('http://go.example/out/17/bad.example/x'), ''],
	['nor that of others', $pattern . $target,
		mail('http://no.example/out/17/bad.example/x'), ''],
	['in HTML', $pattern . $target,
		page('<a href="http://go.example/out/1/bad.example/x">y</a>'), 'A'],
	['a user name before it', $pattern . $target,
		mail('http://me@go.example/out/1/bad.example/x'), 'A'],
	['written with escapes', $pattern . $target,
		mail('http://%67o.example/out/1/bad%2eexample/x'), 'A'],
	['a redirector that leads to a redirector', $pattern . $target,
		mail('http://go.example/out/1/go.example/out/2/bad.example/x'),
		'A'],
	['what is no host is no target', $pattern . "uri A m{^http://nowhere}\n",
		mail('http://go.example/out/1/nowhere'), ''],
	['the first pattern that finds something', $pattern . <<'END' . $target,
redirector_pattern m{^https?://go\.example/(.*)}i
uri B m{^http://out/}
END
		mail('http://go.example/out/1/bad.example/x'), 'A'],
	['else what stands within', $pattern . $target,
		mail('http://go.example/z?u=http://bad.example/x'), 'A'],
	['and only then', $pattern . "uri A m{^http://c\\.example/\$}\n",
		mail('http://go.example/out/1/bad.example/?http://c.example/'),
		'A'],
	['a pattern without a group', "redirector_pattern /go\\.example/\n" .
		$target, mail('http://go.example/?u=http://bad.example/x'), 'A'],
	['uri_detail', $pattern . <<'END',
uri_detail A raw =~ /^http:..go\.example/ domain =~ /^bad\.example$/
END
		mail('http://go.example/out/17/bad.example/x'), 'A'],
	['functions', $pattern . <<'END',
enlist_uri_host (MINE) bad.com
header A eval:check_uri_host_listed('MINE')
END
		mail('http://go.example/out/17/bad.com/x'), 'A'],
) {
	my ($what, $text, $message, $want) = @$case;

	is $rules->hits($text, $message), $want, $what;
}

my ($status, $out) = $rules->run('check', $rules->file('bad.cf', <<'END'));
redirector_pattern m{^http://a\.example/(.*)}
redirector_pattern m{^http://(.*}
redirector_pattern nothing
END
like $out, qr/bad\.cf:2: redirector_pattern: missing closing parenthesis/,
	'a pattern that PCRE2 does not take is told';
like $out, qr{bad\.cf:3: redirector_pattern: no /pattern/}, 'so is none at all';
unlike $out, qr/bad\.cf:1:|passed over/, 'a good one is not';

# A stranger's URIs, of patterns that lead to themselves, or nowhere.
my $began = time;
is $rules->hits("redirector_pattern m{^http://(.*)}\n$target", mail(
	join "\n", map { "http://h$_.example/" . 'y.' x 900 } 1 .. 5000)), '',
	'a pattern that leads to itself ends';
is $rules->hits('redirector_pattern m{^http://(?:(?:[a-z.]+)+)+!(.*)}' .
	"\n$target", mail(join "\n", map {
		"http://h$_.example/" . 'y.' x 900 } 1 .. 5000)), '',
	'so does one that explodes';
cmp_ok time - $began, '<', Sandbox::is_sanitized() ? 240 : 30, 'soon';

done_testing;
