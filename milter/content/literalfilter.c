#include <config.h>

#include "content/literalfilter.h"

#include "content/bytescan.h"
#include "content/literals.h"
#include "content/pattern.h"

#include <string.h>

#define ODDS_MAX 0.06		/* beyond that it says too little */
#define ODDS_GOOD 1e-5		/* below that, no other view is looked for */
#define TABLE_BYTES_MAX (64u << 20)

struct literalfilter {
	GPtrArray *rules;		/* of const struct rule *, by value */
	struct bytescan *scans[LITERALS_VIEWS];	/* NULL: none is seen so */
};

/* A thread's own: in which scan a rule was told of last. */
struct told {
	uint32_t *scans;		/* by value */
	guint count;
	uint32_t scan;
};

static void free_told(gpointer memory)
{
	struct told *told = memory;

	g_free(told->scans);
	g_free(told);
}

static GPrivate own_told = G_PRIVATE_INIT(free_told);

static struct told *get_told(guint count)
{
	struct told *told = g_private_get(&own_told);

	if (!told) {
		told = g_new0(struct told, 1);
		g_private_set(&own_told, told);
	}
	if (told->count < count || told->scan == UINT32_MAX) {
		g_free(told->scans);
		told->count = MAX(told->count, count);
		told->scans = g_new0(uint32_t, told->count);
		told->scan = 0;
	}
	told->scan++;
	return told;
}

static GArray *find(const struct rule *rule, enum literals_view view)
{
	GArray *found = literals_find(pattern_text(rule->pattern),
				      pattern_has(rule->pattern, 'x'), view);

	if (found && literalset_odds(found) <= ODDS_MAX)
		return found;
	if (found)
		g_array_unref(found);
	return NULL;
}

/* The better one of both ways to see a text; NULL: none is any good. */
static GArray *find_best(const struct rule *rule, enum literals_view *view)
{
	GArray *plain = find(rule, LITERALS_PLAIN), *bare;

	*view = LITERALS_PLAIN;
	if (plain && literalset_odds(plain) < ODDS_GOOD)
		return plain;
	bare = find(rule, LITERALS_BARE);
	if (!bare || (plain &&
		      literalset_odds(plain) <= literalset_odds(bare) * 2)) {
		if (bare)
			g_array_unref(bare);
		return plain;
	}
	if (plain)
		g_array_unref(plain);
	*view = LITERALS_BARE;
	return bare;
}

/* What is known of the rules, while they are put together. */
struct making {
	GPtrArray *sets;		/* of GArray *, by value; borrowed by words */
	GArray *words[LITERALS_VIEWS];	/* of struct bytescan_word */
	GPtrArray *rules[LITERALS_VIEWS];
};

static void add_rule(struct making *on, struct literalfilter *filter,
		     struct rule *rule)
{
	enum literals_view view;
	GArray *set = find_best(rule, &view);

	if (!set)
		return;
	for (guint i = 0; i < set->len; i++) {
		const struct literal *literal = &g_array_index(
			set, struct literal, i);
		struct bytescan_word word = {
			literal->bytes, literal->len, filter->rules->len,
		};

		g_array_append_val(on->words[view], word);
	}
	g_ptr_array_add(on->sets, set);
	g_ptr_array_add(on->rules[view], rule);
	g_ptr_array_add(filter->rules, rule);
}

static void finish_view(struct making *on, struct literalfilter *filter,
			enum literals_view view)
{
	filter->scans[view] = bytescan_new(on->words[view],
					   view == LITERALS_BARE,
					   TABLE_BYTES_MAX);
	for (guint i = 0; filter->scans[view] && i < on->rules[view]->len;
	     i++) {
		struct rule *rule = g_ptr_array_index(on->rules[view], i);

		rule->is_filtered = true;
	}
	g_array_unref(on->words[view]);
	g_ptr_array_unref(on->rules[view]);
}

struct literalfilter *literalfilter_new(const GPtrArray *rules)
{
	struct literalfilter *filter = g_new0(struct literalfilter, 1);
	struct making on = {
		.sets = g_ptr_array_new_with_free_func(
			(GDestroyNotify)g_array_unref),
	};

	filter->rules = g_ptr_array_new();
	for (size_t i = 0; i < LITERALS_VIEWS; i++) {
		on.words[i] = g_array_new(FALSE, FALSE,
					  sizeof(struct bytescan_word));
		on.rules[i] = g_ptr_array_new();
	}
	for (guint i = 0; i < rules->len; i++)
		add_rule(&on, filter, g_ptr_array_index(rules, i));
	for (size_t i = 0; i < LITERALS_VIEWS; i++)
		finish_view(&on, filter, (enum literals_view)i);
	g_ptr_array_unref(on.sets);
	if (!filter->scans[LITERALS_PLAIN] && !filter->scans[LITERALS_BARE])
		g_clear_pointer(&filter, literalfilter_free);
	return filter;
}

void literalfilter_free(struct literalfilter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < LITERALS_VIEWS; i++)
		bytescan_free(filter->scans[i]);
	g_ptr_array_unref(filter->rules);
	g_free(filter);
}

size_t literalfilter_bytes(const struct literalfilter *filter)
{
	size_t bytes = sizeof *filter;

	for (size_t i = 0; i < LITERALS_VIEWS; i++)
		if (filter->scans[i])
			bytes += bytescan_bytes(filter->scans[i]);
	return bytes;
}

struct scan {
	const struct literalfilter *filter;
	struct told *told;
	prefilter_take_fn *take;
	void *mydata;
};

static void on_value(uint32_t value, void *mydata)
{
	const struct scan *scan = mydata;

	if (scan->told->scans[value] == scan->told->scan)
		return;
	scan->told->scans[value] = scan->told->scan;
	scan->take(g_ptr_array_index(scan->filter->rules, value),
		   scan->mydata);
}

void literalfilter_scan(const struct literalfilter *filter, struct span text,
			prefilter_take_fn *take, void *mydata)
{
	struct scan scan = {
		filter, get_told(filter->rules->len), take, mydata,
	};

	for (size_t i = 0; i < LITERALS_VIEWS; i++)
		if (filter->scans[i])
			bytescan_run(filter->scans[i], text, on_value, &scan);
}
