#include <config.h>

#include "message/mailbox.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

/* "name|local@domain" of each, with a space between; and the flaws. */
static const struct { const char *value, *boxes; unsigned flaws; } cases[] = {
	{ "a@b.example", "|a@b.example", 0 },
	{ "Ann <a@b.example>", "Ann|a@b.example", 0 },
	{ "\"Doe, Ann\" <a@b.example>, c@d.example",
	  "Doe, Ann|a@b.example |c@d.example", 0 },
	{ "Ann (at work) <a@b.example> (yes)", "Ann|a@b.example", 0 },
	{ "a@b.example (Ann)", "Ann|a@b.example", 0 },
	{ "a@b.example (=?utf-8?q?=41nn?=), c@d.example ()",
	  "Ann|a@b.example |c@d.example", 0 },
	{ "a@b(x).example", "|a@b.example", MAILBOX_FLAW_COMMENT },
	{ "a(x)@b.example", "|a@b.example", MAILBOX_FLAW_COMMENT },
	{ "<a(b@c)@d.example>", "|a@d.example", MAILBOX_FLAW_COMMENT },
	{ "=?utf-8?q?A=40b?= <a@b.example>", "A@b|a@b.example", 0 },
	{ "=?iso-8859-1?Q?J=F6rg?= <a@b.example>",
	  "J\xc3\xb6rg|a@b.example", 0 },
	{ "<=?utf-8?q?a?=@b.example>", "|=?utf-8?q?a?=@b.example",
	  MAILBOX_FLAW_ENCODED },
	{ "G: a@b.example, Ann <c@d.example>; , e@f.example",
	  "|a@b.example Ann|c@d.example |e@f.example", MAILBOX_FLAW_GROUP },
	{ "undisclosed-recipients:;", "", MAILBOX_FLAW_GROUP },
	{ "<@r.example,@s.example:a@b.example>", "|a@b.example",
	  MAILBOX_FLAW_ROUTE },
	{ "x <a@b.example> <c@d.example>", "x|a@b.example |c@d.example", 0 },
	{ "<a@b.example> c", "|a@b.example", MAILBOX_FLAW_TRAILING },
	{ "\"a b\"@c.example", "|a b@c.example", 0 },
	{ "a @ b . example", "|a@b.example", 0 },
	{ "Ann a@b.example", "|a@b.example", MAILBOX_FLAW_SYNTAX },
	{ "\"open <a@b.example>", "|a@b.example", MAILBOX_FLAW_SYNTAX },
	{ "", "", 0 }, { " , ,", "", 0 },
	{ "a@b\xc3\xbc" "cher.example", "|a@xn--bcher-kva.example", 0 },
};

static char *shown(const struct mailbox_list *list)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < list->count; i++) {
		const struct mailbox *box = &list->boxes[i];

		if (!*box->addr.domain_ascii)
			continue;
		g_string_append_printf(out, "%s%s|%.*s@%s",
			out->len ? " " : "", box->name ? box->name : "",
			(int)box->addr.local.len, box->addr.local.ptr,
			box->addr.domain_ascii);
	}
	return g_string_free(out, FALSE);
}

static void values_are_read(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct mailbox_list list = mailbox_parse(
			span_text(cases[i].value), &arena);
		g_autofree char *got = shown(&list);

		if (strcmp(got, cases[i].boxes) != 0 ||
		    list.flaws != cases[i].flaws)
			fail_msg("%s: \"%s\", flaws %u", cases[i].value,
				 got, list.flaws);
	}
	arena_release(&arena);
}

static void a_field_of_many_is_cut(void **state)
{
	g_autoptr(GString) value = g_string_new(NULL);
	struct mailbox_list list;
	struct arena arena;

	(void)state;
	for (int i = 0; i < MAILBOX_MAX + 5; i++)
		g_string_append_printf(value, "u%d@example.org,", i);
	arena_init(&arena);
	list = mailbox_parse(span_text(value->str), &arena);
	assert_int_equal(list.count, MAILBOX_MAX);
	assert_true(list.flaws & MAILBOX_FLAW_MANY);
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(values_are_read),
	cmocka_unit_test(a_field_of_many_is_cut),
};

TAP_MAIN(tests)
