# Seals of ours: on mail that is sent on, and on what a mailing list here has
# changed; verified by Mail::DKIM and by ourselves. And results in
# internationalised mail.

use strict;
use warnings;
use utf8;

use Encode;
use Test::More;

use DNS;
use NetResolver;
use Milter::Client;
use Sandbox;
use Suite;

my $box = Sandbox->new;
my $key = $box->path('seal.pem');
my ($status, $zone, $err) = $box->run("$Sandbox::BUILD/reevectl", 'dkim',
	'keygen', '--selector', 'arc', '--file', $key, '--owner',
	Sandbox->user, 'seal.example');
is $status, 0, 'a key' or diag $err;
my ($lines) = $zone =~ /IN TXT \((.*?)\)$/ms;
my @key = $lines =~ /"([^"]*)"/g;
my @records = (['arc._domainkey.seal.example', 'TXT', @key],
	['a.example', 'TXT', 'v=spf1 ip4:192.0.2.10 -all']);
my $dns = DNS->start($box, records => \@records);
my %settings = (
	authserv_id => 'mx.seal.example',
	resolver => { servers => [$dns->server], timeout => '4s' },
	relay => { domains => ['example.org', 'lists.example.org'],
		networks => ['192.0.2.99'] },
	arc => { seal => 'forwards', domain => 'seal.example',
		selector => 'arc', key => $key,
		forwards => ['away@example.org', 'lists.example.org'] },
);
my $daemon = $box->daemon(%settings);
my @header = (['From', 'Ann <ann@a.example>'], ['To', 'x@example.org'],
	['Subject', 'a letter'], ['Date', 'Mon, 23 Nov 2026 10:00:00 +0000'],
	['Message-ID', '<1@a.example>']);
my $body = "Hello,  \r\n\r\nthis is it.\r\n\r\n";

# (the message as it goes on, the fields that were put on top)
sub passed
{
	my (%m) = @_;
	my $mta = Milter::Client->new($daemon->socket, %{ $m{client} // {} });
	my $header = delete $m{headers} // \@header;
	my $result = $mta->message(from => '<ann@a.example>',
		headers => $header, body => $body, %m);
	$mta->quit;
	# Each was put in front of the one before.
	my @added = reverse grep { defined $_->{value} && $_->{name} }
		@{ $result->{changes} };
	my $text = join '', map { "$_->[0]: $_->[1]\r\n" =~ s/\r?\n/\r\n/gr }
		(map { [$_->{name}, $_->{value} =~ s/^ //r] } @added), @$header;
	return ("$text\r\n" . ($m{body} // $body), \@added);
}

sub fields { my ($added, $name) = @_;
	return grep { lc $_->{name} eq lc $name } @$added }

sub ours
{
	my ($text) = @_;
	my $conf = $box->write_file('try.conf', Sandbox::conf_text({
		state_dir => $box->path('none'),
		resolver => { servers => [$dns->server] } }));
	my $file = $box->write_file('m.eml', $text);

	return Suite::try_one($box, $conf, $file, '--client-ip',
		'192.0.2.1')->{auth}{arc};
}

sub theirs
{
	my ($text) = @_;

	eval { require Mail::DKIM::ARC::Verifier; 1 } or return 'none here';
	no warnings 'once';
	local $Mail::DKIM::DNS::RESOLVER = NetResolver->new(@records);
	my $verifier = Mail::DKIM::ARC::Verifier->new;
	$verifier->PRINT($text);
	$verifier->CLOSE;
	return $verifier->result;
}

my ($text, $added) = passed(queue_id => 'N');
is scalar(fields($added, 'ARC-Seal')), 0, 'no seal on mail that stays';
($text, $added) = passed(rcpts => ['<away@example.org>']);
is scalar(fields($added, 'ARC-Seal')), 1, 'a seal on what is sent on';
my ($results) = fields($added, 'ARC-Authentication-Results');
like $results->{value}, qr/i=1; mx\.seal\.example;.*spf=pass/s,
	'with what we found';
my $arc = ours($text);
is "$arc->{result} $arc->{sets} $arc->{sealer}", 'pass 1 seal.example',
	'we verify it' or diag explain $arc, $text;
like theirs($text), qr/^(pass|none here)$/, 'so does Mail::DKIM';
note 'Mail::DKIM says ', theirs($text);
is ours($text =~ s/this is it/this was it/r)->{result}, 'fail',
	'not when it was changed';

# A second hop: ours again.
my @again = map { [split /: ?/, $_, 2] }
	map { s/\r\n/\n/gr } split /\r\n(?![ \t])/, $text =~ s/\r\n\r\n.*//sr;
my ($text2, $added2) = passed(headers => \@again,
	rcpts => ['<away@example.org>']);
$arc = ours($text2);
is "$arc->{result} $arc->{sets}", 'pass 2', 'a second seal upon the first'
	or diag explain $arc, $text2;
like theirs($text2), qr/^(pass|none here)$/, 'Mail::DKIM agrees';

# A mailing list here: in, changed, out again.
my ($in, $in_added) = passed(rcpts => ['<all@lists.example.org>']);
my @list = map { [split /: ?/, $_, 2] }
	grep { !/^(?:ARC-|X-)/ }
	map { s/\r\n/\n/gr } split /\r\n(?![ \t])/, $in =~ s/\r\n\r\n.*//sr;
sub sent_on
{
	return passed(headers => $_[0], body => "${body}-- \r\nlist\r\n",
		from => '<all-bounces@lists.example.org>',
		addr => '192.0.2.99', rcpts => ['<member@far.example>']);
}
my ($out, $out_added) = sent_on(\@list);
is scalar(fields($out_added, 'ARC-Seal')), 1, 'what a list sends is sealed'
	or diag explain $out_added;
($results) = fields($out_added, 'ARC-Authentication-Results');
like $results->{value}, qr/spf=pass/, 'with what was found as it came in';
$arc = ours($out);
is $arc->{result}, 'pass', 'over the list\'s own words' or diag explain $arc;
@list = map { [split /: ?/, $_, 2] }
	map { s/\r\n/\n/gr } split /\r\n(?![ \t])/, $in =~ s/\r\n\r\n.*//sr;
($out, $out_added) = sent_on(\@list);
$arc = ours($out);
is "$arc->{result} $arc->{sets}", 'pass 2', 'a list that keeps our first seal'
	or diag explain $arc, $out;
like theirs($out), qr/^(pass|none here)$/, 'Mail::DKIM agrees';
($out, $out_added) = sent_on([map { [$_->[0], $_->[1] =~
	s/d=seal\.example/d=own.example/r] } @list]);
is scalar(fields($out_added, 'ARC-Seal')), 0,
	'what the list sealed itself needs none of ours';

# A chain that is broken gets a seal that says so.
my ($bad, $bad_added) = passed(headers => \@again, body => "other\r\n",
	rcpts => ['<away@example.org>']);
my ($seal) = fields($bad_added, 'ARC-Seal');
like $seal->{value}, qr/cv=fail/, 'a broken chain: cv=fail';
is ours($bad)->{result}, 'fail', 'and it is';

# RFC 8616: UTF-8 only where the message has it.
{
	my ($plain) = grep { $_->{name} eq 'Authentication-Results' } @{
		(passed(from => '<ann@xn--bcher-kva.example>'))[1] };
	like $plain->{value}, qr/smtp\.mailfrom=ann\@xn--bcher-kva\.example/,
		'A-labels in a plain message';
	my ($utf8) = grep { $_->{name} eq 'Authentication-Results' } @{
		(passed(from => encode_utf8('<jörg@bücher.example>'),
			from_args => ['SMTPUTF8']))[1] };
	like decode_utf8($utf8->{value}),
		qr/smtp\.mailfrom=jörg\@bücher\.example/,
		'U-labels in an internationalised one';
}

done_testing;
