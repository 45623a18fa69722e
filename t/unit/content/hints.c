#include <config.h>

#include "content/hints.h"

#include "unit/tap.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <glib.h>
#include <pcre2.h>
#include <string.h>

#define PATTERNS 30000		/* random ones */
#define TEXTS 12		/* with each */

static const struct { const char *pattern, *want; } cases[] = {
	{ "x(?:one|two|three|four)?y",
	  "x(?:(?=[FOTfot])(?:one|two|three|four))?y" },
	{ "(one|two|three|four)", "((?=[FOTfot])(?:one|two|three|four))" },
	{ "(?<n>one|two|three|four)",
	  "(?<n>(?=[FOTfot])(?:one|two|three|four))" },
	{ "(?i:a|b|c|\\x20)", "(?i:(?=[\\x20ABCabc])(?:a|b|c|\\x20))" },
	{ "(?:(?:a|b|c|d)|e)",
	  "(?:(?=[ABCDEabcde])(?:(?:(?=[ABCDabcd])(?:a|b|c|d))|e))" },
	{ "(?(DEFINE)(?<n>ab))(?&n)(?&n)+",
	  "(?(DEFINE)(?<n>ab))(?:(?=[Aa])(?&n))(?:(?=[Aa])(?&n))+" },
	{ "one|two|three|four", NULL },		/* PCRE2 sees that itself */
	{ "(?:one|two|three)", NULL },
	{ "(?:a|b|c|d|)", NULL },
	{ "(?:a|b|c|$)", NULL },
	{ "(?:a|b|c|.)", NULL },
	{ "(?:a|b|c|d?)", NULL },
	{ "(?=a|b|c|d)", NULL },
	{ "(?!a|b|c|d)", NULL },
	{ "(?|(a)|(b)|(c)|(d))", NULL },
	{ "(?J)(?<n>a)(?<n>b)(?&n)", NULL },
	{ "(?:a|b|c|d", NULL },
	{ "(?:a|b|c|d)(*ACCEPT)", NULL },
};

static void hints_are_put_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autofree char *hinted = hints_put(cases[i].pattern, false, 4);

		if (g_strcmp0(hinted, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].pattern, hinted);
	}
}

static void few_ways_are_left_alone(void **state)
{
	g_autofree char *hinted = hints_put("(?:a|b|c|d)", false, 5);

	(void)state;
	assert_null(hinted);
}

/* Pieces of patterns; "()" within them stands for more pieces. */
static const char *const pieces[] = {
	"a", "b", "1", "-", "B", "ab", " ", "()", "(?:())", "(())", "(()|())",
	"(?:()|())", "(?:()|)", "(?:a()|b()|1())", "(?:a|b|c|-)()", "(?>())",
	"(?=())", "(?!())", "(?<=a)", "(?<!b)", "(?i)", "(?x)", "(?-x)",
	"(?x:())", "(?i:())", "(?#a)", "\\b", "\\1", "[ab]", "[^a]", "[a-c]",
	"\\d", "\\w", "\\W", "\\s", ".", "^", "$", "#", "\n", "# a\n",
	"(?(1)()|())", "(?(?=())()|())", "(?1)?", "(?|()|())", "(?&n)",
	"(?(DEFINE)(?<n>()))", "\xe9", "[\xe8-\xea]", "(?<=(?:a|b|c|d))",
};

static const char *const quantifiers[] = {
	"?", "*", "+", "??", "*?", "+?", "?+", "++", "{0}", "{2}", "{1,3}",
};

static const char *one_of(GRand *random, const char *const *words,
			  size_t count)
{
	return words[g_rand_int_range(random, 0, (gint32)count)];
}

static void add_pieces(GRand *random, GString *out, int depth)
{
	int count = g_rand_int_range(random, depth ? 0 : 1, 5);

	while (count--) {
		const char *piece = one_of(random, pieces, COUNT_OF(pieces));

		for (; *piece; piece++)
			if (piece[0] == '(' && piece[1] == ')') {
				if (depth < 3)
					add_pieces(random, out, depth + 1);
				piece++;
			} else {
				g_string_append_c(out, *piece);
			}
		if (g_rand_int_range(random, 0, 3) == 0)
			g_string_append(out, one_of(random, quantifiers,
						    COUNT_OF(quantifiers)));
		if (g_rand_int_range(random, 0, 8) == 0)
			g_string_append_c(out, '|');
	}
}

static pcre2_code *compile(const char *pattern, uint32_t options)
{
	PCRE2_SIZE at;
	int code;

	return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			     options, &code, &at, NULL);
}

/* "1 3 1 2": where it matches, its first group, too. */
static char *found_by(const pcre2_code *code, const char *text, size_t len)
{
	pcre2_match_data *data = pcre2_match_data_create(2, NULL);
	int result = pcre2_match(code, (PCRE2_SPTR)text, len, 0, 0, data, NULL);
	const PCRE2_SIZE *place = pcre2_get_ovector_pointer(data);
	char *found = result < 0 ? g_strdup_printf("%d", result) :
		g_strdup_printf("%zu %zu %zd %zd", place[0], place[1],
				result == 1 ? -1 : (gssize)place[2],
				result == 1 ? -1 : (gssize)place[3]);

	pcre2_match_data_free(data);
	return found;
}

static void compare(GRand *random, const char *pattern, const char *hinted,
		    uint32_t options)
{
	static const char letters[] = "aaAbbB11c-- .#\n\xe9";
	pcre2_code *code = compile(pattern, options);
	pcre2_code *other = compile(hinted, options);

	if (code && !other)
		fail_msg("/%s/ is no pattern as /%s/", pattern, hinted);
	for (int i = 0; code && i < TEXTS; i++) {
		char text[24];
		size_t len = (size_t)g_rand_int_range(random, 0, sizeof text);

		for (size_t j = 0; j < len; j++)
			text[j] = letters[g_rand_int_range(
				random, 0, (gint32)strlen(letters))];
		g_autofree char *want = found_by(code, text, len);
		g_autofree char *got = found_by(other, text, len);

		if (strcmp(want, got) != 0)
			fail_msg("/%s/ finds %s in \"%.*s\", /%s/ %s", pattern,
				 want, (int)len, text, hinted, got);
	}
	pcre2_code_free(code);
	pcre2_code_free(other);
}

static void they_change_nothing(void **state)
{
	static const uint32_t options[] = {
		0, PCRE2_CASELESS, PCRE2_EXTENDED, PCRE2_DOTALL,
	};
	GRand *random = g_rand_new_with_seed(3);
	g_autoptr(GString) pattern = g_string_new(NULL);
	unsigned hinted = 0;

	(void)state;
	for (int i = 0; i < PATTERNS; i++) {
		uint32_t with = options[g_rand_int_range(
			random, 0, (gint32)COUNT_OF(options))];
		g_autofree char *other = NULL;

		g_string_truncate(pattern, 0);
		add_pieces(random, pattern, 0);
		other = hints_put(pattern->str, with == PCRE2_EXTENDED, 2);
		if (!other)
			continue;
		hinted++;
		compare(random, pattern->str, other, with);
	}
	assert_true(hinted > PATTERNS / 20);
	g_rand_free(random);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(hints_are_put_in),
	cmocka_unit_test(few_ways_are_left_alone),
	cmocka_unit_test(they_change_nothing),
};

TAP_MAIN(tests)
