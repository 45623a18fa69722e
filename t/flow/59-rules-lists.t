# Lists and relays of rules: who sent it by which way, which hosts it leads to,
# which fields are ours; lines of examples and for people.

use strict;
use warnings;

use Test::More;

use Rules;
use Sandbox;

my $rules = Rules->new(Sandbox->new);

# Received fields, the last hop first, and the fields around them.
my $ours = "Received: from in (in [10.0.0.1]) by mx.home (Postfix) with ESMTP id A1\n";
my $theirs = "Received: from q (mail.good.com [192.0.2.7]) by in (Postfix) " .
	"with ESMTP id A2\n";
my $bank = "From: Bank <info\@bank.com>\nSubject: x\n";

sub mail { return join('', @_) . "\nbody\n" }
sub html { return "Content-Type: text/html\n\n$_[0]\n" }

my $route = 'header A eval:check_from_in_whitelist()' . "\n" .
	'header F eval:check_forged_in_whitelist()' . "\n" .
	'header D eval:check_from_in_default_whitelist()' . "\n";

# [what, rules, message, hits]
for my $case (
	['by the host that is named', "whitelist_from_rcvd *\@bank.com good.com\n$route",
		mail($ours, $theirs, $bank), 'A'],
	['by its name as it is today', "welcomelist_from_rcvd *\@bank.com good.com\n$route",
		mail($ours, $theirs, $bank), 'A'],
	['by its address', "welcomelist_from_rcvd *\@bank.com [192.0.2.7]\n$route",
		mail($ours, $theirs, $bank), 'A'],
	['by its network', "welcomelist_from_rcvd *\@bank.com [192.0.2.0/24]\n$route",
		mail($ours, $theirs, $bank), 'A'],
	['by another host', "welcomelist_from_rcvd *\@bank.com ood.com\n$route",
		mail($ours, $theirs, $bank), 'F'],
	['that allows relays', "welcomelist_from_rcvd *\@bank.com bank.com\n" .
		"welcomelist_allows_relays info\@bank.com\n$route",
		mail($ours, $theirs, $bank), ''],
	['by default', "def_welcomelist_from_rcvd *\@bank.com good.com\n$route",
		mail($ours, $theirs, $bank), 'D'],
	['taken back', "welcomelist_from_rcvd *\@bank.com good.com\n" .
		"unwelcomelist_from_rcvd *\@bank.com\n$route",
		mail($ours, $theirs, $bank), ''],
	['by the first stranger alone', "welcomelist_from_rcvd *\@bank.com good.com\n$route",
		mail($ours, "Received: from evil (evil.net [198.51.100.9]) by in " .
			"(Postfix) with ESMTP id A3\n", $theirs, $bank), 'F'],

	['a host in capitals', "enlist_uri_host (X) Shop.COM\n" .
		"header A eval:check_uri_host_listed('X')\n",
		html('<a href="http://WWW.shop.com/">y</a>'), 'A'],
	['with a port and a user', "blocklist_uri_host shop.com\n" .
		"header A eval:check_uri_host_in_blocklist()\n",
		html('<a href="http://me@shop.com:81/">y</a>'), 'A'],
	['of a mail address', "blacklist_uri_host shop.com\n" .
		"header A eval:check_uri_host_in_blacklist()\n",
		html('<a href="http://shop.com.net/">y</a>'), ''],
	['a name with its number', "welcomelist_uri_host 192.0.2.1\n" .
		"header A eval:check_uri_host_in_welcomelist()\n",
		html('<a href="http://192.0.2.1/">y</a>'), 'A'],
	['taken back from all lists', "enlist_uri_host (X) shop.com\n" .
		"blocklist_uri_host shop.com\ndelist_uri_host shop.com\n" .
		"header A eval:check_uri_host_listed('X')\n" .
		"header B eval:check_uri_host_in_blocklist()\n",
		html('<a href="http://shop.com/">y</a>'), ''],
	['from one of them', "enlist_uri_host (X) shop.com\n" .
		"blocklist_uri_host shop.com\ndelist_uri_host (X) shop.com\n" .
		"header A eval:check_uri_host_listed('X')\n" .
		"header B eval:check_uri_host_in_blocklist()\n",
		html('<a href="http://shop.com/">y</a>'), 'B'],

	[':addr:domain', "header A From:addr:domain =~ /^bank\\.com\$/\n",
		mail("From: x\@mail.bank.com\n"), 'A'],
	[':host', "header A From:addr:host =~ /^mail\\.bank\\.com\$/\n",
		mail("From: x\@mail.bank.com\n"), 'A'],
	[':ip', "header A X-Ip:ip =~ /^192\\.0\\.2\\.7\$/\n",
		mail("X-Ip: of [192.0.2.7]!\n"), 'A'],
	[':ip of none', "header A X-Ip:ip =~ /./\n", mail("X-Ip: of a.b\n"), ''],

	['the fields above the first stranger\'s', "header A ALL-TRUSTED =~ /^X-Own: y/m\n" .
		"header B ALL-INTERNAL =~ /^X-Own: y/m\n" .
		"header C ALL-UNTRUSTED =~ /^X-Own: y/m\n" .
		"header D ALL-EXTERNAL =~ /^X-Own: y/m\n",
		mail("X-Own: y\n", $ours, $theirs, $bank), 'A B'],
	['and below', "header A ALL-TRUSTED =~ /^X-Own: y/m\n" .
		"header B ALL-INTERNAL =~ /^X-Own: y/m\n" .
		"header C ALL-UNTRUSTED =~ /^X-Own: y/m\n" .
		"header D ALL-EXTERNAL =~ /^X-Own: y/m\n",
		mail($ours, $theirs, "Received: from z (z [198.51.100.1]) by q " .
			"(Postfix) with ESMTP id A4\nX-Own: y\n", $bank), 'C D'],

	['who wrote by web mail', "originating_ip_headers X-Origin X-Other\n" .
		"header A X-Spam-Relays-Untrusted =~ / ip=198\\.51\\.100\\.2 rdns= .*? ip=/\n" .
		"header B X-Spam-Relays-Untrusted =~ / ip=198\\.51\\.100\\.3 rdns= /\n",
		mail($ours, $theirs, "X-Other: no, [198.51.100.3], 7\n",
			"x-origin: 198.51.100.2\n"), 'A B'],
	['nobody without such a line', "header A X-Spam-Relays-Untrusted =~ /198/\n",
		mail($ours, $theirs, "X-Originating-IP: 198.51.100.2\n"), ''],
	['nor once they are cleared', "originating_ip_headers X-Origin\n" .
		"clear_originating_ip_headers\n" .
		"header A X-Spam-Relays-Untrusted =~ /198/\n",
		mail($ours, $theirs, "X-Origin: 198.51.100.2\n"), ''],
	['nor of what is no address', "originating_ip_headers X-Origin\n" .
		"header A X-Spam-Relays-Untrusted =~ /\\].*ip=/\n",
		mail($ours, $theirs, "X-Origin: 300.1.2.3 unknown\n"), ''],
) {
	my ($what, $text, $message, $want) = @$case;

	is $rules->hits($text, $message), $want, $what;
}

# [lines, what is told of them]
for my $case (
	["body A /x/\ntest A ok xyz", undef],
	["body A /x/\ntest A fail xyz", qr/:2: test A: it should not hit "xyz"/],
	["body A /x/\ntest A ok y", qr/:2: test A: it should hit "y"/],
	["body A /x/\ntest A", qr/:2: test: no sense in "A"/],
	["body A /x/\ntest A maybe xyz", qr/:2: test: no sense in "A maybe xyz"/],
	["body A /x/\ntest A-B ok x", qr/:2: test: no sense in "A-B ok x"/],
	["test NOBODY ok x", undef],
	["body A /(/\ntest A ok x", qr/:1: body A: missing/],
	["priority A high\nbody A /x/", qr/:1: priority: no sense in "A high"/],
	["body A /x/\nlang de describe A gut", undef],
	["lang en lang en body A /x/", undef],
	["lang", undef], ["lang en", undef], ["lang xx body A /(/", undef],
	["lang en body A /(/", qr/:1: body A: missing/],
	["lang en_US test A maybe x\nbody A /x/", qr/:1: test: no sense/],
	["welcomelist_from_rcvd a\@b.com", qr/:1: welcomelist_from_rcvd: no sense/],
	["enlist_uri_host b.com", qr/:1: enlist_uri_host: no sense/],
) {
	my ($text, $want) = @$case;
	my ($status, $out) = $rules->run('check', $rules->file('told.cf', "$text\n"));
	my ($told) = $out =~ /told\.cf(:\d+: .*)/;

	if ($want) {
		like $told // '', $want, $text;
	} else {
		is $told, undef, $text;
	}
}
my $said = "lang de describe A gut\nlang en describe A good\nbody A /x/\n" .
	"lang en_GB score A 3\n";
my (undef, $listed) = $rules->run('list', '--rules', $rules->file('said.cf', $said));
like $listed, qr/^A +body +3 +on +good$/m, 'what is said in English counts';

done_testing;
