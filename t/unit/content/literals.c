#include <config.h>

#include "content/literals.h"

#include "content/pattern.h"
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
	unsigned times;
	GArray *set = literals_find(pattern, is_extended, view, &times);

	if (!out)
		out = g_string_new(NULL);
	g_string_assign(out, set ? "" : "none");
	for (guint i = 0; set && i < set->len; i++) {
		const struct literal *one = &g_array_index(
			set, struct literal, i);

		g_string_append_printf(out, "%s%.*s", i ? "|" : "",
				       (int)one->len, (const char *)one->bytes);
	}
	if (set && times > 1)
		g_string_append_printf(out, " x%u", times);
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
	{ "(?:free)*now", "now", "now" },
	{ "(?:free)+now", "free", "free" },
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
		unsigned times;
		GArray *set = literals_find(expression, is_extended,
					    (enum literals_view)view, &times);

		if (!set)
			continue;
		said++;
		if (places(set, text, len, (enum literals_view)view) < times)
			fail_msg("/%s/%s matches \"%.*s\" without %s (%zu)",
				 expression, modifiers, (int)len, text,
				 shown(expression, is_extended,
				       (enum literals_view)view), view);
		g_array_unref(set);
	}
	return said;
}

/* Pieces of patterns; "()" within them stands for more pieces. */
static const char *const pieces[] = {
	"a", "b", "1", "-", "B", "ab", " ", "()", "(?:())", "(())", "(()|())",
	"(?:()|())", "(?:()|)", "(?>())", "(?=())", "(?!())", "(?<=a)",
	"(?<!b)", "(?i)", "(?x)", "(?-x)", "(?x:())", "(?i:())", "(?#a)",
	"\\b", "\\B", "\\1", "\\g{1}", "\\Qa.b\\E", "\\Q", "\\E", "\\Q*\\E",
	"[ab]", "[^a]", "[a-c]", "[^\\W]", "[\\W_]", "[\\d-]", "[]a]", "[^]a]",
	"[[:alpha:]]", "[^[:lower:]]", "[a\\]b]", "[ -b]", "\\d", "\\w", "\\W",
	"\\s", "\\S", "\\x61", "\\x{42}", "\\061", "\\e", "\\.", "\\-", ".",
	"^", "$", "\\A", "\\z", "\\G", "\\K", "#", "\n", "# a\n", "{", "}", "{1",
	"(?(1)()|())", "(?(?=())()|())", "(?1)?", "(?R)?", "(?|()|())",
	"(?(DEFINE)())", "[[:<:]]", "\xe9", "[\xe8-\xea]", "\\cA", "\\h",
};

static const char *const quantifiers[] = {
	"?", "*", "+", "??", "*?", "+?", "?+", "*+", "++", "{0}", "{0,1}",
	"{1}", "{2}", "{2,}", "{1,3}", "{0,}", "{3}+", "{2}?", "{,2}",
};

static void add_pieces(GRand *random, GString *out, int depth)
{
	int count = g_rand_int_range(random, depth ? 0 : 1, 5);

	while (count--) {
		const char *piece = pieces[g_rand_int_range(
			random, 0, (gint32)COUNT_OF(pieces))];

		for (; *piece; piece++)
			if (piece[0] == '(' && piece[1] == ')') {
				if (depth < 3)
					add_pieces(random, out, depth + 1);
				piece++;
			} else {
				g_string_append_c(out, *piece);
			}
		if (g_rand_int_range(random, 0, 3) == 0)
			g_string_append(out, quantifiers[g_rand_int_range(
				random, 0, (gint32)COUNT_OF(quantifiers))]);
		if (g_rand_int_range(random, 0, 12) == 0)
			g_string_append_c(out, '|');
	}
}

static size_t make_text(GRand *random, char *text, size_t most)
{
	static const char letters[] = "aaAbbB11c-- .#\n\xe9\x1b*";
	size_t len = (size_t)g_rand_int_range(random, 0, (gint32)most);

	for (size_t i = 0; i < len; i++)
		text[i] = letters[g_rand_int_range(
			random, 0, (gint32)strlen(letters))];
	return len;
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
		add_pieces(random, expression, 0);
		pattern = pattern_compile(expression->str, with, NULL);
		compiled += pattern != NULL;
		for (int j = 0; pattern && j < TEXTS; j++)
			said += check(with, expression->str, pattern, text,
				      make_text(random, text, sizeof text));
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

	unsigned times;

	(void)state;
	for (int i = 0; i < 30000; i++)
		g_string_append_c(deep, '(');
	assert_null(literals_find(deep->str, false, LITERALS_PLAIN,
				  &times));
	for (int i = 0; i < 6000; i++)
		g_string_append_printf(wide, "|%x[a-z]q", i);
	g_string_append_c(wide, ')');
	set = literals_find(wide->str, false, LITERALS_PLAIN, &times);
	assert_non_null(set);
	assert_true(set->len < 2500);
	g_array_unref(set);
	for (int i = 0; i < 20; i++)
		g_string_append(wide, "{9}");
	set = literals_find(wide->str, false, LITERALS_PLAIN, &times);
	if (set)
		g_array_unref(set);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(patterns_have_their_literals),
	cmocka_unit_test(what_matches_has_them),
	cmocka_unit_test(size_has_its_limits),
};

TAP_MAIN(tests)
