#include <config.h>

#include "content/literalfilter.h"

#include "content/bytescan.h"
#include "content/literals.h"
#include "content/pattern.h"

#include <string.h>

#define ODDS_MAX 0.06		/* beyond that it says too little, if once
				 * is enough */
#define ODDS_GOOD 1e-5		/* below that, no other view is looked for */
#define VIEW_RULES_MIN 3	/* fewer are sooner matched than seen
				 * another way */
#define TABLE_BYTES_MAX (64u << 20)

struct literalfilter {
	GPtrArray *rules;		/* of const struct rule *, by value */
	GArray *facts;			/* of struct facts, by value */
	struct bytescan *scans[LITERALS_VIEWS];	/* NULL: none is seen so */
};

struct facts {
	struct literals_facts literals;
	bool is_first_only;		/* a match begins with the text, or
					 * nowhere */
};

/* Places that were found for a rule, in which scan, and where a match may begin
 * if it begins with the first of them. */
struct places {
	uint32_t scan, count;
	size_t from;
};

/* A thread's own. */
struct told {
	struct places *places;		/* by value */
	guint count;
	uint32_t scan;
};

static void free_told(gpointer memory)
{
	struct told *told = memory;

	g_free(told->places);
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
		g_free(told->places);
		told->count = MAX(told->count, count);
		told->places = g_new0(struct places, told->count);
		told->scan = 0;
	}
	told->scan++;
	return told;
}

/* What must occur in a text; set is NULL: nothing. */
struct finding {
	GArray *set;
	struct literals_facts facts;
	enum literals_view view;
	double odds;
};

static struct finding find(const struct rule *rule, enum literals_view view)
{
	struct finding found = { .view = view, .odds = 1 };

	found.set = literals_find(pattern_text(rule->pattern),
				  pattern_has(rule->pattern, 'x'), view,
				  &found.facts);
	if (!found.set)
		return found;
	found.odds = literalset_odds(found.set) / found.facts.times;
	if (found.odds > ODDS_MAX)
		g_array_unref(g_steal_pointer(&found.set));
	return found;
}

/* The best one of all ways to see a text; each that is needed costs a pass. */
static struct finding find_best(const struct rule *rule)
{
	struct finding best = find(rule, LITERALS_PLAIN);

	for (int view = LITERALS_PLAIN + 1; view < LITERALS_VIEWS; view++) {
		struct finding other;

		if (best.set && best.odds < ODDS_GOOD)
			break;
		other = find(rule, (enum literals_view)view);
		if (other.set && (!best.set || other.facts.cost * 2 <
					       best.facts.cost)) {
			if (best.set)
				g_array_unref(best.set);
			best = other;
		} else if (other.set) {
			g_array_unref(other.set);
		}
	}
	return best;
}

/* What is known of the rules, while they are put together. */
struct making {
	GPtrArray *sets;		/* of GArray *, by value; borrowed
					 * by words */
	GArray *words[LITERALS_VIEWS];	/* of struct bytescan_word */
	GPtrArray *rules[LITERALS_VIEWS];
};

/* With ".*", too, PCRE2 tries but one place; yet then, nothing is in reach. */
static struct facts facts_of(const struct rule *rule,
			     const struct finding *found)
{
	return (struct facts){
		.literals = found->facts,
		.is_first_only = !found->facts.is_anywhere &&
				 found->facts.reach != LITERALS_FAR &&
				 pattern_is_anchored(rule->pattern),
	};
}

static void add_rule(struct making *on, struct literalfilter *filter,
		     struct rule *rule)
{
	struct finding found = find_best(rule);
	struct facts facts;

	if (!found.set)
		return;
	/* What stands in it for %{NAME} is told later. */
	found.facts.is_anywhere |= rule->user != NULL;
	for (guint i = 0; i < found.set->len; i++) {
		const struct literal *literal = &g_array_index(
			found.set, struct literal, i);
		struct bytescan_word word = {
			literal->bytes, literal->len, filter->rules->len,
		};

		g_array_append_val(on->words[found.view], word);
	}
	g_ptr_array_add(on->sets, found.set);
	g_ptr_array_add(on->rules[found.view], rule);
	facts = facts_of(rule, &found);
	g_array_append_val(filter->facts, facts);
	g_ptr_array_add(filter->rules, rule);
}

static void finish_view(struct making *on, struct literalfilter *filter,
			enum literals_view view)
{
	bool is_worth_it = view == LITERALS_PLAIN ||
			   on->rules[view]->len >= VIEW_RULES_MIN;

	filter->scans[view] = !is_worth_it ? NULL :
		bytescan_new(on->words[view], view, TABLE_BYTES_MAX);
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
	bool is_any = false;
	struct making on = {
		.sets = g_ptr_array_new_with_free_func(
			(GDestroyNotify)g_array_unref),
	};

	filter->rules = g_ptr_array_new();
	filter->facts = g_array_new(FALSE, FALSE, sizeof(struct facts));
	for (size_t i = 0; i < LITERALS_VIEWS; i++) {
		on.words[i] = g_array_new(FALSE, FALSE,
					  sizeof(struct bytescan_word));
		on.rules[i] = g_ptr_array_new();
	}
	for (guint i = 0; i < rules->len; i++)
		add_rule(&on, filter, g_ptr_array_index(rules, i));
	for (size_t i = 0; i < LITERALS_VIEWS; i++) {
		finish_view(&on, filter, (enum literals_view)i);
		is_any |= filter->scans[i] != NULL;
	}
	g_ptr_array_unref(on.sets);
	if (!is_any)
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
	g_array_unref(filter->facts);
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
	size_t len;			/* of the text */
	prefilter_take_fn *take;
	void *mydata;
};

static struct pattern_window window_of(const struct literals_facts *facts,
				       size_t from, size_t to, size_t len)
{
	return facts->is_anywhere ? (struct pattern_window){ 0, len } :
	       (struct pattern_window){
			from > facts->reach ? from - facts->reach : 0, to,
	       };
}

/* Of words that must be there more than once, a match begins with none of the
 * last ones, but that is not looked at. */
static void on_value(uint32_t value, size_t found, size_t from, size_t to,
		     void *mydata)
{
	const struct scan *scan = mydata;
	struct places *places = &scan->told->places[value];
	const struct facts *facts = &g_array_index(scan->filter->facts,
						   struct facts, value);
	struct pattern_window window = window_of(&facts->literals, from, to,
						 scan->len);

	if (places->scan != scan->told->scan)
		*places = (struct places){ scan->told->scan, 0, window.from };
	if (places->count < facts->literals.times) {
		places->count += (uint32_t)MIN(found, facts->literals.times);
		window.from = places->from;
	}
	if (places->count >= facts->literals.times &&
	    (!facts->is_first_only || !window.from))
		scan->take(g_ptr_array_index(scan->filter->rules, value),
			   &window, scan->mydata);
}

void literalfilter_scan(const struct literalfilter *filter, struct span text,
			prefilter_take_fn *take, void *mydata)
{
	struct scan scan = {
		filter, get_told(filter->rules->len), text.len, take, mydata,
	};

	for (size_t i = 0; i < LITERALS_VIEWS; i++)
		if (filter->scans[i])
			bytescan_run(filter->scans[i], text, on_value, &scan);
}
