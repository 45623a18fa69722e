# One pass over a text finds the rules that may match there: the hits are those
# of each pattern on its own, compiled patterns are kept, and a rule that is cut
# off too often is left out.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Milter::Client;
use Sandbox;

my $box = Sandbox->new;
my $reevectl = "$Sandbox::BUILD/reevectl";
my $state = $box->path('state');
mkdir $state or die "$!\n";
my %conf = map { ($_ => $box->write_file("$_.conf", Sandbox::conf_text({
	state_dir => $state,
	rules => { files => [], one_pass => $_ eq 'one' ? 'true' : 'false' },
}))) } qw(one each);

sub matched
{
	my ($conf, $rules, @what) = @_;
	my ($status, $out, $err) = $box->run($reevectl, '-c', $conf{$conf},
		'rules', 'match', '--json', '--rules', $rules, @what);

	is $status, 0, 'matched' or diag $err;
	return $out;
}

# Those in which nothing is certain, for Hyperscan.
my @vague = ('/^\S+$/', '/\w \w/', '/\S{20}/', '/^.{4}$/', '/[a-z] [a-z]/',
	'/(?!f)\w{4}/', '/(\w)\1/', '/.{3,}\s/', '/\D{9}/', '/[^ ]{25,}/',
	'/[[:upper:]]{4}/', '/\b[^e ]{6}\b/', '/[[:<:]]\w{3,4}[[:>:]]\s/');
# What a prefilter gets wrong most easily: anchors, counts, options,
# look-around, references, classes with braces and brackets, what
# may match nothing.
my @patterns = ('/free/i', '/^free/', '/free$/', '/FREE/', '/x{2,300}y/',
	'/x{40}y/', '/[{]9,99[}]/', '/[]{9,99}]z/', '/[^]x{3,}]{12,30}z/',
	'/\x{66}ree/', '/f\{2,40}r/', '/(?<!un)free/', '/(?<=is )free/',
	'/free(?! of)/', '/(f)r(e)\2/', '/(\w)\1{10,20}/', '/fr ee/x',
	"/fr # {3,99}\\n/x", '/a*/', '/(?:q?){20}/', '/\bfree\b/', '/(?i)FrEe/',
	'/^\s*$/', '/f(?>re|r)e/', '/fre++/', '/.{30,}free/s', '/free.{0,200}now/',
	'/\Gf/', '/\Afree/', '/now\z/', '/now\Z/', '/[[:alpha:]]{9,}\d/',
	'/[\]{9,}]{2}/', '/(?(?=f)free|now)/', '/\Qf{9,99}\E/', '/\d{1,3}\.\d/',
	'/\xe5\xb9/', '/f.?r.?e.?e/', '/(?:f|F)(?:r|R)e{2,12}/', '/e{2}(?#x{9,99})/',
	'/(?:[fF]|\xe5\xb9)(?:r|\xbf)?(?:e|x)/', '/r[\W_]*e[\W_]*e/', '/fr\Ee/',
	'/f(?i)R(?-i)ee/', '/f(?:x|)r/', '/fr(?#x)?ee/', '/(?x) f r ee #x/', @vague);
my @kinds = ('body', 'rawbody', 'full', 'uri', 'header');
my $rules = $box->write_file('many.cf', join "", map {
	my $i = $_;
	map { my $p = $patterns[$i];
		$_ eq 'header' ?
		"header H_$i Subject =~ $p\nheader N_$i Subject !~ $p\n" .
		"header U_$i X-None =~ $p [if-unset: free]\n" :
		"$_ \U${_}\E_$i $p\ntflags \U${_}\E_$i multiple\n" } @kinds
} 0 .. $#patterns);
my @texts = ('free', 'this is free', 'unfree now', 'FREE of all', '',
	'x' x 2 . 'y', 'x' x 39 . 'y', 'x' x 40 . 'y', 'x' x 301 . 'y',
	'{9,99}', ']z', '{z', 'q' x 30 . 'z', 'f{2,40}r', 'f{9,99}', 'ffffffffffffff',
	'f r e e', "a b\n\nfree now", 'http://free.example/now free',
	'abcdefghijk1', '1.2', "\xe5\xb9\xbf", 'Freeeeeeeeeeeeeeee', ']{9}]');
mkdir $box->path('mail');
for my $i (0 .. $#texts) {
	$box->write_file("mail/$i.eml", "From: a\@b.example\n" .
		"Subject: $texts[-$i] \nTo: c\@d.example\n\n$texts[$i]\n");
}
$box->write_file('mail/long.eml', "Subject: x\n\n" . join "\n\n", map {
	"$_ free now $_" } 1 .. 3000);

my $each = matched('each', $rules, $box->path('mail'));
ok !-e "$state/patterns", 'nothing is kept where there is no pass';
my $one = matched('one', $rules, $box->path('mail'));
is $one, $each, 'the same hits, by one pass and by each pattern';
my %hits = map { $_ => 1 } map { my $o = decode_json($_); @{ $o->{hits} } }
	split /\n/, $each;
cmp_ok scalar keys %hits, '>', 100, 'and many of them';

SKIP: {
	my @kept = glob "$state/patterns/*";
	skip 'built without Hyperscan', 8
		unless grep { /libhs/ } `ldd $Sandbox::BUILD/mailreeve`;
	is scalar @kept, 2, 'what was compiled is kept, the same once';
	my %age = map { $_ => (stat $_)[1] } @kept;
	is matched('one', $rules, $box->path('mail')), $each, 'and used again';
	is_deeply { map { $_ => (stat $_)[1] } @kept }, \%age, 'as it is';

	for my $file (@kept) {
		open my $fh, '+<', $file or die "$!\n";
		seek $fh, 100, 0;
		print $fh "damage";
		close $fh;
	}
	is matched('one', $rules, $box->path('mail')), $each,
		'a damaged one is not';
	isnt +(stat $kept[0])[1], $age{$kept[0]}, 'but made anew';
}

subtest 'left out' => sub {
	my $bad = $box->write_file('bad.cf', "body EXPLODES /^(a+)+(?<=q)!/\n" .
		"body __GOOD /free/\n");
	my $daemon = $box->daemon(relay => { domains => ['example.org'] },
		rules => { files => [$bad], cut_offs => 2 });

	for my $i (1 .. 4) {
		my $mta = Milter::Client->new($daemon->socket);

		is $mta->message(body => 'a' x 3000 . "!\r\n")->{cmd}, 'c',
			'mail passes';
		$mta->quit;
	}
	my @told = map { scalar grep { $_->{symbol} eq 'CONTENT_CUT_OFF' }
		@{ $_->{findings} } } $daemon->records(4);
	is_deeply [@told], [0, 0, 1, 1], 'told of the first two alone';
	like $daemon->log, qr/rule_cut_off .*rule=EXPLODES/, 'once so';
	like $daemon->log, qr/rule_left_out .*rule=EXPLODES .* times=2/,
		'and at last';
	my $status = $box->wait_for(5, sub {
		my ($s) = $daemon->objects('status');
		@{ $s->{content}{rules}{left_out} } && $s });
	is_deeply $status->{content}{rules}{left_out}, ['EXPLODES'],
		'so says reevectl status';
	my (undef, $out) = $daemon->reevectl('status');
	like $out, qr/^rules left out +EXPLODES: run into limits/m, 'and to people';
	$daemon->stop;
};

my ($status, $out) = $box->run($reevectl, '-c', $conf{one}, 'rules', 'profile',
	'--limit', 3, '--rules', $rules, $box->path('mail'));
is $status, 0, 'a profile';
like $out, qr/^25 messages, [\d.]+ microseconds each\n/, 'of all messages';
like $out, qr/^(?:BODY|FULL|RAWBODY|URI|[HNU])_\d+ .*many\.cf:\d+/m, 'by rule';

done_testing;
