#include <config.h>

#include "content/vocabulary.h"

#include <glib.h>

#define SLOTS_MIN 64

struct slot {
	uint64_t word;			/* 0: empty */
	uint32_t number;
};

/* Half of the slots at most are used; a word is in its own or in one behind. */
struct vocabulary {
	struct slot *slots;
	size_t size;			/* a power of two */
	uint32_t count;
};

struct vocabulary *vocabulary_new(void)
{
	struct vocabulary *words = g_new0(struct vocabulary, 1);

	words->size = SLOTS_MIN;
	words->slots = g_new0(struct slot, words->size);
	return words;
}

void vocabulary_free(struct vocabulary *words)
{
	if (!words)
		return;
	g_free(words->slots);
	g_free(words);
}

size_t vocabulary_bytes(const struct vocabulary *words)
{
	return sizeof *words + words->size * sizeof(struct slot);
}

/* The word's slot, or the empty one where it would be. */
static struct slot *slot_of(const struct vocabulary *words, uint64_t word)
{
	uint64_t mixed = word * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed >> 32) & (words->size - 1);

	while (words->slots[at].word && words->slots[at].word != word)
		at = (at + 1) & (words->size - 1);
	return &words->slots[at];
}

static void grow(struct vocabulary *words)
{
	struct slot *old = words->slots;
	size_t size = words->size;

	words->size *= 2;
	words->slots = g_new0(struct slot, words->size);
	for (size_t i = 0; i < size; i++)
		if (old[i].word)
			*slot_of(words, old[i].word) = old[i];
	g_free(old);
}

uint32_t vocabulary_add(struct vocabulary *words, uint64_t word)
{
	struct slot *slot = slot_of(words, word);

	BUG_IF(!word);
	if (slot->word)
		return slot->number;
	if ((words->count + 1) * (size_t)2 > words->size) {
		grow(words);
		slot = slot_of(words, word);
	}
	slot->word = word;
	slot->number = ++words->count;
	return slot->number;
}

uint32_t vocabulary_find(const struct vocabulary *words, uint64_t word)
{
	return slot_of(words, word)->number;
}
