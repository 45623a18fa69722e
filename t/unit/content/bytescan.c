#include <config.h>

#include "content/bytescan.h"

#include "unit/tap.h"

#include <string.h>

#define WORDS_MAX 60
#define WORD_MAX 5
#define TEXT_MAX 200
#define VALUES 20

/* What a scan found: how many places for each value. */
struct seen {
	unsigned count[VALUES];
};

/* A text as it is seen, and where in it each byte was. */
struct view {
	const GArray *words;
	char bytes[TEXT_MAX];
	size_t places[TEXT_MAX];
	size_t len;
	struct seen seen;
};

static size_t make_view(const char *text, size_t len, enum literals_view view,
			struct view *to)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		bool is_high = view == LITERALS_ONCE && text[i] & 0x80;
		char c = is_high ? '\x80' : g_ascii_tolower(text[i]);

		if ((view == LITERALS_PLAIN || g_ascii_isalnum(c) || is_high) &&
		    !(view == LITERALS_ONCE && out &&
		      to->bytes[out - 1] == c)) {
			to->places[out] = i;
			to->bytes[out++] = c;
		}
	}
	return to->len = out;
}

static bool begins_at(const struct view *view, uint32_t value, size_t at)
{
	for (guint i = 0; i < view->words->len; i++) {
		const struct bytescan_word *word = &g_array_index(
			view->words, struct bytescan_word, i);

		if (word->value == value && word->len <= view->len - at &&
		    memcmp(view->bytes + at, word->bytes, word->len) == 0)
			return true;
	}
	return false;
}

/* One begins within those bounds; the last byte in them may be
 * seen as one before. */
static void take(uint32_t value, size_t places, size_t from, size_t to,
		 void *mydata)
{
	struct view *view = mydata;
	bool is_there = false;

	assert_true(value < VALUES);
	view->seen.count[value] += (unsigned)places;
	for (size_t i = 0; i < view->len; i++)
		is_there |= view->places[i] >= from && view->places[i] <= to &&
			    begins_at(view, value, i);
	assert_true(is_there);
}

static void count(uint32_t value, size_t places, size_t from, size_t to,
		  void *mydata)
{
	struct seen *seen = mydata;

	assert_true(from <= to);
	seen->count[value] += (unsigned)places;
}

static bool ends_at(const struct bytescan_word *word, const char *text,
		    size_t end)
{
	return word->len <= end &&
	       memcmp(text + end - word->len, word->bytes, word->len) == 0;
}

/* The same, byte by byte: each value once at a place. */
static void search(const GArray *words, const char *text, size_t len,
		   struct seen *seen)
{
	for (size_t end = 1; end <= len; end++) {
		bool is_told[VALUES] = { false };

		for (guint i = 0; i < words->len; i++) {
			const struct bytescan_word *word = &g_array_index(
				words, struct bytescan_word, i);

			if (!ends_at(word, text, end) || is_told[word->value])
				continue;
			is_told[word->value] = true;
			seen->count[word->value]++;
		}
	}
}

static size_t fill(GRand *random, char *to, size_t most, const char *letters)
{
	size_t len = (size_t)g_rand_int_range(random, 0, (gint32)most);

	for (size_t i = 0; i < len; i++)
		to[i] = letters[g_rand_int_range(random, 0,
						 (gint32)strlen(letters))];
	return len;
}

static void try_one(guint32 seed)
{
	static char bytes[WORDS_MAX][WORD_MAX];
	GRand *random = g_rand_new_with_seed(seed);
	g_autoptr(GArray) words = g_array_new(FALSE, FALSE,
					      sizeof(struct bytescan_word));
	int count = g_rand_int_range(random, 1, WORDS_MAX);
	enum literals_view view = seed % LITERALS_VIEWS;
	char text[TEXT_MAX];
	struct view found = { .words = words };
	struct seen wanted = { { 0 } };
	struct bytescan *scan;
	size_t len = fill(random, text, TEXT_MAX, "aAbBc1-- \xe9\xffz");

	for (int i = 0; i < count; i++) {
		struct bytescan_word word = {
			(const uint8_t *)bytes[i],
			(uint8_t)(1 + fill(random, bytes[i], WORD_MAX,
					   view == LITERALS_BARE ? "abbc1z" :
					   view == LITERALS_ONCE ? "abcc1\x80" :
					   "aabc1-\xe9\xff")),
			(uint32_t)g_rand_int_range(random, 0, VALUES),
		};

		bytes[i][word.len - 1] = 'a';
		g_array_append_val(words, word);
	}
	scan = bytescan_new(words, view, 1 << 20);
	assert_non_null(scan);
	assert_true(bytescan_bytes(scan) < 1 << 21);
	search(words, found.bytes, make_view(text, len, view, &found), &wanted);
	bytescan_run(scan, span_of(text, len), take, &found);
	if (memcmp(&found.seen, &wanted, sizeof wanted) != 0)
		fail_msg("seed %u: not what a plain search finds", seed);
	bytescan_free(scan);
	g_rand_free(random);
}

static void random_texts_give_what_a_plain_search_gives(void **state)
{
	(void)state;
	for (guint32 seed = 0; seed < 4000; seed++)
		try_one(seed);
}

/* Longer than what is looked at in one go, words lying across. */
static void long_texts_are_seen_whole(void **state)
{
	static const uint8_t bytes[] = "abcdefgh";
	static char text[20000];
	g_autoptr(GArray) words = g_array_new(FALSE, FALSE,
					      sizeof(struct bytescan_word));
	struct seen found = { { 0 } };
	struct bytescan *scan;

	(void)state;
	for (uint8_t len = 1; len <= 8; len++) {
		struct bytescan_word word = { bytes, len, len };

		g_array_append_val(words, word);
	}
	scan = bytescan_new(words, LITERALS_BARE, 1 << 20);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 9 == 8 ? '-' : "AbCdEfGh"[i % 9];
	bytescan_run(scan, span_of(text, sizeof text), count, &found);
	for (size_t len = 1; len <= 8; len++)
		assert_int_equal(found.count[len], (sizeof text - len) / 9 + 1);
	bytescan_free(scan);
}

static void a_table_has_its_limit(void **state)
{
	g_autoptr(GArray) words = g_array_new(FALSE, FALSE,
					      sizeof(struct bytescan_word));
	static const uint8_t bytes[] = "abcdefgh";
	struct bytescan_word word = { bytes, 8, 0 };
	struct bytescan *scan;
	size_t bytes_used;

	(void)state;
	assert_null(bytescan_new(words, LITERALS_PLAIN, 1 << 20));
	g_array_append_val(words, word);
	scan = bytescan_new(words, LITERALS_PLAIN, 1 << 20);
	assert_non_null(scan);
	bytes_used = bytescan_bytes(scan);
	bytescan_free(scan);
	assert_null(bytescan_new(words, LITERALS_PLAIN, bytes_used - 1));
	scan = bytescan_new(words, LITERALS_PLAIN, bytes_used);
	assert_non_null(scan);
	bytescan_free(scan);
	bytescan_free(NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(random_texts_give_what_a_plain_search_gives),
	cmocka_unit_test(long_texts_are_seen_whole),
	cmocka_unit_test(a_table_has_its_limit),
};

TAP_MAIN(tests)
