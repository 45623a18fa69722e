#include <config.h>

#include "bulk/fingerprint.h"
#include "catalog.h"
#include "message/rawmessage.h"

#include <string.h>

#include "unit/tap.h"

static struct settings *settings;

static struct fingerprint print_of(const char *type, const char *body)
{
	static const struct session_facts session = { .messages = 0 };
	g_autofree char *mail = strcmp(type, "%BOTH") == 0 ?
		g_strdup_printf("Subject: x\nContent-Type: multipart/alternative; "
			"boundary=b\n\n--b\n\n%s", body) :
		g_strdup_printf("Subject: x\nContent-Type: text/%s; "
			"charset=utf-8\n\n%s", type, body);
	struct transaction tx;
	struct fingerprint print;

	transaction_init(&tx, settings, &session);
	rawmessage_take(&tx, span_text(mail));
	print = fingerprint_of_text(&tx);
	transaction_release(&tx);
	return print;
}

static const char offer[] =
	"This week only you save a fortune on garden chairs of finest wood, and\n"
	"every chair comes with a cushion that no other shop in town can offer.\n"
	"Order before Friday and we bring them to your door without any charge.\n";

static const char letterhead[] =
	"Miller and Sons, makers of fine boats since the days of the old king\n\n";

static const struct { const char *type, *one, *other; bool is_alike; } cases[] = {
	{ "plain", "", "", false },
	{ "plain", "Hello\n", "Hello\n", false },
	/* What spammers change. */
	{ "plain", "Dear Ann,\n%OFFER", "Dear Mr. Bob Jones,\n%OFFER", true },
	{ "plain", "%OFFER http://a.example/?id=1\n",
	  "%OFFER http://a.example/?id=93x7\n", true },
	{ "plain", "%OFFER Code 12345 of 3 May\n", "%OFFER Code 999 of 4 June\n",
	  true },
	{ "plain", "%OFFER", "THIS WEEK only you save a fortune on chairs of garden "
	  "finest wood, and\nevery chair comes with a cushion that no other shop in "
	  "town can offer.\nOrder before Friday and bring we them to your door "
	  "without any charge.\n", true },
	{ "plain", "%OFFER", "rabe moti saze luvo nide pefa zozi care duli mesa rubi "
	  "tano vego fila suno poti dace rima lezu gono\n\n%OFFER", true },
	/* What people do. */
	{ "plain", "%OFFER", "On Monday A wrote:\n> This week only you save\n> a "
	  "fortune on garden chairs of finest wood\n\nDo you know the people "
	  "who sell these, or shall I go on looking elsewhere?\n", false },
	{ "plain", "I shall come on Tuesday with the papers that you wanted to see, "
	  "and we talk it over then.\n-- \nAnn Miller, teacher of French and "
	  "Spanish, the old school at the river\n",
	  "The cat has had four kittens, black ones, and nobody here wants any "
	  "of them, do you?\n-- \nAnn Miller, teacher of French and Spanish, the "
	  "old school at the river\n", false },
	{ "plain", "%HEAD" "The boat that you asked for is ready on the first of the "
	  "month. It has a new mast, and the sails are those that your wife chose. "
	  "Come with the money and with your own ropes, since we are out of them, "
	  "and bring somebody who can hold the tiller on the way home.\n",
	  "%HEAD" "We are sorry to tell you that the harbour master has closed our "
	  "slip until spring, so no repair can begin before the ice has gone. Your "
	  "engine lies dry under a roof meanwhile. Tell us whether you would rather "
	  "have it fetched, there is a yard up north that does such work.\n", false },
	{ "plain", "Lunch at one then, I bring the bread and you the cheese, as ever.\n"
	  "\nThis message is confidential. It is for the intended recipient\nalone; "
	  "whoever else reads it must forget what it says at once and burn\nit.\n",
	  "The minutes of the board are with the printer, ask Tom for copies of "
	  "them.\n\nThis message is confidential. It is for the intended recipient\n"
	  "alone; whoever else reads it must forget what it says at once and "
	  "burn\nit.\n", false },
	/* HTML says the same, and hides what it likes. */
	{ "html", "<p>%OFFER</p>", "<table><tr><td><b>%OFFER</b></td></tr></table>",
	  true },
	{ "html", "<p>%OFFER</p>", "<p>%OFFER</p><p style='display:none'>Call me "
	  "Ishmael. Some years ago, never mind how long precisely, having little "
	  "or no money in my purse, and nothing particular to interest me on "
	  "shore, I thought I would sail about a little</p>", true },
	/* As alternatives: what people see, and what filters are to read. */
	{ "%BOTH", "The weather is fine today and so was it yesterday, they say, and "
	  "the cows are on the hill\n%HTML<p>%OFFER</p>\n--b--\n",
	  "Nobody knows why the old clock strikes thirteen when the moon is new and "
	  "the wind comes from the sea\n%HTML<p>%OFFER</p>\n--b--\n", true },
	{ "%BOTH", "%OFFER\n%HTML<img src=a.png>\n--b--\n",
	  "%OFFER\n%HTML<img src=b.png>\n--b--\n", true },
	{ "plain", "尊敬的张先生：\n本公司现有增值税发票可以代开，手续简便，价格优惠，"
	  "欢迎来电垂询，诚信经营，长期合作。联系人李小姐\n",
	  "尊敬的王女士：\n本公司现有增值税发票可以代开，手续简便，价格优惠，"
	  "欢迎来电垂询，诚信经营，长期合作。联系人陈经理\n", true },
	{ "plain", "我们下周二下午三点在办公室开会，请带上你的报告，顺便告诉小李一声。\n",
	  "本公司现有增值税发票可以代开，手续简便，价格优惠，欢迎来电垂询。\n", false },
};

static char *fill(const char *text)
{
	GString *out = g_string_new(text);

	g_string_replace(out, "%HTML", "\n--b\nContent-Type: text/html\n\n", 0);
	g_string_replace(out, "%OFFER", offer, 0);
	g_string_replace(out, "%HEAD", letterhead, 0);
	return g_string_free(out, FALSE);
}

static void what_is_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autofree char *one = fill(cases[i].one);
		g_autofree char *other = fill(cases[i].other);
		struct fingerprint a = print_of(cases[i].type, one);
		struct fingerprint b = print_of(cases[i].type, other);

		if ((fingerprint_likeness(&a, &b) > 0) != cases[i].is_alike ||
		    (fingerprint_likeness(&b, &a) > 0) != cases[i].is_alike)
			fail_msg("case %zu: %u of %u and %u marks shared\n%s",
				 i, fingerprint_shared(&a, &b), a.count,
				 b.count, other);
	}
}

/* They are written down, by machines of either endianness. */
static void marks_are_for_ever(void **state)
{
	struct fingerprint print = print_of("plain", "a b c\n");
	struct fingerprint file = fingerprint_of_bytes(span_text("Mailreeve"));
	struct fingerprint longer = fingerprint_of_bytes(
		span_of("Mailreeve\0", 10));

	(void)state;
	assert_int_equal(print.count, 1);
	assert_true(print.marks[0] == UINT64_C(0xa6d29cc81f187efe));
	assert_true(fingerprint_id(&print) == UINT64_C(0x30928aad82997845));
	assert_true(file.marks[0] == UINT64_C(0xde332f6d238a1b91));
	assert_true(fingerprint_likeness(&file, &file));
	assert_false(fingerprint_likeness(&file, &longer));
	assert_false(fingerprint_likeness(&file, &print));
}

static void marks_are_the_smallest_in_order(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct fingerprint print;

	(void)state;
	for (unsigned i = 0; i < 50000; i++)
		g_string_append_printf(text, "%c%c%c%c%s", 'a' + i % 26,
			'a' + i / 26 % 26, 'a' + i / 676 % 26,
			'a' + i / 17576 % 26, i % 12 ? " " : "\n");
	print = print_of("plain", text->str);
	assert_int_equal(print.count, FINGERPRINT_MARKS);
	for (unsigned i = 1; i < print.count; i++)
		assert_true(print.marks[i - 1] < print.marks[i]);
	assert_int_equal(fingerprint_shared(&print, &print), print.count);
}

static int read_settings(void **state)
{
	(void)state;
	settings = settings_parse("fingerprint", span_text(""), catalog, NULL);
	return settings ? 0 : -1;
}

static int drop_settings(void **state)
{
	(void)state;
	settings_unref(settings);
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(what_is_alike, read_settings,
					drop_settings),
	cmocka_unit_test_setup_teardown(marks_are_for_ever, read_settings,
					drop_settings),
	cmocka_unit_test_setup_teardown(marks_are_the_smallest_in_order,
					read_settings, drop_settings),
};

TAP_MAIN(tests)
