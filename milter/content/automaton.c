#include <config.h>

#include "content/automaton.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define FEW_CHILDREN 6		/* looked at one by one */
#define TABLE_SYMBOLS (1 << 20)	/* that the root's table can have at most */

/* A state at which words end, and where the next is among its suffixes. */
struct word_end {
	uint32_t state;
	uint32_t first, count;		/* in values */
	uint32_t next;			/* a state, 0: none */
};

/*
 * States are numbered by breadth, the root first, so that the children of one lie
 * together, sorted by symbol, and those of the next follow them; what most texts
 * pass through is at the front. Four numbers a state, in four arrays.
 */
struct automaton {
	uint32_t count;			/* of states */
	uint32_t *symbol;		/* that leads to the state */
	uint32_t *children;		/* the first; the next state's ends them */
	uint32_t *fail;			/* the state of the longest suffix */
	uint32_t *report;		/* the nearest along fail at which words end,
					 * itself included; 0: none */
	uint32_t *root;			/* symbol -> state, 0: none */
	uint32_t root_size;
	struct word_end *ends;		/* by state */
	uint32_t end_count;
	uint32_t *values;
};

/* Words are sorted; those of a state are the ones that begin with its symbols. */
struct range {
	uint32_t from, to;
};

struct making {
	struct automaton *made;
	const struct automaton_word *words;
	GArray *ranges;			/* of struct range, by state */
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

static uint32_t find_child(const struct automaton *on, uint32_t state,
			   uint32_t symbol)
{
	uint32_t from = on->children[state], to = on->children[state + 1];

	while (to - from > FEW_CHILDREN) {
		uint32_t middle = from + (to - from) / 2;

		if (on->symbol[middle] <= symbol)
			from = middle;
		else
			to = middle;
	}
	for (; from < to; from++)
		if (on->symbol[from] == symbol)
			return from;
	return 0;
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
		state = on->fail[state];
	}
	return from_root(on, symbol);
}

static void add_state(struct making *on, uint32_t symbol, struct range range)
{
	on->made->symbol[on->made->count++] = symbol;
	g_array_append_val(on->ranges, range);
}

/* The words that end at a state come first in its range. */
static uint32_t add_end(struct making *on, uint32_t state, struct range range,
			uint32_t depth)
{
	uint32_t at = range.from;

	while (at < range.to && on->words[at].len == depth)
		at++;
	if (at > range.from) {
		struct word_end end = {
			state, range.from, at - range.from, 0,
		};

		g_array_append_val(on->ends, end);
	}
	return at;
}

static void add_children(struct making *on, uint32_t state, uint32_t depth)
{
	struct range range = g_array_index(on->ranges, struct range, state);
	uint32_t at = add_end(on, state, range, depth);

	on->made->children[state] = on->made->count;
	while (at < range.to) {
		uint32_t symbol = on->words[at].symbols[depth];
		struct range below = { at, at };

		while (below.to < range.to &&
		       on->words[below.to].symbols[depth] == symbol)
			below.to++;
		add_state(on, symbol, below);
		at = below.to;
	}
}

static void add_states(struct making *on, uint32_t word_count)
{
	uint32_t state = 0, depth = 0, level_end = 1;

	add_state(on, 0, (struct range){ 0, word_count });
	for (; state < on->made->count; state++) {
		if (state == level_end) {
			depth++;
			level_end = on->made->count;
		}
		add_children(on, state, depth);
	}
	on->made->children[state] = on->made->count;
}

static void fill_root(struct automaton *on)
{
	uint32_t to = on->children[1];

	for (uint32_t state = 1; state < to; state++)
		if (on->symbol[state] < TABLE_SYMBOLS)
			on->root_size = on->symbol[state] + 1;
	on->root = g_new0(uint32_t, on->root_size + 1);
	for (uint32_t state = 1; state < to; state++)
		if (on->symbol[state] < TABLE_SYMBOLS)
			on->root[on->symbol[state]] = state;
}

/* By breadth, so that what a state falls back to is known before it is. */
static void link_states(struct automaton *on)
{
	uint32_t end = 0;

	for (uint32_t state = 0; state < on->count; state++) {
		uint32_t next = on->report[on->fail[state]];

		on->report[state] = next;
		if (end < on->end_count && on->ends[end].state == state) {
			on->ends[end++].next = next;
			on->report[state] = state;
		}
		for (uint32_t child = on->children[state];
		     child < on->children[state + 1]; child++)
			on->fail[child] = state ?
				step(on, on->fail[state], on->symbol[child]) :
				0;
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

	made->symbol = g_new0(uint32_t, states);
	made->children = g_new0(uint32_t, states + 1);
	made->fail = g_new0(uint32_t, states);
	made->report = g_new0(uint32_t, states);
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
	on.ranges = g_array_sized_new(FALSE, FALSE, sizeof(struct range),
				      (guint)states);
	on.ends = g_array_new(FALSE, FALSE, sizeof(struct word_end));
	add_states(&on, (uint32_t)count);
	BUG_IF(made->count != states);
	g_array_unref(on.ranges);
	made->end_count = on.ends->len;
	made->ends = (struct word_end *)(void *)g_array_free(on.ends, FALSE);
	for (size_t i = 0; i < count; i++)
		made->values[i] = words[i].value;
	fill_root(made);
	link_states(made);
	return made;
}

void automaton_free(struct automaton *automaton)
{
	if (!automaton)
		return;
	g_free(automaton->symbol);
	g_free(automaton->children);
	g_free(automaton->fail);
	g_free(automaton->report);
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
	       automaton->count * 4 * sizeof(uint32_t) +
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

static bool tell(const struct automaton *on, uint32_t state, size_t end,
		 automaton_take_fn *take, void *context)
{
	while (state) {
		const struct word_end *words = end_of(on, state);

		for (uint32_t i = 0; i < words->count; i++)
			if (!take(on->values[words->first + i], end, context))
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
		if (automaton->report[state] &&
		    !tell(automaton, automaton->report[state], i + 1, take,
			  context))
			return false;
	}
	return true;
}
