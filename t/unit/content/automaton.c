#include <config.h>

#include "content/automaton.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

#define WORDS_MAX 60
#define WORD_MAX 6
#define TEXT_MAX 300

/* What a scan found: for each place how often each word ended there. */
struct seen {
	unsigned at[TEXT_MAX + 1][WORDS_MAX];
	size_t left;			/* hits until it has enough */
};

static bool take(uint32_t value, size_t end, void *context)
{
	struct seen *seen = context;

	assert_true(value < WORDS_MAX);
	assert_true(end <= TEXT_MAX);
	seen->at[end][value]++;
	return --seen->left > 0;
}

/* The same, letter by letter. */
static void search(const struct automaton_word *words, size_t count,
		   const uint32_t *text, size_t len, struct seen *seen)
{
	for (size_t end = 1; end <= len; end++)
		for (size_t i = 0; i < count; i++)
			if (words[i].len <= end &&
			    memcmp(words[i].symbols, text + end - words[i].len,
				   words[i].len * sizeof *text) == 0)
				seen->at[end][words[i].value]++;
}

static void fill(GRand *random, uint32_t *to, size_t len, uint32_t base,
		 int letters)
{
	for (size_t i = 0; i < len; i++)
		to[i] = base + (uint32_t)g_rand_int_range(random, 0, letters);
}

/* Few letters, so that words lie within words; some past the root's table. */
static void try_one(guint32 seed)
{
	static struct seen found, wanted;
	static uint32_t symbols[WORDS_MAX][WORD_MAX], text[TEXT_MAX];
	struct automaton_word words[WORDS_MAX];
	GRand *random = g_rand_new_with_seed(seed);
	int letters = g_rand_int_range(random, 1, 30);
	uint32_t base = seed % 3 == 0 ? 0xffffe : seed % 3 == 1 ? 1 : 0x200000;
	size_t count = (size_t)g_rand_int_range(random, 0, WORDS_MAX + 1);
	size_t len = (size_t)g_rand_int_range(random, 0, TEXT_MAX + 1);
	struct automaton *automaton;

	fill(random, text, len, base, letters);
	for (size_t i = 0; i < count; i++) {
		words[i].symbols = symbols[i];
		words[i].len = (uint32_t)g_rand_int_range(random, 1,
							  WORD_MAX + 1);
		words[i].value = (uint32_t)i;
		fill(random, symbols[i], words[i].len, base, letters);
	}
	memset(&found, 0, sizeof found);
	memset(&wanted, 0, sizeof wanted);
	found.left = SIZE_MAX;
	search(words, count, text, len, &wanted);
	automaton = automaton_new(words, count);
	assert_true(automaton_scan(automaton, text, len, take, &found));
	if (memcmp(found.at, wanted.at, sizeof found.at) != 0)
		fail_msg("seed %u: not what a plain search finds", seed);
	assert_true(automaton_bytes(automaton) > 0);
	automaton_free(automaton);
	g_rand_free(random);
}

static void random_texts_give_what_a_plain_search_gives(void **state)
{
	(void)state;
	for (guint32 seed = 0; seed < 3000; seed++)
		try_one(seed);
}

static void a_scan_ends_when_it_is_told(void **state)
{
	static const uint32_t a = 'a', text[] = { 'a', 'a', 'a', 'a' };
	struct automaton_word word = { &a, 1, 0 };
	struct automaton *automaton = automaton_new(&word, 1);
	static struct seen seen = { .left = 2 };

	(void)state;
	assert_false(automaton_scan(automaton, text, 4, take, &seen));
	assert_int_equal(seen.left, 0);
	automaton_free(automaton);
	automaton_free(NULL);
}

/* Words that share nothing cost what the header says. */
static void memory_is_as_stated(void **state)
{
	static uint32_t symbols[1000][10];
	static struct automaton_word words[1000];
	struct automaton *automaton;
	size_t bytes;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		for (uint32_t j = 0; j < 10; j++)
			symbols[i][j] = 0x200000 + i * 10 + j;
		words[i] = (struct automaton_word){ symbols[i], 10, i };
	}
	automaton = automaton_new(words, 1000);
	bytes = automaton_bytes(automaton);
	assert_true(bytes >= 26 * 10000);
	assert_true(bytes < 44 * 10001 + 20 * 1000 + 500);
	automaton_free(automaton);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(random_texts_give_what_a_plain_search_gives),
	cmocka_unit_test(a_scan_ends_when_it_is_told),
	cmocka_unit_test(memory_is_as_stated),
};

TAP_MAIN(tests)
