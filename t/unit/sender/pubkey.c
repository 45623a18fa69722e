#include <config.h>

#include "sender/pubkey.h"
#include "sender/taglist.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

#define ED "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="	/* RFC 8463 */

static const struct { const char *text; int count; } lists[] = {
	{ "v=1; a=b", 2 }, { "v=1;", 1 }, { " v = 1 ; a\t=\tb c ; ", 2 },
	{ "a=", 1 }, { "a_1=x", 1 }, { "a=b=c", 1 },
	{ "", 0 }, { "a", -1 }, { "=x", -1 }, { "1a=x", -1 },
	{ "a=1; a=2", -1 }, { "a=1;; b=2", -1 }, { "a b=1", -1 },
};

static void lists_are_read(void **state)
{
	struct taglist list;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		int count = taglist_parse(span_text(lists[i].text), &list) ?
			    (int)list.count : -1;

		if (count != lists[i].count)
			fail_msg("\"%s\": %d", lists[i].text, count);
	}
}

static void a_list_of_too_many_is_none(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct taglist list;

	(void)state;
	for (int i = 0; i < TAGLIST_MAX; i++)
		g_string_append_printf(text, "a%d=x;", i);
	assert_true(taglist_parse(span_text(text->str), &list));
	g_string_append(text, "b=x");
	assert_false(taglist_parse(span_text(text->str), &list));
}

static void values_are_found(void **state)
{
	struct taglist list;
	struct arena arena;
	int64_t number;

	(void)state;
	arena_init(&arena);
	assert_true(taglist_parse(span_text("b=AB \r\n CD; t=12; x=-1; h=a:b"),
				  &list));
	assert_string_equal(taglist_packed(&list, "b", &arena), "ABCD");
	assert_null(taglist_packed(&list, "B", &arena));
	assert_true(taglist_number(&list, "t", &number) && number == 12);
	assert_false(taglist_number(&list, "x", &number));
	assert_false(taglist_number(&list, "b", &number));
	assert_true(taglist_has_word(*taglist_find(&list, "h"), ':', "b"));
	assert_false(taglist_has_word(*taglist_find(&list, "h"), ':', "a:b"));
	arena_release(&arena);
}

/* What is said of each key: "ed test strict sha1 sha256", "" for a mistake. */
static const struct { const char *text, *want; } keys[] = {
	{ "v=DKIM1; k=ed25519; p=" ED, "ed sha1 sha256" },
	{ "k=ed25519; p=" ED "; t=y:s; h=sha256", "ed test strict sha256" },
	{ "p=AAAA", "sha1 sha256" }, { "p=AA AA; h=sha1", "sha1" },
	{ "p=AAAA; s=email", "sha1 sha256" }, { "p=AAAA; s=other", "" },
	{ "p=AAAA; k=other", "" }, { "v=DKIM2; p=AAAA", "" },
	{ "p=AAAA; v=DKIM1", "" }, { "p=!", "" }, { "k=rsa", "" },
	{ "v=spf1 -all", "" }, { "", "" },
};

static char *said(const struct pubkey *key)
{
	return g_strstrip(g_strconcat(
		key->is_ed25519 ? "ed " : "", key->is_testing ? "test " : "",
		key->is_strict ? "strict " : "",
		key->is_for_sha1 ? "sha1 " : "",
		key->is_for_sha256 ? "sha256 " : "", NULL));
}

static void keys_are_read(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct pubkey key;
		const char *wrong = pubkey_parse(span_text(keys[i].text),
						 &arena, &key);
		g_autofree char *got = wrong ? g_strdup("") : said(&key);

		if (strcmp(got, keys[i].want) != 0)
			fail_msg("\"%s\": \"%s\" (%s)", keys[i].text, got,
				 wrong ? wrong : "");
	}
	arena_release(&arena);
}

static void a_key_opens_or_not(void **state)
{
	struct arena arena;
	struct pubkey key;
	EVP_PKEY *opened;

	(void)state;
	arena_init(&arena);
	assert_null(pubkey_parse(span_text("k=ed25519; p=" ED), &arena, &key));
	opened = pubkey_open(&key);
	assert_non_null(opened);
	assert_int_equal(EVP_PKEY_get_id(opened), EVP_PKEY_ED25519);
	EVP_PKEY_free(opened);
	assert_null(pubkey_parse(span_text("p=AAAA"), &arena, &key));
	assert_null(pubkey_open(&key));
	assert_null(pubkey_parse(span_text("v=DKIM1; p="), &arena, &key));
	assert_true(pubkey_is_revoked(&key));
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(lists_are_read),
	cmocka_unit_test(a_list_of_too_many_is_none),
	cmocka_unit_test(values_are_found),
	cmocka_unit_test(keys_are_read),
	cmocka_unit_test(a_key_opens_or_not),
};

TAP_MAIN(tests)
