#include <config.h>

#include "store/eraser.h"

#include "base/clock.h"
#include "store/day.h"
#include "store/erasure.h"
#include "store/evidence.h"
#include "store/evidencemarks.h"
#include "store/evidenceterm.h"
#include "store/holdset.h"
#include "store/sealkey.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"

struct eraser {
	const char *state_dir;
	char *records_dir;
	struct querymatch match;
	GArray *hits;			/* of struct hit */
	struct state *state;
	const char *operator_name, *reason;
	struct holdset *held;
	uint64_t held_records;		/* of those found, or their originals */
	struct sealkey *key;
	bool is_dry;
	struct eraser_result *result;
};

/* What was found: of a record its original, if one is kept. */
struct hit {
	uint64_t sequence;
	bool has_original;
	struct evidence_place place;
};

static bool note_hit(const struct search_hit *hit, void *context)
{
	struct eraser *eraser = context;
	int64_t day = day_of_us(recordview_ended_us(hit->record));
	struct hit found = { .sequence = hit->sequence };

	found.has_original = evidence_of_record(hit->record, &found.place);
	g_array_append_val(eraser->hits, found);
	eraser->held_records += holdset_has_record(eraser->held, day,
						   hit->record);
	return true;
}

static bool find_records(struct eraser *eraser,
			 const struct search_query *query, GError **error)
{
	struct search_query all = *query;
	struct search_result found;
	bool is_done;

	all.limit = 0;
	is_done = search_run(eraser->state_dir, &all, note_hit, eraser, &found,
			     error);
	if (is_done && found.problems->len) {
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s; nothing "
				     "was erased",
				     (const char *)found.problems->pdata[0]);
		is_done = false;
	}
	search_result_release(&found);
	eraser->result->found = eraser->hits->len;
	return is_done;
}

static bool day_facts(const struct eraser *eraser, int64_t day,
		      struct segment_facts *facts, GError **error)
{
	g_autofree char *path = day_path(eraser->records_dir, day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	bool is_read = segment && segment_facts(segment, facts, error);

	segment_close(&segment);
	return is_read;
}

static bool is_within(const struct hit *hit, const struct segment_facts *facts)
{
	return hit->sequence > facts->before.sequence &&
	       hit->sequence <= facts->head.sequence;
}

static uint64_t count_within(const struct eraser *eraser,
			     const struct segment_facts *facts)
{
	uint64_t count = 0;

	for (guint i = 0; i < eraser->hits->len; i++)
		count += is_within(&g_array_index(eraser->hits, struct hit, i),
				   facts);
	return count;
}

/* The original says all that was erased. That it is gone is written down first, so that
 * nobody takes it for a loss. Another who erases may have it removed meanwhile. */
static bool remove_original(struct eraser *eraser,
			    const struct evidence_place *place, GError **error)
{
	const struct evidence_removal removal = {
		.when_us = clock_now_us(),
		.operator_name = (char *)eraser->operator_name,
		.reason = (char *)eraser->reason,
	};
	g_autofree char *path = evidence_path(eraser->state_dir, place);
	g_autoptr(GError) why = NULL;

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return true;
	if (!evidencemarks_add_removal(eraser->state, place, &removal, error))
		return false;
	if (evidence_remove(eraser->state_dir, place, &why)) {
		eraser->result->originals++;
	} else if (!g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	return true;
}

static bool remove_originals(struct eraser *eraser,
			     const struct segment_facts *facts, GError **error)
{
	for (guint i = 0; i < eraser->hits->len; i++) {
		const struct hit *hit = &g_array_index(eraser->hits, struct hit,
						       i);

		if (hit->has_original && is_within(hit, facts) &&
		    !remove_original(eraser, &hit->place, error))
			return false;
	}
	return true;
}

/* Another record, with the same message to somebody else, may have it on hold. */
static bool look_at_originals(struct eraser *eraser,
			      const struct segment_facts *facts,
			      GError **error)
{
	for (guint i = 0; i < eraser->hits->len; i++) {
		const struct hit *hit = &g_array_index(eraser->hits, struct hit,
						       i);
		g_autoptr(GError) why = NULL;

		if (!hit->has_original || !is_within(hit, facts))
			continue;
		eraser->held_records += evidenceterm_is_on_hold(
			eraser->state_dir, &hit->place, eraser->held, &why);
		if (!why)
			continue;
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	return true;
}

/* What is done with a day that has some of them. */
typedef bool day_fn(struct eraser *eraser, int64_t day, uint64_t count,
		    const struct segment_facts *facts, GError **error);

static bool each_day(struct eraser *eraser, day_fn *take, GError **error)
{
	g_autoptr(GArray) days = day_list(eraser->records_dir, error);

	for (guint i = 0; days && i < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);
		struct segment_facts facts;
		uint64_t count;

		if (!day_facts(eraser, day, &facts, error))
			return false;
		count = count_within(eraser, &facts);
		if (count && !take(eraser, day, count, &facts, error))
			return false;
	}
	return days != NULL;
}

static bool look_at_day(struct eraser *eraser, int64_t day, uint64_t count,
			const struct segment_facts *facts, GError **error)
{
	if (!facts->is_sealed)
		eraser->result->unsealed += count;
	if (holdset_has_day(eraser->held, day))
		eraser->held_records = MAX(eraser->held_records, count);
	return look_at_originals(eraser, facts, error);
}

static bool is_none_held(const struct eraser *eraser, GError **error)
{
	if (!eraser->held_records)
		return true;
	store_error_set_text(error, STORE_ERROR_INVALID, "of these records "
		"some are on hold (reevectl records hold list): nothing was "
		"erased");
	return false;
}

static enum sealwrite_fate decide(const struct dayreader_record *record,
				  GByteArray *instead, void *context)
{
	const struct eraser *eraser = context;
	const struct erasure erasure = { &eraser->match, clock_now_us() };

	return erasure_apply(&erasure, record->bytes, instead) ?
	       SEALWRITE_ERASE : SEALWRITE_KEEP;
}

/* The originals first: once the records do not say whose they are, nobody who is cut
 * off here would find them again. */
static bool erase_day(struct eraser *eraser, int64_t day, uint64_t count,
		      const struct segment_facts *facts, GError **error)
{
	const struct sealwrite how = {
		.records_dir = eraser->records_dir, .day = day,
		.key = eraser->key, .now_us = clock_now_us(),
		.decide = decide, .context = eraser,
	};
	struct seal seal;

	if (!facts->is_sealed)
		return true;
	if (!remove_originals(eraser, facts, error) ||
	    !sealwrite_day(&how, &seal, error))
		return false;
	eraser->result->days++;
	eraser->result->erased += count;
	return true;
}

static bool run(struct eraser *eraser, const struct search_query *query,
		GError **error)
{
	eraser->held = holdset_load(eraser->state, error);
	if (!eraser->held || !find_records(eraser, query, error) ||
	    !each_day(eraser, look_at_day, error) ||
	    !is_none_held(eraser, error))
		return false;
	if (eraser->is_dry)
		return true;
	eraser->key = sealkey_open(eraser->state_dir, error);
	return eraser->key && each_day(eraser, erase_day, error);
}

bool eraser_run(const struct eraser_order *order,
		struct eraser_result *result_out, GError **error)
{
	struct eraser eraser = {
		.state_dir = order->state_dir, .is_dry = order->is_dry,
		.state = order->state, .operator_name = order->operator_name,
		.reason = order->reason,
		.records_dir = g_build_filename(order->state_dir, "records",
						NULL),
		.hits = g_array_new(FALSE, FALSE, sizeof(struct hit)),
		.result = result_out,
	};
	bool is_done;

	*result_out = (struct eraser_result){ .found = 0 };
	querymatch_init(&eraser.match, order->query);
	is_done = run(&eraser, order->query, error);
	querymatch_release(&eraser.match);
	holdset_free(&eraser.held);
	sealkey_close(&eraser.key);
	g_array_unref(eraser.hits);
	g_free(eraser.records_dir);
	return is_done;
}
