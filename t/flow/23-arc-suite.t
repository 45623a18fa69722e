# The ARC validation suite of Valimail, by reevectl try.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use DNS;
use Sandbox;
use Suite;

my $shared = Sandbox->shared // plan skip_all => 'no ../shared here';
my $dir = "$shared/data/arc/valimail-validate";
my $box = Sandbox->new;
my @cases = Suite::table("$dir/manifest.tsv");
is scalar @cases, 171, 'the suite has all its cases';

# Where the suite and we differ, and why.
my %differs = (
);

my (%dns, $conf);
for my $case (sort { $a->{dns} cmp $b->{dns} } @cases) {
	unless ($dns{$case->{dns}}) {
		$_->stop for values %dns;
		%dns = ($case->{dns} => DNS->start($box,
			zones => ["$dir/$case->{dns}"]));
		$conf = $box->write_file('try.conf', Sandbox::conf_text({
			state_dir => $box->path('none'),
			resolver => { timeout => '4s',
				servers => [$dns{$case->{dns}}->server] },
		}));
	}
	my $got = Suite::try_one($box, $conf, "$dir/$case->{file}",
		'--client-ip' => '192.0.2.1');
	my $result = $got->{auth}{arc}{result};
	my $reason = $differs{$case->{id}};

	if ($case->{expect} eq 'unspecified') {
		like $result, qr/^(none|pass|fail)$/, "$case->{id}: any answer";
	} elsif ($reason) {
		isnt $result, $case->{expect}, "$case->{id} differs: $reason";
	} else {
		is $result, $case->{expect}, "$case->{id}: $case->{description}"
			or diag encode_json($got->{auth}{arc});
	}
}

done_testing;
