#include <config.h>

#include "settings/conftree.h"

#include "unit/tap.h"

#include <string.h>

/* The tree as one line: key=text, key{...}, key[...]. */
static void flatten(GString *out, const struct conftree_node *node)
{
	for (guint i = 0; i < node->children->len; i++) {
		const struct conftree_node *child =
			g_ptr_array_index(node->children, i);

		if (i)
			g_string_append_c(out, ' ');
		if (child->key)
			g_string_append(out, child->key);
		if (child->kind == CONFTREE_VALUE) {
			g_string_append_printf(out, "%s%s",
					       child->key ? "=" : "",
					       child->text);
			continue;
		}
		g_string_append_c(out, child->kind == CONFTREE_LIST ? '[' :
								      '{');
		flatten(out, child);
		g_string_append_c(out, child->kind == CONFTREE_LIST ? ']' :
								      '}');
	}
}

static const struct { const char *text, *tree; } good[] = {
	{ "", "" },
	{ "# only a comment", "" },
	{ "a = b;", "a=b" },
	{ "a: b", "a=b" },
	{ "a b", "a=b" },
	{ "a = b\nc = d", "a=b c=d" },
	{ "a = \"x;y # z\";", "a=x;y # z" },
	{ "a = 'x\\n'", "a=x\\n" },
	{ "a = \"\\u0041\\t\\\"\"", "a=A\t\"" },
	{ "a = \"\\ud83d\\ude00\"", "a=\xf0\x9f\x98\x80" },
	{ "s { a = 1; b = 2 }", "s{a=1 b=2}" },
	{ "s {\n a = 1\n}\ns { b = 2 }", "s{a=1 b=2}" },
	{ "s\n{\n a = 1\n}\n", "s{a=1}" },
	{ "s = { a = 1 }", "s{a=1}" },
	{ "s name { a = 1 } b = 2", "s{name{a=1}} b=2" },
	{ "l = [a, \"b\", c]", "l[a b c]" },
	{ "l = [\n a,\n b,\n]", "l[a b]" },
	{ "l []", "l[]" },
	{ "{ \"a\": \"b\", \"c\": [1, 2] }", "a=b c[1 2]" },
	{ "/* a /* nested */ one */ a = 1", "a=1" },
	{ "a = 1 /* behind */ ; b = 2", "a=1 b=2" },
	{ "listen = inet:8891@127.0.0.1;", "listen=inet:8891@127.0.0.1" },
	{ "t = 5s; n = ::1/128", "t=5s n=::1/128" },
	{ "t = <<EOD\nline one\nline two\nEOD\n", "t=line one\nline two\n" },
	{ "a = 1\r\nb = 2\r\n", "a=1 b=2" },
	{ "\xef\xbb\xbf" "a = 1", "a=1" },
	{ "a = 1; a = 2", "a=1 a=2" },
	{ "l = [[a], {b = c}]", "l[[a] {b=c}]" },
};

static void good_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		g_autoptr(GError) why = NULL;
		g_autoptr(GString) flat = g_string_new(NULL);
		struct conftree *tree = conftree_parse(
			"t.conf", span_text(good[i].text), NULL, &why);

		if (!tree)
			fail_msg("%s: %s", good[i].text, why->message);
		flatten(flat, conftree_root(tree));
		assert_string_equal(flat->str, good[i].tree);
		conftree_free(tree);
	}
}

static const struct { const char *text, *start; } bad[] = {
	{ "a", "t.conf:1: a: a value is missing" },
	{ "a =", "t.conf:1: a: a value is missing" },
	{ "\na = ;", "t.conf:2: a: a value is missing" },
	{ "a\nb = 1", "t.conf:2: a: a value is missing before this line" },
	{ "x = 1\ns {\n a = 1\n", "t.conf:2: s begins here" },
	{ "l = [a, b", "t.conf:1: l begins here" },
	{ "}", "t.conf:1: '}' closes nothing" },
	{ "s { a = 1 ]", "t.conf:1: ']' closes what began at line 1" },
	{ "a = \"x", "t.conf:1: a string begins here" },
	{ "\n/* x", "t.conf:2: a comment begins here" },
	{ "a = \"\\q\"", "t.conf:1: no such escape" },
	{ "a = \"\\u12\"", "t.conf:1: \\u needs four" },
	{ "a = \"\\u0000\"", "t.conf:1: a string cannot hold NUL" },
	{ "a = <<EOD\nx", "t.conf:1: the text behind <<EOD has no end" },
	{ "a = <<eod\nx", "t.conf:1: << needs a word" },
	{ "= 1", "t.conf:1: a key is expected" },
	{ ".include \"x\"", "t.conf:1: no files can be included here" },
	{ ".macro x", "t.conf:1: only .include" },
	{ "a=[[[[[[[[[[[[[[[[[[[[[[[[", "t.conf:1: more than 16" },
};

static void bad_texts_are_told_with_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		g_autoptr(GError) why = NULL;
		struct conftree *tree = conftree_parse(
			"t.conf", span_text(bad[i].text), NULL, &why);

		if (tree)
			fail_msg("taken: %s", bad[i].text);
		if (!g_str_has_prefix(why->message, bad[i].start))
			fail_msg("%s: %s", bad[i].text, why->message);
	}
}

static void a_nul_byte_is_refused(void **state)
{
	g_autoptr(GError) why = NULL;

	(void)state;
	assert_null(conftree_parse("t", span_of("a = 1\0b = 2", 11), NULL,
				   &why));
	assert_non_null(strstr(why->message, "NUL"));
}

static void lines_are_known(void **state)
{
	struct conftree *tree = conftree_parse(
		"t", span_text("a = 1\n/* \n */ b {\n c = 2 }"), NULL, NULL);
	const struct conftree_node *b = g_ptr_array_index(
		conftree_root(tree)->children, 1);
	const struct conftree_node *c = g_ptr_array_index(b->children, 0);

	(void)state;
	assert_int_equal(b->line, 3);
	assert_int_equal(c->line, 4);
	assert_string_equal(c->file, "t");
	conftree_free(tree);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(good_texts),
	cmocka_unit_test(bad_texts_are_told_with_their_line),
	cmocka_unit_test(a_nul_byte_is_refused),
	cmocka_unit_test(lines_are_known),
};

TAP_MAIN(tests)
