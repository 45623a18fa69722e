#include <config.h>

#include "store/searchday.h"

#include "store/day.h"
#include "store/storeerror.h"

#include <string.h>

#define BATCH_LEAST 8
#define BATCH_MOST 128
#define PROBLEMS_MAX 1000	/* told; a forged index could name one
				 * a record */

void searchday_init(struct searching *on, const struct querymatch *match,
		    search_take_fn *take, void *context,
		    struct search_result *result)
{
	*on = (struct searching){
		.match = match, .limit = match->query->limit, .take = take,
		.context = context, .result = result,
	};
	arena_init(&on->arena);
}

void searchday_release(struct searching *on)
{
	arena_release(&on->arena);
}

void searchday_note(struct searching *on, const char *problem)
{
	GPtrArray *all = on->result->problems;

	if (all->len && strcmp(all->pdata[all->len - 1], problem) == 0)
		return;
	if (all->len < PROBLEMS_MAX)
		g_ptr_array_add(all, g_strdup(problem));
	else if (all->len == PROBLEMS_MAX)
		g_ptr_array_add(all, g_strdup(
			"and more: reevectl records verify names them"));
}

void searchday_give(struct searching *on, const struct search_hit *hit)
{
	struct search_result *result = on->result;

	result->found++;
	result->last = hit->sequence;
	result->is_cut = !on->take(hit, on->context) ||
			 (on->limit && result->found >= on->limit);
}

static bool is_over(const struct searching *on)
{
	return on->is_over && atomic_load(on->is_over);
}

/* One candidate; false when the search is over. */
static bool look_at(struct searching *on, const char *path,
		    const struct dayreader_record *record)
{
	struct search_hit hit = {
		.sequence = record->sequence, .day = on->part.day,
		.bytes = record->bytes,
	};

	arena_reset(&on->arena);
	on->result->looked_at++;
	hit.record = recordview_unpack(hit.bytes, &on->arena);
	if (!hit.record) {
		g_autofree char *what = g_strdup_printf(
			"%s: record %" G_GUINT64_FORMAT " cannot be read",
			path, record->sequence);

		searchday_note(on, what);
		return true;
	}
	if (!querymatch_is(on->match, hit.record))
		return true;
	searchday_give(on, &hit);
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

		searchday_note(on, what);
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
		searchday_note(on, what);
}

/* All records within the bounds, from the last. */
static void walk_all(struct searching *on, struct dayreader *reader,
		     const char *path, const struct dayreader_bounds *bounds)
{
	uint64_t to = bounds->last;
	struct dayreader_record record;

	while (!is_over(on) && dayreader_before(reader, to, &record) &&
	       record.sequence >= bounds->first) {
		if (!look_at(on, path, &record) || !record.sequence)
			return;
		to = record.sequence - 1;
	}
	note_unread(on, reader, path);
}

/* Candidates that are fetched together. */
static guint batch_size(const struct searching *on)
{
	uint64_t left = on->limit ? on->limit - on->result->found : BATCH_MOST;

	return (guint)CLAMP(left, BATCH_LEAST, BATCH_MOST);
}

static void walk_found(struct searching *on, struct dayreader *reader,
		       const char *path, struct postings *postings)
{
	g_autoptr(GArray) batch = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	uint64_t sequence;

	while (!is_over(on)) {
		g_array_set_size(batch, 0);
		while (batch->len < batch_size(on) &&
		       postings_next(postings, &sequence))
			g_array_append_val(batch, sequence);
		dayreader_prefetch(reader, (uint64_t *)(void *)batch->data,
				   batch->len);
		for (guint i = 0; i < batch->len; i++)
			if (is_over(on) || !look_up(on, reader, path,
					g_array_index(batch, uint64_t, i)))
				return;
		if (!batch->len)
			return;
	}
}

static void walk(struct searching *on, struct dayreader *reader,
		 const char *path, const struct segment_facts *facts)
{
	struct queryplan plan = queryplan_make(on->match, reader, facts,
					       &on->part, &on->seen);

	switch (plan.way) {
	case QUERYPLAN_NOTHING:
		note_unread(on, reader, path);
		break;
	case QUERYPLAN_POSTINGS:
		walk_found(on, reader, path, plan.postings);
		note_unread(on, reader, path);
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
			   const char *path, GError **error)
{
	struct dayreader *reader;
	struct segment_facts facts;

	if (!segment_facts(segment, &facts, error) ||
	    is_day_past(on->match->query, &facts))
		return;
	reader = dayreader_new(segment, DAYREADER_RECORDS, error);
	if (reader)
		walk(on, reader, path, &facts);
	dayreader_free(&reader);
}

void searchday_run(struct searching *on, const char *dir,
		   const struct queryplan_part *part)
{
	g_autofree char *path = day_path(dir, part->day);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);

	on->part = *part;
	if (segment)
		search_segment(on, segment, path, &why);
	segment_close(&segment);
	/* A day that expired between the list and now is no problem. */
	if (why && !g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING))
		searchday_note(on, why->message);
}

void searchday_follow(struct searching *on, const char *dir, int64_t day,
		      uint64_t sequence)
{
	g_autofree char *path = day_path(dir, day);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);
	struct dayreader *reader = segment ? dayreader_new(
		segment, DAYREADER_RECORDS, &why) : NULL;
	struct dayreader_record record;

	on->part.day = day;
	if (reader) {
		while (dayreader_next(reader, sequence + 1, &record) &&
		       look_at(on, path, &record))
			sequence = record.sequence;
		note_unread(on, reader, path);
	}
	dayreader_free(&reader);
	segment_close(&segment);
	if (why)
		searchday_note(on, why->message);
}
