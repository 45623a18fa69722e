#include <config.h>

#include "store/search.h"

#include "base/arena.h"
#include "store/day.h"
#include "store/dayreader.h"
#include "store/queryplan.h"
#include "store/recordid.h"
#include "store/storeerror.h"

/*
 * Days are looked through from the newest. In a day the index gives candidates by
 * the most telling of what is asked for; each is read and compared with all of
 * the query, since a key may be shared.
 */
struct searching {
	struct querymatch match;
	search_take_fn *take;
	void *context;
	struct search_result *result;
	struct arena arena;		/* of the record in hand */
};

void search_result_release(struct search_result *result)
{
	g_clear_pointer(&result->problems, g_ptr_array_unref);
}

static void note_problem(struct searching *on, const char *what)
{
	g_ptr_array_add(on->result->problems, g_strdup(what));
}

static void give(struct searching *on, const struct search_hit *hit)
{
	struct search_result *result = on->result;
	uint64_t limit = on->match.query->limit;

	result->found++;
	result->last = hit->sequence;
	result->is_cut = !on->take(hit, on->context) ||
			 (limit && result->found >= limit);
}

/* One candidate; false when the search is over. */
static bool look_at(struct searching *on, const char *path,
		    const struct dayreader_record *record)
{
	struct search_hit hit = {
		.sequence = record->sequence, .bytes = record->bytes,
	};

	arena_reset(&on->arena);
	on->result->looked_at++;
	hit.record = recordview_unpack(hit.bytes, &on->arena);
	if (!hit.record) {
		g_autofree char *what = g_strdup_printf(
			"%s: record %" G_GUINT64_FORMAT " cannot be read",
			path, record->sequence);

		note_problem(on, what);
		return true;
	}
	if (!querymatch_is(&on->match, hit.record))
		return true;
	give(on, &hit);
	return !on->result->is_cut;
}

static bool look_up(struct searching *on, struct dayreader *reader,
		    const char *path, uint64_t sequence)
{
	struct dayreader_record record;

	if (!dayreader_at(reader, sequence, &record)) {
		g_autofree char *what = g_strdup_printf(
			"%s: record %" G_GUINT64_FORMAT " is not there", path,
			sequence);

		note_problem(on, what);
		return true;
	}
	return look_at(on, path, &record);
}

static void note_unread(struct searching *on,
			const struct dayreader *reader, const char *path)
{
	const char *why = dayreader_problem(reader);
	g_autofree char *what = g_strdup_printf("%s: %s", path, why ?: "");

	if (why)
		note_problem(on, what);
}

/* All records within the bounds, from the last. */
static void walk_all(struct searching *on, struct dayreader *reader,
		     const char *path, const struct dayreader_bounds *bounds)
{
	uint64_t to = bounds->last;
	struct dayreader_record record;

	while (dayreader_before(reader, to, &record) &&
	       record.sequence >= bounds->first) {
		if (!look_at(on, path, &record))
			return;
		to = record.sequence - 1;
	}
	note_unread(on, reader, path);
}

static void walk_found(struct searching *on, struct dayreader *reader,
		       const char *path, struct postings *postings)
{
	uint64_t sequence;

	while (postings_next(postings, &sequence))
		if (!look_up(on, reader, path, sequence))
			return;
}

static void walk(struct searching *on, struct dayreader *reader,
		 const char *path, const struct segment_facts *facts,
		 int64_t day)
{
	struct queryplan plan = queryplan_make(&on->match, reader, facts, day);

	switch (plan.way) {
	case QUERYPLAN_NOTHING:
		break;
	case QUERYPLAN_POSTINGS:
		walk_found(on, reader, path, plan.postings);
		break;
	case QUERYPLAN_ALL:
		walk_all(on, reader, path, &plan.bounds);
		break;
	}
	queryplan_release(&plan);
}

/* An earlier page had all of the day. */
static bool is_day_past(const struct search_query *query,
			const struct segment_facts *facts)
{
	return query->before &&
	       facts->before.sequence + 1 >= query->before;
}

static void search_segment(struct searching *on, struct segment *segment,
			   const char *path, int64_t day, GError **error)
{
	struct dayreader *reader;
	struct segment_facts facts;

	if (!segment_facts(segment, &facts, error) ||
	    is_day_past(on->match.query, &facts))
		return;
	reader = dayreader_new(segment, DAYREADER_RECORDS, error);
	if (reader)
		walk(on, reader, path, &facts, day);
	dayreader_free(&reader);
}

static void search_day(struct searching *on, const char *dir, int64_t day)
{
	g_autofree char *path = day_path(dir, day);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);

	if (segment)
		search_segment(on, segment, path, day, &why);
	segment_close(&segment);
	/* A day that expired between the list and now is no problem. */
	if (why && !g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING))
		note_problem(on, why->message);
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

static void result_init(struct search_result *result)
{
	*result = (struct search_result){
		.problems = g_ptr_array_new_with_free_func(g_free),
	};
}

static void begin(struct searching *on, const struct search_query *query,
		  search_take_fn *take, void *context,
		  struct search_result *result)
{
	*on = (struct searching){
		.take = take, .context = context, .result = result,
	};
	querymatch_init(&on->match, query);
	arena_init(&on->arena);
}

static void end(struct searching *on)
{
	arena_release(&on->arena);
	querymatch_release(&on->match);
}

bool search_run(const char *state_dir, const struct search_query *query,
		search_take_fn *take, void *context,
		struct search_result *result_out, GError **error)
{
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	struct searching on;

	result_init(result_out);
	if (!days)
		return false;
	begin(&on, query, take, context, result_out);
	for (guint i = days->len; i > 0 && !result_out->is_cut; i--) {
		int64_t day = g_array_index(days, int64_t, i - 1);

		if (is_day_wanted(query, day))
			search_day(&on, dir, day);
	}
	end(&on);
	return true;
}

/* One day's records behind the sequence, from the first. */
static void follow_day(struct searching *on, const char *dir, int64_t day,
		       uint64_t sequence)
{
	g_autofree char *path = day_path(dir, day);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);
	struct dayreader *reader = segment ? dayreader_new(
		segment, DAYREADER_RECORDS, &why) : NULL;
	struct dayreader_record record;

	if (reader) {
		while (dayreader_next(reader, sequence + 1, &record) &&
		       look_at(on, path, &record))
			sequence = record.sequence;
		note_unread(on, reader, path);
	}
	dayreader_free(&reader);
	segment_close(&segment);
	if (why)
		note_problem(on, why->message);
}

/* The last sequence of a day's file; 0 and a problem when it can't be read. */
static bool day_facts(const char *dir, int64_t day,
		      struct segment_facts *facts, GError **error)
{
	g_autofree char *path = day_path(dir, day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	bool is_read = segment && segment_facts(segment, facts, error);

	segment_close(&segment);
	return is_read;
}

bool search_after(const char *state_dir, uint64_t sequence, uint64_t limit,
		  search_take_fn *take, void *context,
		  struct search_result *result_out, GError **error)
{
	const struct search_query query = { .limit = limit };
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	struct searching on;
	guint first;

	result_init(result_out);
	if (!days)
		return false;
	/* Back to the first day that has some of them. */
	for (first = days->len; first > 0; first--) {
		struct segment_facts facts;
		int64_t day = g_array_index(days, int64_t, first - 1);

		if (!day_facts(dir, day, &facts, NULL) ||
		    facts.head.sequence <= sequence)
			break;
	}
	begin(&on, &query, take, context, result_out);
	for (guint i = first; i < days->len && !result_out->is_cut; i++)
		follow_day(&on, dir, g_array_index(days, int64_t, i),
			   sequence);
	end(&on);
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
