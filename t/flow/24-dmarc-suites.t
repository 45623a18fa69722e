# Public DMARC test data by reevectl try: whole messages of the authentication
# milter and of rspamd, and the tables of libopendmarc's tests.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use DNS;
use Sandbox;
use Suite;

my $shared = Sandbox->shared // plan skip_all => 'no ../shared here';
my $data = "$shared/data/dmarc";
my $box = Sandbox->new;

sub conf
{
	my ($dns) = @_;

	return $box->write_file('try.conf', Sandbox::conf_text({
		state_dir => $box->path('none'), authserv_id => 'mx.test',
		resolver => { servers => [$dns->server], timeout => '4s' },
		dkim => { allow_sha1 => 'true', min_key_bits => 512 },
		relay => { networks => ['192.0.2.99'] },
	}));
}

# Its results by method; those it does not give are null or hidden, and so are
# not compared. A local client (127.0.0.1) it leaves alone, as we do.
{
	my $dir = "$data/authentication-milter";
	my $dns = DNS->start($box, zones => ["$dir/dns.json"]);
	my $cases = Suite::json("$dir/cases.json");
	my $conf = conf($dns);
	my $no_name = 'an address without a name is permerror (RFC 8601, 2.7.3)';
	my $map = 'its settings map this client to another address';
	my %differs = (
		(map { ("$_/iprev" => $no_name) } qw(google_apps_bad_spf_fail
			google_apps_nodkim_spf_fail dmarc_reject_case
			dmarc_multi_2 google_apps_bad_spf_fail_hard
			dmarc_reject_wl)),
		'google_apps_good_map/iprev' => $map,
		'google_apps_good_map/spf' => $map,
		'dmarc_multi_2/spf' => 'the envelope sender is two addresses, ' .
			'which is none',
		'google_apps_bad_space/spf' => 'the envelope sender has a ' .
			'space in it, and is none',
		'google_apps_bad_space/dmarc' => 'so SPF has no domain that ' .
			'could be aligned',
	);

	is scalar @$cases, 17, 'the authentication milter has all its cases';
	for my $case (@$cases) {
		my @args = ('--client-ip' => $case->{ip},
			'--helo' => $case->{helo_name}, '--from' =>
			length $case->{mailfrom} ? $case->{mailfrom} : '<>');
		my $got = Suite::try_one($box, $conf, "$dir/$case->{file}",
			@args)->{auth};
		my %results = (
			spf => $got->{spf}{result},
			dkim => Suite::best_dkim({ auth => $got }),
			dmarc => $got->{dmarc}{result},
			iprev => $got->{iprev}{result},
		);
		for my $method (sort keys %results) {
			my $want = $case->{expect}{$method} // next;
			my $reason = $differs{"$case->{id}/$method"};
			if ($reason) {
				isnt $results{$method}, $want,
					"$case->{id}: $method differs: $reason";
				next;
			}
			is $results{$method}, $want, "$case->{id}: $method"
				or diag encode_json($got);
		}
		ok 1, "$case->{id}: looked at";
	}
	$dns->stop;
}

{
	my $dir = "$data/rspamd";
	my $dns = DNS->start($box, zones => ["$dir/dns.json"]);
	my $cases = Suite::json("$dir/cases.json");
	my $conf = conf($dns);

	is scalar @$cases, 9, 'rspamd has all its cases';
	for my $case (@$cases) {
		my $dmarc = Suite::try_one($box, $conf, "$dir/$case->{file}",
			'--client-ip' => $case->{ip} // '198.51.100.7',
			'--helo' => $case->{helo} // 'client.invalid',
			'--from' => $case->{mailfrom} // '<>')->{auth}{dmarc};
		my ($want) = @{ $case->{expect} };
		my $text = "dmarc=$dmarc->{result}";

		$text .= " disposition=$dmarc->{disposition}"
			if $want =~ /disposition/;
		is $text, $want, "$case->{id}: $case->{name}"
			or diag encode_json($dmarc);
	}
	$dns->stop;
}

# A message from the domain, with a record for it, and an SPF pass of another.
sub judged
{
	my (%args) = @_;
	my @records = (['_dmarc.' . $args{from_domain}, 'TXT', $args{record}]);

	push @records, [$args{spf}, 'TXT', 'v=spf1 +all'] if $args{spf};
	my $dns = DNS->start($box, records => \@records);
	my $from = $args{from} // "u\@$args{from_domain}";
	my $file = $box->write_file('m.eml', "From: $from\r\n\r\nhello\r\n");
	my $got = Suite::try_one($box, conf($dns), $file,
		'--client-ip' => '198.51.100.7',
		'--from' => $args{spf} ? "s\@$args{spf}" : '<>');

	$dns->stop;
	return $got->{auth}{dmarc};
}

{
	my @rows = Suite::table("$data/opendmarc-tables/record-parse.tsv");
	my %differs = (
		5 => 'p=n is no policy (RFC 7489, 6.3)',
		11 => 'a bad aspf= is ignored (6.3), the rest holds',
		13 => 'a bad ri= is ignored, too',
		19 => 'so is a bad rf=',
	);

	is scalar @rows, 10, 'the table of records has all its rows';
	for my $row (@rows) {
		my $dmarc = judged(from_domain => 'a.example',
			record => $row->{record});
		my $is_good = $dmarc->{result} ne 'none';
		my $want = $row->{expect_status} eq 'DMARC_PARSE_OKAY';
		my $reason = $differs{$row->{id}};

		ok $reason ? $is_good != $want : $is_good == $want,
			"record $row->{id}" . ($reason ? " differs: $reason" :
				'') or diag $row->{record};
	}
}

{
	my @rows = Suite::table("$data/opendmarc-tables/alignment.tsv");
	my %differs = (
		5 => 'a dot in front makes it no domain',
		7 => 'neither is a domain',
	);

	is scalar @rows, 5, 'the table of alignments has all its rows';
	for my $row (@rows) {
		my $mode = $row->{mode} =~ /STRICT/ ? 's' : 'r';
		my $reason = $differs{$row->{id}};
		if ($reason) {
			my $dmarc = judged(from_domain => 'x.example',
				from => "u\@$row->{domain}",
				record => "v=DMARC1; p=none");
			is $dmarc->{result}, 'permerror',
				"alignment $row->{id} differs: $reason";
			next;
		}
		my $dmarc = judged(from_domain => $row->{tld_or_domain},
			record => "v=DMARC1; p=none; aspf=$mode",
			spf => $row->{domain});
		is $dmarc->{result}, $row->{expect} == 0 ? 'pass' : 'fail',
			"alignment $row->{id}" or diag encode_json($dmarc);
	}
}

{
	my @rows = Suite::table("$data/opendmarc-tables/find-from-domain.tsv");

	is scalar @rows, 7, 'the table of From values has all its rows';
	for my $row (@rows) {
		my $dmarc = judged(from_domain => 'joe.com',
			from => $row->{from_header_value},
			record => "v=DMARC1; p=none");
		is $dmarc->{domain}, $row->{expect_domain},
			"From $row->{id}: $row->{from_header_value}";
	}
}

{
	my @rows = Suite::table(
		"$data/opendmarc-tables/organisational-domain.tsv");

	is scalar @rows, 2, 'the table of organisations has all its rows';
	for my $row (@rows) {
		my $dmarc = judged(from_domain => $row->{expect_tld_plus1},
			from => "u\@$row->{domain}",
			record => 'v=DMARC1; p=none');
		is $dmarc->{record_domain}, $row->{expect_tld_plus1},
			"organisation $row->{id}";
	}
}

done_testing;
