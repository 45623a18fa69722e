/* randompattern.h - patterns and texts by chance, of which many match */
#ifndef UNIT_CONTENT_RANDOMPATTERN_H
#define UNIT_CONTENT_RANDOMPATTERN_H

#include "base/guard.h"

#include <glib.h>
#include <string.h>

/* "()" within them stands for more pieces. */
static const char *const randompattern_pieces[] = {
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

static const char *const randompattern_quantifiers[] = {
	"?", "*", "+", "??", "*?", "+?", "?+", "*+", "++", "{0}", "{0,1}",
	"{1}", "{2}", "{2,}", "{1,3}", "{0,}", "{3}+", "{2}?", "{,2}",
};

static void randompattern_add(GRand *random, GString *out, int depth)
{
	int count = g_rand_int_range(random, depth ? 0 : 1, 5);

	while (count--) {
		const char *piece = randompattern_pieces[g_rand_int_range(
			random, 0, (gint32)COUNT_OF(randompattern_pieces))];

		for (; *piece; piece++)
			if (piece[0] == '(' && piece[1] == ')') {
				if (depth < 3)
					randompattern_add(random, out,
							  depth + 1);
				piece++;
			} else {
				g_string_append_c(out, *piece);
			}
		if (g_rand_int_range(random, 0, 3) == 0)
			g_string_append(out, randompattern_quantifiers[
				g_rand_int_range(random, 0, (gint32)COUNT_OF(
					randompattern_quantifiers))]);
		if (g_rand_int_range(random, 0, 12) == 0)
			g_string_append_c(out, '|');
	}
}

static size_t randompattern_text(GRand *random, char *text, size_t most)
{
	static const char letters[] = "aaAbbB11c-- .#\n\xe9\x1b*";
	size_t len = (size_t)g_rand_int_range(random, 0, (gint32)most);

	for (size_t i = 0; i < len; i++)
		text[i] = letters[g_rand_int_range(
			random, 0, (gint32)strlen(letters))];
	return len;
}

#endif
