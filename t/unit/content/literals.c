#include <config.h>

#include "content/literals.h"

#include "content/pattern.h"
#include "unit/content/randompattern.h"
#include "unit/tap.h"

#include <stdio.h>
#include <string.h>

#define PATTERNS 60000		/* random ones */
#define TEXTS 12		/* with each */

/* As "ab|cd", sorted; "none" for NULL. */
static const char *shown(const char *pattern, bool is_extended,
			 enum literals_view view)
{
	static GString *out;
	struct literals_facts facts;
	GArray *set = literals_find(pattern, is_extended, view, &facts);

	if (!out)
		out = g_string_new(NULL);
	g_string_assign(out, set ? "" : "none");
	for (guint i = 0; set && i < set->len; i++) {
		const struct literal *one = &g_array_index(
			set, struct literal, i);

		g_string_append_printf(out, "%s%.*s", i ? "|" : "",
				       (int)one->len, (const char *)one->bytes);
	}
	if (set && facts.times > 1)
		g_string_append_printf(out, " x%u", facts.times);
	if (set)
		g_array_unref(set);
	return out->str;
}

static const struct { const char *pattern, *plain, *bare; } cases[] = {
	{ "free", "free", "free" },
	{ "FrEe", "free", "free" },
	{ "f-r.e", "f-r", "fr" },
	{ "fre?e", "fre", "fre" },
	{ "unsubscribe here", "subscrib", "subscrib" },
	{ "[ck]ash", "cash|kash", "cash|kash" },
	{ "(?:vi|\xc3\xad)agra", "viagra|\xc3\xad""agra", NULL },
	{ "free|gratis", "free|gratis", "free|gratis" },
	{ "free|", "none", "none" },
	{ "(?:free)?", "none", "none" },
	{ "(?:free)*now", "freefree|now", "freefree|now" },
	{ "(?:free)+now", "freefree|freenow", "freefree|freenow" },
	{ "x{3}", "xxx", "xxx" },
	{ "(?:xy){9}", "xyxyxyxy", "xyxyxyxy" },
	{ "(?:x){0}y", NULL, NULL },
	{ "(?:xq){0,3}", "none", "none" },
	{ "a{,3}", "none", "none" },
	{ "a{b}", "a{b}", "ab" },
	{ "a{2,b", "a{2,b", "a2b" },
	{ "(?=.*free)", "free", "free" },
	{ "(?!free)now", "now", "now" },
	{ "(?<=is )free", "free", "free" },
	{ "(?<!un)free", "free", "free" },
	{ "(?=free)?", "none", "none" },
	{ "(?!(?=free))", "none", "none" },
	{ "(?(?=f)free|now)", "none", "none" },
	{ "(a)(?(1)free)zq", "zq", "zq" },
	{ "(?(DEFINE)(?<n>free))zq(?&n)", "zq", "zq" },
	{ "(?<n>free)\\k<n>", "free", "free" },
	{ "(?P<n>free)(?P=n)(?P>n)", "free", "free" },
	{ "(?'n'free)\\g{n}\\g'n'\\k'n'\\k{n}", "free", "free" },
	{ "(q)\\1z", NULL, NULL },
	{ "(q)\\g1z", NULL, NULL },
	{ "(q)\\g{-1}", "q", "q" },
	{ "(?R)?zq", "zq", "zq" },
	{ "(?1)(zq)", "zq", "zq" },
	{ "(?|zq|zx)", "zq|zx", "zq|zx" },
	{ "(?>zq)", "zq", "zq" },
	{ "(?i)zQ", "zq", "zq" },
	{ "(?i:z)(?-i)q", "zq", "zq" },
	{ "(?x) z q # no", "zq", "zq" },
	{ "(?x: z q )z q", "zqz q", "zqzq" },
	{ "((?x) z) q", "z q", "zq" },
	{ "z(?x-s) q|x z", "xz|zq", "xz|zq" },
	{ "(?x)(?^:z q)(?^x)z q", "z qzq", "zqzq" },
	{ "(?xx)[a b]", "none", "none" },
	{ "z(?#comment)q", "zq", "zq" },
	{ "zq(?#comment)?", "z", "z" },
	{ "zq\\E?", NULL, NULL },
	{ "\\Qz.q\\E", "z.q", "zq" },
	{ "\\Qz|q", "z|q", "zq" },
	{ "\\Qzq\\E+", NULL, NULL },
	{ "\\Q\\Ezq", "zq", "zq" },
	{ "z\\Bq", "zq", "zq" },
	{ "^zq$", "zq", "zq" },
	{ "\\Azq\\z", "zq", "zq" },
	{ "z\\Kq", "zq", "zq" },
	{ "z\\Rq", NULL, NULL },
	{ "z\\xq", "none", "none" },
	{ "\\x7aq", "zq", "zq" },
	{ "\\x{7a}q", "zq", "zq" },
	{ "\\172q", "q", "q" },
	{ "\\0172", NULL, NULL },
	{ "z\\.q", "z.q", "zq" },
	{ "z\\tq", "z\tq", "zq" },
	{ "z[]]q", "z]q", "zq" },
	{ "z[^]]q", "z", "z" },
	{ "z[\\]q]", "z]|zq", NULL },
	{ "z[[:digit:]]q", "z0q|z1q|z2q|z3q|z4q|z5q|z6q|z7q|z8q|z9q", NULL },
	{ "z[[.x.]]", "none", "none" },
	{ "[[:<:]]zq[[:>:]]", "zq", "zq" },
	{ "z[x-z]", "zx|zy|zz", "zx|zy|zz" },
	{ "z[x-]", "z-|zx", NULL },
	{ "z[-x]", "z-|zx", NULL },
	{ "z[\\d-x]", NULL, NULL },
	{ "z[\\d--x]", "none", "none" },
	{ "z[a-c--x]", "none", "none" },
	{ "z[\\Qx\\E]", "none", "none" },
	{ "z[\\x41\\b]", "z\b|za", NULL },
	{ "z[A-Z]", NULL, NULL },
	{ "(*UTF)zq", "none", "none" },
	{ "(*UCP)\xe9", "none", "none" },
	{ "a(*ACCEPT)zq", "none", "none" },
	{ "(?C1)zq", "none", "none" },
	{ "(?(VERSION>=10.0)a|b)zq", "zq", "zq" },
	{ "z[_\\W]{0,3}q", "z", "zq" },
	{ "z[_\\W]?[q9]x", NULL, "z9x|zqx" },
	{ "z\\W*q", "z", "zq" },
	{ "z\\w*q", NULL, NULL },
	{ "zq[x", "none", "none" },
	{ "(zq[x\\", "none", "none" },
	{ "zq\\", "none", "none" },
	{ "zq\\c", "none", "none" },
	{ "(?:[qz].+){3}", "q|z x3", "q|z x3" },
	{ "(?:[qz].+){3,}|(?:x.+){9}", "q|x|z x3", NULL },
	{ "(?:(?:z.+){3}.){4}", "z x12", "z x12" },
	{ "(?:(?=.*z).){3}", "z", "z" },
	{ "(?=(?:z.+){3}).", "z x3", "z x3" },
	{ "(?:(?:z.+){3})?", "none", "none" },
	{ ".", "none", "none" },
	{ "\\S+", "none", "none" },
	{ "", "none", "none" },
	{ "ad+res", "add|adres", "add|adres" },
	{ "zq{2,9}x", "zqqq|zqqx", "zqqq|zqqx" },
	{ "[ck]{1,3}\\s", NULL, NULL },
};

static const struct { const char *pattern, *want; } once[] = {
	{ "free", "fre" },
	{ "f-r.e", "fr" },
	{ "(?:vi|\xc3\xad)agra", "viagra|\x80""agra" },
	{ "z[\x90-\xff]q", "z\x80q" },
	{ "z[\xe8\xe9]{1,9}q", "z\x80q" },
	{ "z\\W{0,2}q", "zq|z\x80q" },
	{ "(?:zq){1,2}x", "zqx" },
	{ "[zq]{1,2}x", "qx|zx" },
	{ "z[,q]+x", "zqx|zx" },
	{ "(?:[qz].+){3}", "q|z" },
	{ "z+q", "zq" },
};

static unsigned compare(const char *pattern, enum literals_view view,
			const char *want)
{
	const char *got = shown(pattern, false, view);

	if (!want || strcmp(got, want) == 0)
		return 0;
	print_message("# %s (%d): %s, not %s\n", pattern, (int)view, got, want);
	return 1;
}

/* What is not given depends on what is frequent; it is tried
 * with random texts. */
static void patterns_have_their_literals(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		wrong += compare(cases[i].pattern, LITERALS_PLAIN,
				 cases[i].plain);
		wrong += compare(cases[i].pattern, LITERALS_BARE,
				 cases[i].bare);
	}
	for (size_t i = 0; i < COUNT_OF(once); i++)
		wrong += compare(once[i].pattern, LITERALS_ONCE, once[i].want);
	assert_int_equal(wrong, 0);
	assert_string_equal(shown("z q # no", true, LITERALS_PLAIN), "zq");
	assert_string_equal(shown("z\\ q", true, LITERALS_PLAIN), "z q");
	assert_string_equal(shown("z #\r\nq", true, LITERALS_PLAIN), "none");
	assert_string_equal(shown("z\x85q", true, LITERALS_PLAIN), "none");
}

static GString *seen(const char *text, size_t len, enum literals_view view)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < len; i++) {
		bool is_high = view == LITERALS_ONCE && text[i] & 0x80;
		char c = is_high ? '\x80' : g_ascii_tolower(text[i]);

		if ((view == LITERALS_PLAIN || g_ascii_isalnum(c) || is_high) &&
		    !(view == LITERALS_ONCE && out->len &&
		      out->str[out->len - 1] == c))
			g_string_append_c(out, c);
	}
	return out;
}

static bool ends_at(const GArray *set, const GString *text, size_t end)
{
	for (guint i = 0; i < set->len; i++) {
		const struct literal *one = &g_array_index(
			set, struct literal, i);

		if (one->len <= end && memcmp(text->str + end - one->len,
					      one->bytes, one->len) == 0)
			return true;
	}
	return false;
}

static unsigned places(const GArray *set, const char *text, size_t len,
		       enum literals_view view)
{
	GString *in = seen(text, len, view);
	unsigned count = 0;

	for (size_t end = 1; end <= in->len; end++)
		count += ends_at(set, in, end);
	g_string_free(in, TRUE);
	return count;
}

/* How many of the ways to see the text could say something. */
static unsigned check(const char *modifiers, const char *expression,
		      const struct pattern *pattern, const char *text,
		      size_t len)
{
	bool is_extended = strchr(modifiers, 'x');
	unsigned said = 0;

	if (pattern_match(pattern, span_of(text, len), 0, NULL) != PATTERN_YES)
		return 0;
	for (size_t view = 0; view < LITERALS_VIEWS; view++) {
		struct literals_facts facts;
		GArray *set = literals_find(expression, is_extended,
					    (enum literals_view)view, &facts);

		if (!set)
			continue;
		said++;
		if (places(set, text, len, (enum literals_view)view) <
		    facts.times)
			fail_msg("/%s/%s matches \"%.*s\" without %s (%zu)",
				 expression, modifiers, (int)len, text,
				 shown(expression, is_extended,
				       (enum literals_view)view), view);
		g_array_unref(set);
	}
	return said;
}

static const struct {
	const char *pattern;
	size_t plain, bare;
	bool is_anywhere;
} reaches[] = {
	{ "free", 0, 4, false },
	{ ".{3}free", 3, 7, false },
	{ ".{3,9}?free", 9, 13, false },
	{ ".{3,}free", LITERALS_FAR, LITERALS_FAR, false },
	{ "\\d?[.-]?free", 2, 6, false },
	{ "(?:ab?|b{2})?\\bzq", 2, 4, false },
	{ "(?=.{5}zq)", 5, 0, false },
	{ "(?<=zq).", 0, 1, true },
	{ "(.)\\1zq", LITERALS_FAR, LITERALS_FAR, false },
	{ "(?<n>.)(?&n)zq", LITERALS_FAR, LITERALS_FAR, false },
	{ "\\Rzq", LITERALS_FAR, LITERALS_FAR, false },
	{ "(?:.zq){3}", 1, 9, false },
	{ "(?:zq|..qz)", 2, 4, false },
};

/* Only of what is whole in a match is it known where it is,
 * when not all is seen. */
static void it_is_known_where_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(reaches); i++) {
		const char *pattern = reaches[i].pattern;
		struct literals_facts plain, bare;
		GArray *set = literals_find(pattern, false, LITERALS_PLAIN,
					    &plain);

		g_array_unref(set);
		set = literals_find(pattern, false, LITERALS_BARE, &bare);
		g_array_unref(set);
		if (plain.reach != reaches[i].plain ||
		    bare.reach != reaches[i].bare ||
		    plain.is_anywhere != reaches[i].is_anywhere)
			fail_msg("%s: %zu, %zu, %d", pattern, plain.reach,
				 bare.reach, plain.is_anywhere);
	}
}

static void what_matches_has_them(void **state)
{
	static const char *const modifiers[] = { "", "i", "x", "ix", "s" };
	GRand *random = g_rand_new_with_seed(4);
	g_autoptr(GString) expression = g_string_new(NULL);
	unsigned compiled = 0, said = 0;

	(void)state;
	for (int i = 0; i < PATTERNS; i++) {
		const char *with = modifiers[g_rand_int_range(
			random, 0, (gint32)COUNT_OF(modifiers))];
		struct pattern *pattern;
		char text[24];

		g_string_truncate(expression, 0);
		randompattern_add(random, expression, 0);
		pattern = pattern_compile(expression->str, with, NULL);
		compiled += pattern != NULL;
		for (int j = 0; pattern && j < TEXTS; j++)
			said += check(with, expression->str, pattern, text,
				      randompattern_text(random, text,
							 sizeof text));
		pattern_free(pattern);
	}
	assert_true(compiled > PATTERNS / 3);
	assert_true(said > PATTERNS / 4);
	g_rand_free(random);
}

/* What is hostile ends soon, and is not known rather than wrong. */
static void size_has_its_limits(void **state)
{
	g_autoptr(GString) deep = g_string_new(NULL);
	g_autoptr(GString) wide = g_string_new("zq(?:x");
	GArray *set;
	struct literals_facts facts;

	(void)state;
	for (int i = 0; i < 30000; i++)
		g_string_append_c(deep, '(');
	assert_null(literals_find(deep->str, false, LITERALS_PLAIN,
				  &facts));
	for (int i = 0; i < 6000; i++)
		g_string_append_printf(wide, "|%x[a-z]q", i);
	g_string_append_c(wide, ')');
	set = literals_find(wide->str, false, LITERALS_PLAIN, &facts);
	assert_non_null(set);
	assert_true(set->len < 2500);
	g_array_unref(set);
	for (int i = 0; i < 20; i++)
		g_string_append(wide, "{9}");
	set = literals_find(wide->str, false, LITERALS_PLAIN, &facts);
	if (set)
		g_array_unref(set);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(patterns_have_their_literals),
	cmocka_unit_test(it_is_known_where_they_are),
	cmocka_unit_test(what_matches_has_them),
	cmocka_unit_test(size_has_its_limits),
};

TAP_MAIN(tests)
