#include <config.h>

#include "content/addrlists.h"
#include "content/remarks.h"

#include "message/orgdomain.h"
#include "unit/tap.h"

#include <string.h>

static const struct setting_group *const groups[] = { &orgdomain_group, NULL };

static struct addrlists *make(const char *const *lines)
{
	struct addrlists *lists = addrlists_new();

	for (; *lines; lines += 2)
		assert_int_equal(addrlists_take(lists, lines[0], lines[1]),
				 ADDRLISTS_TAKEN);
	return lists;
}

static bool has(const struct addrlists *lists, const char *name,
		const char *addr)
{
	return globs_has(addrlists_find(lists, name), addr);
}

static void lines_are_told_apart(void **state)
{
	static const struct {
		const char *word, *rest;
		enum addrlists_result result;
	} cases[] = {
		{ "whitelist_from", "a@b.example", ADDRLISTS_TAKEN },
		{ "unblocklist_to", "a@b.example", ADDRLISTS_TAKEN },
		{ "def_whitelist_auth", "*@b.example", ADDRLISTS_TAKEN },
		{ "welcomelist_from", "", ADDRLISTS_WRONG },
		{ "welcomelist_from_rcvd", "a@b.example", ADDRLISTS_WRONG },
		{ "enlist_addrlist", "a@b.example", ADDRLISTS_WRONG },
		{ "enlist_addrlist", "(X a@b.example", ADDRLISTS_WRONG },
		{ "enlist_addrlist", "(X)", ADDRLISTS_WRONG },
		{ "enlist_addrlist", "(X) a@b.example", ADDRLISTS_TAKEN },
		{ "enlist_uri_host", "b.example", ADDRLISTS_WRONG },
		{ "delist_uri_host", "b.example", ADDRLISTS_TAKEN },
		{ "list_addrlist", "(X) a@b.example", ADDRLISTS_OTHER },
		{ "freemail_domains", "b.example *.c", ADDRLISTS_TAKEN },
		{ "freemail_domains", "b_example", ADDRLISTS_WRONG },
		{ "freemail_whitelist", "root", ADDRLISTS_WRONG },
		{ "freemail_max_body_emails", "7", ADDRLISTS_TAKEN },
		{ "freemail_max_body_emails", "-7", ADDRLISTS_WRONG },
		{ "freemail_max_body_emails", "many", ADDRLISTS_WRONG },
		{ "freemail_import_def_whitelist_auth", "1",
		  ADDRLISTS_TAKEN },
		{ "clear_util_rb", "", ADDRLISTS_TAKEN },
		{ "use_bayes", "1", ADDRLISTS_OTHER }, { "u", "", ADDRLISTS_OTHER },
		{ "un", "x", ADDRLISTS_OTHER }, { "def_", "x", ADDRLISTS_OTHER },
	};
	struct addrlists *lists = addrlists_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (addrlists_take(lists, cases[i].word, cases[i].rest) !=
		    cases[i].result)
			fail_msg("%s %s", cases[i].word, cases[i].rest);
	addrlists_free(lists);
	addrlists_free(NULL);
}

static void addresses_are_listed(void **state)
{
	static const char *const lines[] = {
		"whitelist_from", "ann@b.example  *@C.example",
		"blacklist_from", "*@bad.example", "enlist_addrlist",
		"(BANKS) *@bank.example", "def_whitelist_auth", "*@d.example",
		"unwhitelist_from", "*@c.example", NULL,
	};
	struct addrlists *lists = make(lines);

	(void)state;
	assert_true(has(lists, "welcomelist_from", "ann@b.example"));
	assert_false(has(lists, "welcomelist_from", "x@c.example"));
	assert_true(has(lists, "blocklist_from", "x@bad.example"));
	assert_true(has(lists, "BANKS", "x@bank.example"));
	assert_false(has(lists, "welcomelist_auth", "x@d.example"));
	assert_true(has(lists, "def_welcomelist_auth", "x@d.example"));
	assert_null(addrlists_find(lists, "NOBODY"));
	addrlists_free(lists);
}

static void hosts_are_listed(void **state)
{
	static const char *const lines[] = {
		"enlist_uri_host", "(A) example.org !good.example.org 192.0.2.1",
		"enlist_uri_host", "(B) top", "blacklist_uri_host",
		"bad.example", "delist_uri_host", "(B) nobody", NULL,
	};
	static const struct { const char *list, *host; bool is_in; } cases[] = {
		{ "A", "example.org", true }, { "A", "a.b.example.org", true },
		{ "A", "good.example.org", false }, { "A", "org", false },
		{ "A", "x.good.example.org", false },
		{ "A", "192.0.2.1", true }, { "A", "7.192.0.2.1", false },
		{ "B", "a.top", true }, { "B", "example.org", false },
		{ "BLOCK", "x.bad.example", true }, { "C", "a.top", false },
		{ "A", "1.2.3.4.5.6.7.8.9.a.b.c.d.e.example.org", true },
		{ "A", "", false }, { "A", "...", false },
	};
	struct addrlists *lists = make(lines);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (addrlists_has_host(lists, cases[i].list, cases[i].host) !=
		    cases[i].is_in)
			fail_msg("%s %s", cases[i].list, cases[i].host);
	addrlists_free(lists);
}

static void routes_are_checked(void **state)
{
	static const char *const lines[] = {
		"whitelist_from_rcvd", "*@a.example mx.example",
		"whitelist_from_rcvd", "*@b.example [192.0.2]",
		"whitelist_from_rcvd", "*@c.example [192.0.2.0/24]",
		"whitelist_from_rcvd", "*@d.example [2001:db8::]/32",
		"welcomelist_allows_relays", "list@a.example", NULL,
	};
	static const struct {
		const char *addr, *ip, *rdns;
		enum routes_result result;
	} cases[] = {
		{ "x@a.example", "", "x.MX.example", ROUTES_SENT },
		{ "x@a.example", "", "xmx.example", ROUTES_FORGED },
		{ "list@a.example", "", "xmx.example", ROUTES_UNLISTED },
		{ "x@b.example", "192.0.2.7", "", ROUTES_SENT },
		{ "x@b.example", "192.0.20.7", "", ROUTES_FORGED },
		{ "x@c.example", "192.0.2.7", "", ROUTES_SENT },
		{ "x@c.example", "192.0.3.7", "", ROUTES_FORGED },
		{ "x@c.example", "", "", ROUTES_FORGED },
		{ "x@d.example", "2001:db8:1::1", "", ROUTES_SENT },
		{ "x@d.example", "2001:db9::1", "", ROUTES_FORGED },
		{ "x@e.example", "192.0.2.7", "mx.example",
		  ROUTES_UNLISTED },
	};
	struct addrlists *lists = make(lines);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (addrlists_check_relay(lists, false, cases[i].addr,
					  cases[i].ip, cases[i].rdns) !=
		    cases[i].result)
			fail_msg("%s %s %s", cases[i].addr, cases[i].ip,
				 cases[i].rdns);
	assert_int_equal(addrlists_check_relay(lists, true, "x@a.example", "",
					       ""), ROUTES_UNLISTED);
	assert_int_equal(addrlists_take(lists, "unwhitelist_from_rcvd",
					"*@a.example"), ADDRLISTS_TAKEN);
	assert_int_equal(addrlists_check_relay(lists, false, "x@a.example", "",
					       "q"), ROUTES_UNLISTED);
	addrlists_free(lists);
}

static void freemail_is_known(void **state)
{
	static const char *const lines[] = {
		"freemail_domains", "free.example yahoo.* mail?.example",
		"freemail_whitelist", "ann@free.example",
		"def_welcomelist_auth", "bob@free.example", NULL,
	};
	static const struct { const char *addr; bool is_free; } cases[] = {
		{ "x@free.example", true }, { "x@a.free.example", false },
		{ "x@yahoo.de", true }, { "x@yahoo.co.uk", false },
		{ "x@mail1.example", true }, { "ann@free.example", false },
		{ "abuse@free.example", false }, { "", false },
		{ "bounce-@free.example", false },
		{ "a=b=c@free.example", false }, { "bob@free.example", true },
	};
	struct addrlists *lists = make(lines);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (addrlists_is_freemail(lists, cases[i].addr) !=
		    cases[i].is_free)
			fail_msg("%s", cases[i].addr);
	assert_int_equal(addrlists_take(
		lists, "freemail_import_def_welcomelist_auth", "1"),
		ADDRLISTS_TAKEN);
	assert_false(addrlists_is_freemail(lists, "bob@free.example"));
	assert_true(addrlists_is_bulk(lists, "x-bounces@a.example"));
	assert_true(addrlists_is_bulk(lists, "no-reply@a.example"));
	assert_false(addrlists_is_bulk(lists, "ann@a.example"));
	assert_int_equal(addrlists_take(lists, "freemail_skip_bulk_envfrom",
					"0"), ADDRLISTS_TAKEN);
	assert_false(addrlists_is_bulk(lists, "x-bounces@a.example"));
	addrlists_free(lists);
}

static void suffixes_are_added(void **state)
{
	static const char *const lines[] = {
		"util_rb_tld", "madeuptld", "util_rb_2tld", "hosting.example",
		NULL,
	};
	struct addrlists *lists = make(lines);
	struct settings *settings = settings_parse("test", span_text(""),
						   groups, NULL);

	(void)state;
	assert_true(addrlists_is_suffix(lists, settings, "com"));
	assert_true(addrlists_is_suffix(lists, settings, "madeuptld"));
	assert_false(addrlists_is_suffix(lists, settings, "othertld"));
	assert_string_equal(addrlists_organisation(
		lists, settings, "a.b.hosting.example"), "b.hosting.example");
	assert_string_equal(addrlists_organisation(
		lists, settings, "a.b.example.com"), "example.com");
	assert_int_equal(addrlists_take(lists, "clear_util_rb", ""),
			 ADDRLISTS_TAKEN);
	assert_false(addrlists_is_suffix(lists, settings, "madeuptld"));
	settings_unref(settings);
	addrlists_free(lists);
}

static void remarks_are_read(void **state)
{
	static const struct {
		const char *word, *rest;
		enum remarks_result result;
	} cases[] = {
		{ "test", "A ok some text", REMARKS_TAKEN },
		{ "test", "A fail", REMARKS_TAKEN },
		{ "test", "A maybe x", REMARKS_WRONG },
		{ "test", "", REMARKS_WRONG },
		{ "priority", "A -100", REMARKS_TAKEN },
		{ "priority", "A", REMARKS_WRONG },
		{ "priority", "A 1e9", REMARKS_WRONG },
		{ "priority", "A 9999999999999", REMARKS_WRONG },
		{ "reuse", "A B_1", REMARKS_TAKEN }, { "reuse", "", REMARKS_WRONG },
		{ "reuse", "A 1B", REMARKS_WRONG }, { "body", "A", REMARKS_OTHER },
	};
	struct remarks *remarks = remarks_new();
	const struct remarks_example *first;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (remarks_take(remarks, "x.cf", 1, cases[i].word,
				 cases[i].rest) != cases[i].result)
			fail_msg("%s %s", cases[i].word, cases[i].rest);
	assert_int_equal(remarks_examples(remarks)->len, 2);
	first = &g_array_index(remarks_examples(remarks),
			       struct remarks_example, 0);
	assert_true(first->is_hit);
	assert_string_equal(first->text, "some text");
	remarks_free(remarks);
	remarks_free(NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(lines_are_told_apart),
	cmocka_unit_test(addresses_are_listed),
	cmocka_unit_test(hosts_are_listed),
	cmocka_unit_test(routes_are_checked),
	cmocka_unit_test(freemail_is_known),
	cmocka_unit_test(suffixes_are_added),
	cmocka_unit_test(remarks_are_read),
};

TAP_MAIN(tests)
