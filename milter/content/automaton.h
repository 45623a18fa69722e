/* automaton.h - many words found in a text in one pass (Aho and
 * Corasick, 1975) */
#ifndef CONTENT_AUTOMATON_H
#define CONTENT_AUTOMATON_H

#include "base/guard.h"

#include <stddef.h>
#include <stdint.h>

struct automaton;

/* Symbols are any numbers; value is what is told of the word
 * when it is found. */
struct automaton_word {
	const uint32_t *symbols;
	uint32_t len;			/* at least 1 */
	uint32_t value;
};

#define AUTOMATON_SYMBOLS_MAX ((size_t)8 << 20)	/* of all words */

/*
 * Words may come twice, and within each other. Sorts the array; keeps nothing
 * of it. Costs at most 44 bytes for each symbol that no other word has at that
 * place behind the same symbols, 20 for each word, 4 for each number up to the
 * largest symbol (or a million), and 16 more a symbol while it is made. No more
 * symbols than AUTOMATON_SYMBOLS_MAX: the caller sees to that.
 */
struct automaton *automaton_new(struct automaton_word *words, size_t count)
	MUST_USE;
/* Accepts NULL. */
void automaton_free(struct automaton *automaton);
size_t automaton_bytes(const struct automaton *automaton);

/* False ends the scan. */
typedef bool automaton_take_fn(uint32_t value, size_t end, void *context);

/*
 * Calls take for each place at which a word ends (end is the index behind it),
 * for all words that end there. Takes time in proportion to the text and to
 * what is found, however many words there are. Any thread. False: take ended
 * it.
 */
bool automaton_scan(const struct automaton *automaton, const uint32_t *text,
		    size_t len, automaton_take_fn *take, void *context);

/*
 * Its states, for those who make a form of their own of it: numbers below
 * automaton_states(), 0 being that in which a scan begins. A child, where there
 * is one (0: none), is the next state; else the next is that of the state's
 * suffix, which is a lower number; of 0, it is 0. automaton_tell() calls take
 * for all words that end where a scan is in the state.
 */
uint32_t automaton_states(const struct automaton *automaton);
uint32_t automaton_child(const struct automaton *automaton, uint32_t state,
			 uint32_t symbol);
uint32_t automaton_suffix(const struct automaton *automaton, uint32_t state);
bool automaton_tell(const struct automaton *automaton, uint32_t state,
		    size_t end, automaton_take_fn *take, void *context);

#endif
