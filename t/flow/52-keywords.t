# Keyword lists: found in every charset, told, reloaded, and
# refused when broken.

use strict;
use warnings;
use utf8;

use Encode;
use JSON::PP;
use MIME::Base64;
use Test::More;

use Milter::Client;
use Sandbox;
use Suite;

my $builder = Test::More->builder;
binmode $_, ':encoding(UTF-8)' for $builder->output, $builder->failure_output,
	$builder->todo_output;

my $box = Sandbox->new;
my $reevectl = "$Sandbox::BUILD/reevectl";

sub list { return $box->write_file($_[0], encode('UTF-8', $_[1])) }

# A settings file with these lists: name => { files => [...], ... }.
sub settings
{
	my (%lists) = @_;
	return { state_dir => $box->path('none'),
		relay => { domains => ['example.org'] },
		rules => { files => [] }, keywords => { lists => \%lists } };
}

sub conf { return $box->write_file('k.conf', Sandbox::conf_text(settings(@_))) }

# File name -> names of what hits, for each message: name => bytes.
sub hits
{
	my ($conf, %messages) = @_;
	my $folder = $box->path('messages');

	system 'rm', '-rf', $folder;
	mkdir $folder;
	$box->write_file("messages/$_", $messages{$_}) for keys %messages;
	my ($status, $out, $err) = $box->run($reevectl, '-c', $conf, 'rules',
		'match', '--json', $folder);
	is $status, 0, 'rules match' or diag $err;
	my %hits;
	for my $line (split /\n/, $out) {
		my $got = decode_json($line);
		my ($name) = $got->{file} =~ m{([^/]+)$};
		$hits{$name} = join ' ', sort @{ $got->{hits} };
	}
	return %hits;
}

# Perl has no GB18030; the C library has no HZ.
sub in_charset
{
	my ($charset, $text) = @_;
	return encode($charset, $text) if find_encoding($charset);
	my $file = list('in.txt', $text);
	my $bytes = `iconv -f UTF-8 -t $charset $file`;
	BAIL_OUT("no iconv to $charset") if $?;
	return $bytes;
}

sub word { return "=?$_[0]?B?" . encode_base64($_[1], '') . '?=' }

# A phrase, the sentences around it, and the charsets that have them:
# Perl's name, the label, and whether it is found without the label too,
# or with a wrong one.
my @languages = (
	['chinese', '代开发票', '尊敬的客户您好，我公司长期对外代开发票，' .
		'欢迎来电咨询，价格优惠，联系人王先生，手机号码如下。',
		['euc-cn', 'gb2312', 1], ['gbk', 'gbk', 1],
		['gb18030', 'gb18030', 1], ['euc-cn', 'gb18030', 1],
		['gbk', 'gb2312', 1], ['hz', 'hz-gb-2312', 0],
		['utf-8', 'utf-8', 1]],
	['taiwan', '代开发票', '尊敬的客戶您好，我公司長期對外代開發票，' .
		'歡迎來電咨詢，價格優惠，聯繫人王先生，手機號碼如下。',
		['big5-eten', 'big5', 1], ['gbk', 'gbk', 1]],
	['japan', '無料動画', '突然のメールで失礼いたします。' .
		'こちらでは無料動画をご覧いただけます。登録は簡単です。',
		['iso-2022-jp', 'iso-2022-jp', 1], ['cp932', 'shift_jis', 1],
		['euc-jp', 'euc-jp', 1]],
	['korea', '무료 상담', '안녕하세요 고객님. 지금 바로 무료 상담을 ' .
		'받으실 수 있습니다. 감사합니다. 많은 이용 바랍니다.',
		['euc-kr', 'euc-kr', 1], ['cp949', 'ks_c_5601-1987', 1]],
	['russia', 'бесплатно', 'Здравствуйте! Только сегодня вы можете ' .
		'получить бесплатно наш новый каталог товаров по почте.',
		['koi8-r', 'koi8-r', 1], ['cp1251', 'windows-1251', 1]],
);
my %lists = map { $_->[0] => { files =>
	[list("$_->[0].txt", "# $_->[0]\n$_->[1]\n")] } } @languages;
my $all = conf(%lists);
my (%messages, %want);

sub message
{
	my ($want, $name, $text) = @_;
	$messages{$name} = $text;
	$want{$name} = $want;
}

my $plain = "From: Ann <ann\@a.example>\nTo: x\@b.example\n";
for my $language (@languages) {
	my ($name, $phrase, $text, @charsets) = @$language;
	for my $charset (@charsets) {
		my ($perl, $label, $is_guessed) = @$charset;
		my $bytes = in_charset($perl, $text);
		my $want = 'KEYWORD_' . uc $name;
		my $id = "$name-$perl-$label";

		# What is written in both ways hits both lists.
		$want = 'KEYWORD_CHINESE KEYWORD_TAIWAN'
			if $name =~ /^(?:chinese|taiwan)$/;
		message($want, "$id-body", "${plain}Subject: x\n" .
			"MIME-Version: 1.0\nContent-Type: text/plain; " .
			"charset=$label\nContent-Transfer-Encoding: base64\n" .
			"\n" . encode_base64($bytes));
		message($want, "$id-html", "${plain}Subject: x\n" .
			"MIME-Version: 1.0\nContent-Type: text/html; " .
			"charset=$label\nContent-Transfer-Encoding: base64\n" .
			"\n" . encode_base64("<p>$bytes</p>"));
		message($want, "$id-word", $plain . 'Subject: ' .
			word($label, $bytes) . "\n\nx\n");
		message($want, "$id-name", 'From: ' . word($label, $bytes) .
			" <ann\@a.example>\nTo: x\@b.example\n\nx\n");
		# For parameters (RFC 2231) it is GMime that knows charsets.
		message($want, "$id-file", "${plain}Subject: x\n" .
			"MIME-Version: 1.0\nContent-Type: multipart/mixed; " .
			"boundary=b\n\n--b\n\nx\n--b\nContent-Type: " .
			"application/octet-stream\nContent-Disposition: " .
			"attachment; filename*=$label''" .
			join('', map { sprintf '%%%02X', $_ }
				unpack 'C*', $bytes) . "\n\nx\n--b--\n")
			unless $perl eq 'hz';
		next unless $is_guessed;
		message($want, "$id-unlabelled", "${plain}Subject: x\n\n" .
			"$bytes\n");
		message($want, "$id-mislabelled", "${plain}Subject: x\n" .
			"MIME-Version: 1.0\nContent-Type: text/plain; " .
			"charset=utf-8\n\n$bytes\n");
		message($want, "$id-raw", "${plain}Subject: $bytes\n\nx\n");
		message($want, "$id-wrongword", $plain . 'Subject: ' .
			word('x-unknown', $bytes) . "\n\nx\n");
	}
}
message('', 'harmless', $plain . 'Subject: ' .
	word('utf-8', encode('UTF-8', '发，票 無料 бесплатность')) .
	"\n\nnothing\n");
my %got = hits($all, %messages);
is $got{$_}, $want{$_}, $_ for sort keys %want;

# Where, and how it is told.
{
	my $conf = conf(pills => { files => [list('pills.txt',
		"# pills\nfree\ncheap pills\n特价\n")], score => 4,
		category => 'spam-words' });
	my $file = $box->write_file('one.eml', encode('UTF-8',
		"From: \"F-R-E-E\" <a\@a.example>\nSubject: 特 价\n\n" .
		"some cheap\npills, more cheap pills\n"));
	my $got = Suite::try_one($box, $conf, $file);
	my @found = grep { $_->{symbol} =~ /^KEYWORD/ } @{ $got->{findings} };

	is scalar @found, 1, 'one finding a list';
	is $found[0]{symbol}, 'KEYWORD_SPAM_WORDS', 'named by category';
	is $found[0]{score}, 4, 'with the score of the list, once';
	is $found[0]{detail}, '"free" (pills.txt:2) in the sender\'s name, ' .
		'"\u7279\u4ef7" (pills.txt:4) in the subject, ' .
		'"cheap pills" (pills.txt:3) in the text', 'and what, and where';
	for my $case (['fr<i style="font-size:0">xq</i>ee', 1, 'the text'],
		['fr<i>xq</i>ee', 0], ['<img alt="f r e e">', 1, 'an alt= or title='],
		['<p title="free">x', 1, 'an alt= or title='],
		['<img src="free">', 0]) {
		my ($html, $count, $where) = @$case;
		my $try = Suite::try_one($box, $conf, $box->write_file('page.eml',
			"${plain}Subject: x\nContent-Type: text/html\n\n$html\n"));
		my @hits = grep { $_->{symbol} =~ /^KEYWORD/ } @{ $try->{findings} };

		is scalar @hits, $count, $html;
		is $hits[0]{detail}, "\"free\" (pills.txt:2) in $where", 'and where'
			if $count;
	}
	for my $case (['f r e e', 1], ["f\x{200b}r\x{200b}e\x{200b}e", 1],
		['ｆｒｅｅ', 1], ['F-R-E-E', 1], ['freedom', 0],
		['coffee break', 0], ['off reed', 0]) {
		my %hits = hits($conf, m => encode('UTF-8', "${plain}" .
			"Content-Type: text/plain; charset=utf-8\n\n" .
			"so $case->[0]\nit is\n"));
		is $hits{m}, $case->[1] ? 'KEYWORD_SPAM_WORDS' : '', $case->[0];
	}
	my ($status, $out) = $box->run($reevectl, '-c', $conf, 'rules',
		'check');
	like $out, qr/^pills +3 +4 +none +KEYWORD_SPAM_WORDS$/m,
		'rules check counts';
}

# Actions of lists, whatever the score.
{
	my $conf = conf(
		bad => { files => [list('bad.txt', "poison\n")],
			action => 'reject' },
		held => { files => [list('held.txt', "arsenic\n")],
			action => 'quarantine' },
		marked => { files => [list('marked.txt', "cyanide\n")],
			action => 'tag', score => 0.5 },
		good => { files => [list('good.txt', "antidote\n")],
			action => 'accept' },
		heavy => { files => [list('heavy.txt', "lead\n")],
			score => 100 });
	for my $case (['poison', 'reject'], ['arsenic', 'quarantine'],
		['cyanide', 'tag'], ['lead', 'reject'], ['water', 'accept'],
		['lead antidote', 'accept'], ['antidote poison', 'reject']) {
		my $got = Suite::try_one($box, $conf, $box->write_file('a.eml',
			"${plain}\n$case->[0]\n"));
		is $got->{verdict}, $case->[1], $case->[0];
	}
}

# Broken lists and settings stop the start, and say where.
sub refused
{
	my ($what, $like, %list) = @_;
	my ($status, undef, $err) = $box->run("$Sandbox::BUILD/mailreeve",
		'-t', '-c', conf(some => \%list));

	is $status, 78, $what;
	like $err, $like, "$what is told";
}

refused('no UTF-8', qr/broken\.txt:3: not in UTF-8/, files =>
	[$box->write_file('broken.txt', "# x\nfree\n\xb7\xa2\xc6\xb1\n")]);
refused('a long line', qr/long\.txt:1: longer than 500 bytes/, files =>
	[$box->write_file('long.txt', 'x' x 501)]);
refused('no letter', qr/marks\.txt:2: there is no letter/, files =>
	[$box->write_file('marks.txt', "a\n\$\$\$\n")]);
refused('no such file', qr/k\.conf:\d+: .*nowhere\.txt/, files =>
	[$box->path('nowhere.txt')]);
refused('a bad category', qr/k\.conf:\d+: .*category "a b"/, files => [],
	category => 'a b');
refused('a bad action', qr/k\.conf:\d+: .*action/, files => [],
	action => 'burn');

# In the daemon: lists change while it runs.
{
	my $file = list('live.txt', "arsenic\n");
	my $wanted = settings(live => { files => [$file],
		action => 'reject' });
	delete $wanted->{state_dir};
	my $daemon = $box->daemon(%$wanted);
	my $mta = Milter::Client->new($daemon->socket);
	my $send = sub {
		return $mta->message(queue_id => $_[0],
			body => "$_[1]\r\n")->{cmd};
	};

	is $send->('K1', 'old lace'), 'c', 'what hits nothing goes through';
	is $send->('K2', 'A R S E N I C and'), 'y', 'what hits is refused';
	my ($record) = $daemon->records(1, '--queue-id', 'K2');
	my ($found) = grep { $_->{symbol} eq 'KEYWORD_LIVE' }
		@{ $record->{findings} };
	is $found->{detail}, '"arsenic" (live.txt:1) in the text',
		'the record says why';
	list('live.txt', "# longer than before\nlace\n");
	$daemon->reload;
	$box->wait_for(10, sub { $daemon->log =~ /reloaded/ });
	is $send->('K3', 'arsenic'), 'c', 'another list after a reload';
	is $send->('K4', 'old lace'), 'y', 'is in force';
	$box->write_file('live.txt', "ok\n\xff\xff\n");
	$daemon->reload;
	ok $box->wait_for(10, sub {
		$daemon->log =~ /reload_failed.*live\.txt:2: not in UTF-8/ }),
		'a broken one is told';
	is $send->('K5', 'old lace'), 'y', 'and the one before stays';
	list('live.txt', "watched and read by itself\nsilk\n");
	ok $box->wait_for(30, sub { $daemon->log =~ /tables_reread/ }),
		'a changed list is read without a word';
	$mta->quit;
	$mta = Milter::Client->new($daemon->socket);
	is $send->('K6', 'silk'), 'y', 'and is in force';
	$mta->quit;
	is $daemon->stop, 0, 'it ends well';
}

# Real Chinese spam, in the charsets of its time, labelled and not, by
# simplified phrases.
SKIP: {
	my @spam = ([qw(00252-spam-1 不看会后悔)], [qw(00258-spam-2 汽车)],
		[qw(00307-spam-1 免费无限次)], [qw(00322-spam-1 满意)],
		[qw(00397-spam-1 一亿五千万)], [qw(00704-spam-2 赚了钱)],
		[qw(00706-spam-2 墨水匣)], [qw(00737-spam-2 改善掉发)],
		[qw(00853-spam-2 黄山旅游)], [qw(00880-spam-2 工商名录)],
		[qw(00959-spam-2 玛瑙戒指)], [qw(01064-spam-2 光盘费)],
		[qw(01125-spam-2 魔鬼英语)], [qw(01316-spam-2 好听)]);
	my $shared = Sandbox->shared;
	skip 'no ../shared here', scalar @spam
		unless $shared && -d "$shared/data/chinese/spamassassin";
	my $conf = conf(map { ("p$_" => { files => [list("p$_.txt",
		"$spam[$_][1]\n")] }) } 0 .. $#spam);
	my ($status, $out) = $box->run($reevectl, '-c', $conf, 'rules',
		'match', '--json', "$shared/data/chinese/spamassassin");
	my %hits = map { ($_->{file} => "@{ $_->{hits} } ") }
		map { decode_json($_) } split /\n/, $out;

	for my $i (0 .. $#spam) {
		my ($name) = grep { /spam-$spam[$i][0]/ } keys %hits;
		like $hits{$name // ''}, qr/KEYWORD_P$i /,
			"$spam[$i][0]: $spam[$i][1]";
	}
}

done_testing;
