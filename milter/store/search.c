#include <config.h>

#include "store/search.h"

#include "store/day.h"
#include "store/recordid.h"
#include "store/searchahead.h"

#define DAY_PARTS 8		/* of one that is not sealed; each of */
#define PART_LEAST 4096	/* records, at least */

void search_result_init(struct search_result *result)
{
	*result = (struct search_result){
		.problems = g_ptr_array_new_with_free_func(g_free),
	};
}

void search_result_release(struct search_result *result)
{
	g_clear_pointer(&result->problems, g_ptr_array_unref);
}

/* A record lies in the day in which it ended, or a later one when that had
 * begun before it was written: so only days that ended before since are out, or
 * before the id was made. */
static bool is_day_wanted(const struct search_query *query, int64_t day)
{
	int64_t end_us = day_begin_us(day) + DAY_US;

	return end_us > query->since_us &&
	       (!query->id || end_us > record_id_time_us(query->id));
}

static bool day_facts(const char *dir, int64_t day,
		      struct segment_facts *facts, GError **error)
{
	g_autofree char *path = day_path(dir, day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	bool is_read = segment && segment_facts(segment, facts, error);

	segment_close(&segment);
	return is_read;
}

static bool is_sealed(const char *dir, int64_t day)
{
	g_autofree char *path = day_path(dir, day);
	g_autofree char *seal = day_seal_path(path);

	return g_file_test(seal, G_FILE_TEST_EXISTS);
}

/* An open day's index lies where it was written, page by page, and that of a
 * long day is waited for longest: so it is looked at in parts, from the newest.
 * False: it is sealed. */
static bool add_parts(const char *dir, int64_t day, GArray *parts)
{
	struct queryplan_part part = { day, { 0, UINT64_MAX } };
	bool is_open = !is_sealed(dir, day);
	struct segment_facts facts;
	uint64_t size;

	if (is_open && day_facts(dir, day, &facts, NULL)) {
		size = MAX(facts.count / DAY_PARTS, PART_LEAST);
		for (uint64_t left = facts.count; left >= 2 * size;
		     left -= size) {
			part.within.first = facts.before.sequence + left -
					    size + 1;
			g_array_append_val(parts, part);
			part.within.last = part.within.first - 1;
		}
	}
	part.within.first = 0;
	g_array_append_val(parts, part);
	return is_open;
}

static GArray *parts_of(const struct searching *on, const char *dir,
			const GArray *days)
{
	GArray *parts = g_array_new(FALSE, FALSE,
				    sizeof(struct queryplan_part));
	bool is_divisible = on->limit && on->limit <= SEARCHAHEAD_LIMIT &&
			    queryplan_is_divisible(on->match);

	for (guint i = 0; i < days->len; i++) {
		struct queryplan_part part = {
			g_array_index(days, int64_t, i), { 0, UINT64_MAX },
		};

		/* Before a sealed one there is no open one. */
		if (is_divisible)
			is_divisible = add_parts(dir, part.day, parts);
		else
			g_array_append_val(parts, part);
	}
	return parts;
}

/* From the newest: several are looked at at once, unless there is no end to
 * what they may have. */
static void search_days(struct searching *on, const char *dir,
			const GArray *days)
{
	g_autoptr(GArray) parts = parts_of(on, dir, days);

	if (on->limit && on->limit <= SEARCHAHEAD_LIMIT && parts->len > 1) {
		searchahead_run(on, dir, parts);
		return;
	}
	for (guint i = 0; i < parts->len && !on->result->is_cut; i++)
		searchday_run(on, dir, &g_array_index(
				parts, struct queryplan_part, i));
}

static GArray *wanted_days(const char *dir, const struct search_query *query,
			   GError **error)
{
	g_autoptr(GArray) days = day_list(dir, error);
	GArray *wanted;

	if (!days)
		return NULL;
	wanted = g_array_new(FALSE, FALSE, sizeof(int64_t));
	for (guint i = days->len; i > 0; i--) {
		int64_t day = g_array_index(days, int64_t, i - 1);

		if (is_day_wanted(query, day))
			g_array_append_val(wanted, day);
	}
	return wanted;
}

bool search_run(const char *state_dir, const struct search_query *query,
		search_take_fn *take, void *context,
		struct search_result *result_out, GError **error)
{
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = wanted_days(dir, query, error);
	struct querymatch match;
	struct searching on;

	search_result_init(result_out);
	if (!days)
		return false;
	querymatch_init(&match, query);
	searchday_init(&on, &match, take, context, result_out);
	search_days(&on, dir, days);
	searchday_release(&on);
	querymatch_release(&match);
	return true;
}

bool search_after(const char *state_dir, uint64_t sequence, uint64_t limit,
		  search_take_fn *take, void *context,
		  struct search_result *result_out, GError **error)
{
	const struct search_query query = { .limit = limit };
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	struct querymatch match;
	struct searching on;
	guint first;

	search_result_init(result_out);
	if (!days)
		return false;
	/* Back to the first day that has some of them. */
	for (first = days->len; first > 0; first--) {
		struct segment_facts facts;
		int64_t day = g_array_index(days, int64_t, first - 1);

		/* One that cannot be read is told of when its turn comes. */
		if (day_facts(dir, day, &facts, NULL) &&
		    facts.head.sequence <= sequence)
			break;
	}
	querymatch_init(&match, &query);
	searchday_init(&on, &match, take, context, result_out);
	for (guint i = first; i < days->len && !result_out->is_cut; i++)
		searchday_follow(&on, dir, g_array_index(days, int64_t, i),
				 sequence);
	searchday_release(&on);
	querymatch_release(&match);
	return true;
}

bool search_last_sequence(const char *state_dir, uint64_t *sequence_out,
			  GError **error)
{
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	struct segment_facts facts = { .count = 0 };

	*sequence_out = 0;
	if (!days)
		return false;
	if (days->len && !day_facts(dir, g_array_index(days, int64_t,
						       days->len - 1),
				    &facts, error))
		return false;
	*sequence_out = facts.head.sequence;
	return true;
}
