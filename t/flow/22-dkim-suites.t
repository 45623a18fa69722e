# Public DKIM test suites, by reevectl try: Mail::DKIM's corpus, libopendkim's
# own cases, rspamd's, and what opendkim's milter tests expect. Old ones have
# short keys and rsa-sha1, so those are let in here.

use strict;
use warnings;

use Test::More;

use DNS;
use Sandbox;
use Suite;

my $shared = Sandbox->shared // plan skip_all => 'no ../shared here';
my $data = "$shared/data/dkim";
my $box = Sandbox->new;

# Where a suite and we differ, and why.
my $draft = 'a signature of a draft, whose v= is missing or not 1; RFC 6376, ' .
	'3.5, wants v=1';
my $granularity = 'g= in the key, which RFC 6376 took out';
my $bodiless = 'the C test gives the body in other pieces of code than the ' .
	'converter saw: the message here has none';
my %differs = (
	(map { ("mail-dkim/$_" => $draft) } qw(bad_1 bad_ietf01_2
		good_ietf00_1 good_ietf00_3 good_ietf00_5 good_ietf01_2
		mine_ietf01_2 mine_ietf01_4 multiple_1 no_body_1 no_body_3)),
	'mail-dkim/badkey_8' => $granularity,
	'mail-dkim/badkey_12' => $granularity,
	'libopendkim/t-test59' => "$bodiless; it asserts what the library " .
		'says when it has no folder for temporary files',
	'libopendkim/t-test76' => 'a signature without d= is told as ' .
		'permerror, where the library alone passes over it',
	'libopendkim/t-test102' => 'it sets an option of the library, that a ' .
		'certain field must be signed',
	'libopendkim/t-test143' => $bodiless,
);

sub conf
{
	my ($dns, %dkim) = @_;

	return $box->write_file('try.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), authserv_id => 'mx.test',
		resolver => { servers => [$dns->server], timeout => '4s' },
		dkim => { allow_sha1 => 'true', min_key_bits => 0, %dkim },
	}));
}

sub check
{
	my ($suite, $id, $got, @want) = @_;
	my $best = Suite::best_dkim($got);
	my $reason = $differs{"$suite/$id"};

	if ($reason) {
		isnt $best, $want[0], "$suite: $id differs: $reason";
	} else {
		ok scalar(grep { $_ eq $best } @want), "$suite: $id"
			or diag "want @want, got ",
			JSON::PP->new->canonical->encode($got->{auth}{dkim});
	}
}

my %invalid = map { $_ => 1 } qw(permerror temperror policy);

{
	my $dir = "$data/mail-dkim";
	my $dns = DNS->start($box, zones => ["$dir/dns.json"]);
	my @cases = Suite::table("$dir/manifest.tsv");
	my $conf = conf($dns);

	is scalar @cases, 40, 'Mail::DKIM has all its cases';
	for my $case (@cases) {
		check('mail-dkim', $case->{id}, Suite::try_one($box, $conf,
			"$dir/$case->{file}", '--client-ip' => '192.0.2.1'),
			$case->{expect} eq 'invalid' ?
				qw(permerror temperror policy) :
				$case->{expect});
	}
	$dns->stop;
}

{
	my $dir = "$data/libopendkim";
	my $dns = DNS->start($box, zones => ["$dir/dns.json"]);
	my $cases = Suite::json("$dir/cases.json");
	my $conf = conf($dns);

	is scalar @$cases, 42, 'libopendkim has all its cases';
	for my $case (@$cases) {
		check('libopendkim', $case->{id}, Suite::try_one($box, $conf,
			"$dir/$case->{file}", '--client-ip' => '192.0.2.1'),
			$case->{expect} =~ /^permerror/ ? 'permerror' :
				$case->{expect});
	}
	$dns->stop;
}

{
	my $dir = "$data/rspamd";
	my $dns = DNS->start($box, zones => ["$dir/dns.json"]);
	my $cases = Suite::json("$dir/cases.json");

	is scalar @$cases, 8, 'rspamd has all its cases';
	for my $case (@$cases) {
		my ($want) = map { /^dkim=(\w+)/ } @{ $case->{expect} };
		check('rspamd', $case->{id}, Suite::try_one($box, conf($dns),
			"$dir/$case->{file}",
			'--client-ip' => $case->{ip} // '192.0.2.1'), $want);
	}
	$dns->stop;
}

{
	my $dir = "$data/opendkim-milter";
	my $dns = DNS->start($box, zones => ["$dir/dns.json"]);
	my $cases = Suite::json("$dir/cases.json");

	is scalar @$cases, 7, 'the opendkim milter has all its cases';
	for my $case (@$cases) {
		my $got = Suite::try_one($box, conf($dns),
			"$dir/$case->{file}", '--client-ip' => '192.0.2.1',
			'--from' => $case->{mailfrom});
		my ($header) = map { $_->{value} } grep {
			$_->{name} eq 'Authentication-Results'
		} @{ $got->{headers} };
		my $reason = $differs{"opendkim/$case->{id}"};
		my @missing = grep { index($header, $_) < 0 }
			@{ $case->{expect_authres_contains} };
		if ($reason) {
			ok scalar @missing, "opendkim: $case->{id} differs: $reason";
		} else {
			is "@missing", '', "opendkim: $case->{id}"
				or diag $header;
		}
	}
	$dns->stop;
}

done_testing;
