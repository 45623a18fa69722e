#include <config.h>

#include "store/subjectwords.h"

#include "message/encodedword.h"
#include "store/digest.h"

#include <string.h>

#define LONG_VOWEL 0x30FC	/* of katakana; its script is "common" */

/* What the character is to words. */
enum part { PART_NONE, PART_WORD, PART_PAIR };

static enum part part_of(gunichar c)
{
	if (c < 0x80)
		return g_ascii_isalnum((char)c) ? PART_WORD : PART_NONE;
	if (c == LONG_VOWEL)
		return PART_PAIR;
	if (!g_unichar_isalnum(c) && !g_unichar_ismark(c))
		return PART_NONE;
	switch (g_unichar_get_script(c)) {
	case G_UNICODE_SCRIPT_HAN:
	case G_UNICODE_SCRIPT_HIRAGANA:
	case G_UNICODE_SCRIPT_KATAKANA:
		return PART_PAIR;
	default:
		return PART_WORD;
	}
}

static bool has(const GArray *words, uint64_t word)
{
	for (guint i = 0; i < words->len; i++)
		if (g_array_index(words, uint64_t, i) == word)
			return true;
	return false;
}

static void add(GArray *words, const char *from, const char *to)
{
	uint8_t hash[DIGEST_SHA256_BYTES];
	uint64_t word;

	digest_sha256(span_of(from, (size_t)(to - from)), hash);
	memcpy(&word, hash, sizeof word);
	word = GUINT64_FROM_BE(word);
	if (words->len < SUBJECTWORDS_MAX && !has(words, word))
		g_array_append_val(words, word);
}

static const char *run_end(const char *from, enum part part)
{
	while (*from && part_of(g_utf8_get_char(from)) == part)
		from = g_utf8_next_char(from);
	return from;
}

static void add_pairs(GArray *words, const char *from, const char *end)
{
	const char *second = g_utf8_next_char(from);

	if (second == end)
		add(words, from, end);
	for (; second < end; from = g_utf8_next_char(from)) {
		second = g_utf8_next_char(second);
		add(words, from, second);
	}
}

/* Folding may undo what composing did, hence the order. */
static char *fold(struct span subject)
{
	g_autofree char *folded = NULL;
	struct arena arena;

	arena_init(&arena);
	folded = g_utf8_casefold(encodedword_decode(subject, &arena), -1);
	arena_release(&arena);
	return g_utf8_normalize(folded, -1, G_NORMALIZE_ALL_COMPOSE);
}

GArray *subjectwords_of(struct span subject)
{
	GArray *words = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autofree char *text = fold(subject);

	for (const char *at = text, *end; at && *at; at = end) {
		enum part part = part_of(g_utf8_get_char(at));

		end = run_end(at, part);
		if (part == PART_WORD)
			add(words, at, end);
		else if (part == PART_PAIR)
			add_pairs(words, at, end);
		if (words->len == SUBJECTWORDS_MAX)
			break;
	}
	return words;
}

bool subjectwords_has_all(const GArray *words, const GArray *wanted)
{
	for (guint i = 0; i < wanted->len; i++)
		if (!has(words, g_array_index(wanted, uint64_t, i)))
			return false;
	return true;
}
