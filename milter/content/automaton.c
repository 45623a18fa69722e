#include <config.h>

#include "content/automaton.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SYMBOLS (1 << 20)	/* that the root's table can have at most */

/* A state at which words end, and where the next is among its suffixes. */
struct word_end {
	uint32_t state;
	uint32_t first, count;		/* in values */
	uint32_t next;			/* a state, 0: none */
};

struct state_facts {
	uint32_t fail;			/* the state of the longest suffix */
	uint32_t report;		/* the nearest along fail at which words
					 * end, itself included; 0: none */
};

/* to 0: the place is empty, since none leads to the root. */
struct way {
	uint32_t from, symbol, to;
};

/*
 * States are numbered by breadth, the root first. The ways between them are
 * in one open hash table, but those from the root, which most of a text asks
 * for, in one by symbol.
 */
struct automaton {
	uint32_t count;			/* of states */
	struct state_facts *states;
	struct way *ways;		/* at most two thirds of it are used */
	size_t way_size;		/* a power of two */
	uint32_t *root;			/* symbol -> state, 0: none */
	uint32_t root_size;
	struct word_end *ends;		/* by state */
	uint32_t end_count;
	uint32_t *values;
};

/* A state while it is made. Words are sorted; those of a state are the ones
 * that begin with its symbols. */
struct made_state {
	uint32_t parent, symbol;
	uint32_t from, to;		/* its words */
};

struct making {
	struct automaton *made;
	const struct automaton_word *words;
	struct made_state *states;
	GArray *ends;			/* of struct word_end */
};

static int compare(const void *a, const void *b)
{
	const struct automaton_word *one = a, *other = b;
	uint32_t len = MIN(one->len, other->len);

	for (uint32_t i = 0; i < len; i++)
		if (one->symbols[i] != other->symbols[i])
			return one->symbols[i] < other->symbols[i] ? -1 : 1;
	if (one->len != other->len)
		return one->len < other->len ? -1 : 1;
	return (one->value > other->value) - (one->value < other->value);
}

static size_t place_of(const struct automaton *on, uint32_t state,
		       uint32_t symbol)
{
	uint64_t mixed = ((uint64_t)state << 32 | symbol) *
			 UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(mixed >> 32) & (on->way_size - 1);
}

static uint32_t find_child(const struct automaton *on, uint32_t state,
			   uint32_t symbol)
{
	size_t at = place_of(on, state, symbol);

	while (on->ways[at].to) {
		if (on->ways[at].from == state &&
		    on->ways[at].symbol == symbol)
			return on->ways[at].to;
		at = (at + 1) & (on->way_size - 1);
	}
	return 0;
}

static void add_way(struct automaton *on, uint32_t from, uint32_t symbol,
		    uint32_t to)
{
	size_t at = place_of(on, from, symbol);

	while (on->ways[at].to)
		at = (at + 1) & (on->way_size - 1);
	on->ways[at] = (struct way){ from, symbol, to };
}

static uint32_t from_root(const struct automaton *on, uint32_t symbol)
{
	if (symbol < on->root_size)
		return on->root[symbol];
	return symbol < TABLE_SYMBOLS ? 0 : find_child(on, 0, symbol);
}

static uint32_t step(const struct automaton *on, uint32_t state,
		     uint32_t symbol)
{
	while (state) {
		uint32_t next = find_child(on, state, symbol);

		if (next)
			return next;
		state = on->states[state].fail;
	}
	return from_root(on, symbol);
}

/* The words that end at a state come first of its own. The
 * first that does not. */
static uint32_t add_end(struct making *on, uint32_t state, uint32_t depth)
{
	uint32_t from = on->states[state].from, at = from;

	while (at < on->states[state].to && on->words[at].len == depth)
		at++;
	if (at > from) {
		struct word_end end = { state, from, at - from, 0 };

		g_array_append_val(on->ends, end);
	}
	return at;
}

static void add_children(struct making *on, uint32_t state, uint32_t depth)
{
	uint32_t at = add_end(on, state, depth), end = on->states[state].to;

	while (at < end) {
		uint32_t symbol = on->words[at].symbols[depth];
		struct made_state child = { state, symbol, at, at };

		while (child.to < end &&
		       on->words[child.to].symbols[depth] == symbol)
			child.to++;
		on->states[on->made->count] = child;
		add_way(on->made, state, symbol, on->made->count++);
		at = child.to;
	}
}

static void add_states(struct making *on, uint32_t word_count)
{
	uint32_t depth = 0, level_end = 1;

	on->states[0].to = word_count;
	on->made->count = 1;
	for (uint32_t state = 0; state < on->made->count; state++) {
		if (state == level_end) {
			depth++;
			level_end = on->made->count;
		}
		add_children(on, state, depth);
	}
}

/* The root's children are the first states, by symbol. */
static void fill_root(struct making *on)
{
	struct automaton *made = on->made;
	uint32_t state;

	for (state = 1; state < made->count && !on->states[state].parent;
	     state++)
		if (on->states[state].symbol < TABLE_SYMBOLS)
			made->root_size = on->states[state].symbol + 1;
	made->root = g_new0(uint32_t, made->root_size + 1);
	while (--state)
		if (on->states[state].symbol < TABLE_SYMBOLS)
			made->root[on->states[state].symbol] = state;
}

/* By breadth, so that what a state falls back to is known before it is. */
static void link_states(struct making *on)
{
	struct automaton *made = on->made;
	uint32_t end = 0;

	for (uint32_t i = 1; i < made->count; i++) {
		const struct made_state *from = &on->states[i];
		struct state_facts *state = &made->states[i];

		if (from->parent)
			state->fail = step(made,
				made->states[from->parent].fail, from->symbol);
		state->report = made->states[state->fail].report;
		if (end < made->end_count && made->ends[end].state == i) {
			made->ends[end++].next = state->report;
			state->report = i;
		}
	}
}

/* How many states there will be: each symbol that is not shared with the word
 * before, and the root. */
static size_t count_states(const struct automaton_word *words, size_t count)
{
	size_t states = 1;

	for (size_t i = 0; i < count; i++) {
		uint32_t same = 0;

		while (i && same < MIN(words[i].len, words[i - 1].len) &&
		       words[i].symbols[same] == words[i - 1].symbols[same])
			same++;
		states += words[i].len - same;
	}
	return states;
}

static struct automaton *allocate(size_t states, size_t words)
{
	struct automaton *made = g_new0(struct automaton, 1);

	made->states = g_new0(struct state_facts, states);
	made->way_size = 1;
	while (made->way_size < states + states / 2 + 1)
		made->way_size *= 2;
	made->ways = g_new0(struct way, made->way_size);
	made->values = g_new0(uint32_t, words + 1);
	return made;
}

struct automaton *automaton_new(struct automaton_word *words, size_t count)
{
	struct making on = { .words = words };
	struct automaton *made;
	size_t states;

	if (count)
		qsort(words, count, sizeof *words, compare);
	states = count_states(words, count);
	BUG_IF(states > AUTOMATON_SYMBOLS_MAX + 1);
	made = on.made = allocate(states, count);
	on.states = g_new0(struct made_state, states);
	on.ends = g_array_new(FALSE, FALSE, sizeof(struct word_end));
	add_states(&on, (uint32_t)count);
	BUG_IF(made->count != states);
	made->end_count = on.ends->len;
	made->ends = (struct word_end *)(void *)g_array_free(on.ends, FALSE);
	for (size_t i = 0; i < count; i++)
		made->values[i] = words[i].value;
	fill_root(&on);
	link_states(&on);
	g_free(on.states);
	return made;
}

void automaton_free(struct automaton *automaton)
{
	if (!automaton)
		return;
	g_free(automaton->states);
	g_free(automaton->ways);
	g_free(automaton->root);
	g_free(automaton->ends);
	g_free(automaton->values);
	g_free(automaton);
}

size_t automaton_bytes(const struct automaton *automaton)
{
	uint32_t values = 0;

	for (uint32_t i = 0; i < automaton->end_count; i++)
		values += automaton->ends[i].count;
	return sizeof *automaton +
	       automaton->count * sizeof(struct state_facts) +
	       automaton->way_size * sizeof(struct way) +
	       automaton->root_size * sizeof(uint32_t) +
	       automaton->end_count * sizeof(struct word_end) +
	       values * sizeof(uint32_t);
}

static const struct word_end *end_of(const struct automaton *on,
				     uint32_t state)
{
	uint32_t from = 0, to = on->end_count;

	while (to - from > 1) {
		uint32_t middle = from + (to - from) / 2;

		if (on->ends[middle].state <= state)
			from = middle;
		else
			to = middle;
	}
	return &on->ends[from];
}

uint32_t automaton_states(const struct automaton *automaton)
{
	return automaton->count;
}

uint32_t automaton_child(const struct automaton *automaton, uint32_t state,
			 uint32_t symbol)
{
	return state ? find_child(automaton, state, symbol) :
		       from_root(automaton, symbol);
}

uint32_t automaton_suffix(const struct automaton *automaton, uint32_t state)
{
	return automaton->states[state].fail;
}

bool automaton_tell(const struct automaton *automaton, uint32_t state,
		    size_t end, automaton_take_fn *take, void *context)
{
	state = automaton->states[state].report;
	while (state) {
		const struct word_end *words = end_of(automaton, state);

		for (uint32_t i = 0; i < words->count; i++)
			if (!take(automaton->values[words->first + i], end,
				  context))
				return false;
		state = words->next;
	}
	return true;
}

bool automaton_scan(const struct automaton *automaton, const uint32_t *text,
		    size_t len, automaton_take_fn *take, void *context)
{
	uint32_t state = 0;

	for (size_t i = 0; i < len; i++) {
		state = step(automaton, state, text[i]);
		if (automaton->states[state].report &&
		    !automaton_tell(automaton, state, i + 1, take, context))
			return false;
	}
	return true;
}
