# Each charset in each place where text stands: bodies, encoded words, names of
# files; with its label, without, and with another one's.

use strict;
use warnings;
use utf8;

use Encode;
use JSON::PP;
use MIME::Base64;
use Test::More;

use Sandbox;

my $builder = Test::More->builder;
binmode $_, ':encoding(UTF-8)' for $builder->output, $builder->failure_output,
	$builder->todo_output;

my $box = Sandbox->new;
my %text = (
	zh => '免费代开各种发票,请与我们联系,电话微信同号', tw => '免費代開各種發票,請與我們聯絡,電話微信同號',
	ja => 'これは無料のサイトです。今すぐクリック', ko => '무료 체험을 신청하세요. 지금 바로 확인',
	ru => 'Сегодня вы можете получить бесплатно деньги', el => 'Κερδίστε δωρεάν χρήματα σήμερα μαζί μας',
	tr => 'Ücretsiz şimdi alın, büyük ödül kazandınız ığş', he => 'כסף בחינם עכשיו לכל מי שרוצה לקבל',
	ar => 'اربح المال مجانا اليوم مع هذا العرض', pl => 'Zdobądź pieniądze za darmo już dziś łśćż',
	fr => 'Gagnez de l’argent gratuit dès aujourd’hui, à bientôt', lt => 'Laimėkite pinigų nemokamai šiandien ąčęėįšųūž',
	th => 'รับเงินฟรีวันนี้ คลิกที่นี่เพื่อรับรางวัล',
);

# [label, Perl's name, text, what cannot be known without a label]
my @charsets = (
	['gb2312', 'euc-cn', 'zh'], ['GBK', 'gbk', 'zh'], ['x-gbk', 'gbk', 'zh'],
	['gb18030', 'gbk', 'zh'], ['hz-gb-2312', 'hz', 'zh', 1],
	['big5', 'big5-eten', 'tw'],
	['iso-2022-jp', 'iso-2022-jp', 'ja'], ['shift_jis', 'cp932', 'ja'],
	['euc-jp', 'euc-jp', 'ja'], ['euc-kr', 'euc-kr', 'ko'],
	['ks_c_5601-1987', 'cp949', 'ko'],
	['koi8-r', 'koi8-r', 'ru'], ['koi8-u', 'koi8-u', 'ru'],
	['windows-1250', 'cp1250', 'pl', 1], ['windows-1251', 'cp1251', 'ru'],
	['windows-1252', 'cp1252', 'fr'], ['windows-1253', 'cp1253', 'el'],
	['windows-1254', 'cp1254', 'tr', 1], ['windows-1255', 'cp1255', 'he', 1],
	['windows-1256', 'cp1256', 'ar', 1], ['windows-1257', 'cp1257', 'lt', 1],
	['windows-874', 'cp874', 'th', 1], ['iso-8859-1', 'cp1252', 'fr'],
	['iso-8859-2', 'iso-8859-2', 'pl', 1], ['iso-8859-5', 'iso-8859-5', 'ru'],
	['utf-7', 'UTF-7', 'zh', 1], ['utf-16', 'UTF-16', 'zh', 1],
	['utf-16le', 'UTF-16LE', 'zh', 1], ['utf-16be', 'UTF-16BE', 'zh', 1],
	['utf-8', 'UTF-8', 'zh'],
);

sub q_word { my ($bytes) = @_; return join '', map { sprintf '=%02X', ord } split //, $bytes }
sub percent { my ($bytes) = @_; return join '', map { sprintf '%%%02X', ord } split //, $bytes }

sub mail
{
	my ($head, $type, $bytes) = @_;

	return "From: a\@b.example\n${head}MIME-Version: 1.0\nContent-Type: " .
		"$type\nContent-Transfer-Encoding: base64\n\n" .
		encode_base64($bytes);
}

# Where a text may stand: what of it is looked for, and the message.
my %places = (
	'a body' => [body => sub {
		mail("Subject: x\n", "text/plain; charset=$_[0]", $_[1]) }],
	'HTML' => [body => sub {
		mail("Subject: x\n", "text/html; charset=$_[0]", $_[1]) }],
	'a word in base64' => [subject => sub {
		mail("Subject: =?$_[0]?B?" . encode_base64($_[1], '') .
			"?=\n", 'text/plain', 'x') }],
	'a word in Q' => [subject => sub {
		mail("Subject: =?$_[0]?Q?" . q_word($_[1]) . "?=\n",
			'text/plain', 'x') }],
	'a parameter of RFC 2231' => [name => sub {
		mail("Subject: x\n", "application/octet-stream; name*=" .
			"$_[0]''" . percent($_[1]), 'x') }],
	'one in pieces' => [name => sub {
		my $half = 2 * int(length($_[1]) / 4);
		mail("Subject: x\n", "application/octet-stream;\n name*0*=" .
			"$_[0]''" . percent(substr $_[1], 0, $half) .
			";\n name*1*=" . percent(substr $_[1], $half), 'x') }],
	'a word as a parameter' => [name => sub {
		mail("Subject: x\n", "application/octet-stream; name=\"=?$_[0]?B?" .
			encode_base64($_[1], '') . '?="', 'x') }],
);

my (%mails, %want);
mkdir $box->path('mail');
my %rules;
for my $language (keys %text) {
	# The text begins and ends with it, but for what is cut
	# to whole characters.
	my $middle = encode('UTF-8', substr $text{$language}, 2, 8);

	$rules{$language} = <<"END";
body     \U$language\E_BODY /\Q$middle\E/
tflags   \U$language\E_BODY nosubject
header   \U$language\E_SUBJECT Subject =~ /\Q$middle\E/
body     \U$language\E_NAME eval:attachment_name('*$middle*')
END
}

sub add
{
	my ($what, $rule, $message) = @_;
	my $name = sprintf '%04d.eml', scalar keys %want;

	$box->write_file("mail/$name", $message);
	$want{$name} = [$what, $rule];
}

for my $charset (@charsets) {
	my ($label, $perl, $language, $is_unknown) = @$charset;
	my $bytes = encode($perl, $text{$language}, Encode::FB_CROAK | Encode::LEAVE_SRC);

	for my $place (sort keys %places) {
		my ($what, $make) = @{ $places{$place} };

		add("$label: $place", uc "${language}_$what", $make->($label, $bytes));
	}
	next if $is_unknown;
	add("$label: no label", uc "${language}_body",
		mail("Subject: x\n", 'text/plain', "$bytes\n" x 20));
	add("$label: said to be UTF-8", uc "${language}_body",
		mail("Subject: x\n", 'text/plain; charset=utf-8', "$bytes\n" x 20));
	add("$label: said to be ASCII", uc "${language}_body",
		mail("Subject: x\n", 'text/plain; charset=us-ascii', "$bytes\n" x 20));
}

my $rules = $box->write_file('some.cf', join '', values %rules);
my $conf = $box->write_file('some.conf', Sandbox::conf_text({
	state_dir => $box->path('none'), rules => { files => [] } }));
my ($status, $out, $err) = $box->run("$Sandbox::BUILD/reevectl", '-c', $conf,
	'rules', 'match', '--json', '--rules', $rules, $box->path('mail'));
is $status, 0, 'all are matched' or diag $err;

my %hits;
for my $line (split /\n/, $out) {
	my $got = decode_json($line);
	my ($name) = $got->{file} =~ m{([^/]+)$};
	$hits{$name} = join ' ', @{ $got->{hits} };
}
for my $name (sort keys %want) {
	my ($what, $rule) = @{ $want{$name} };

	is $hits{$name}, $rule, $what;
}

done_testing;
