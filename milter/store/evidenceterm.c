#include <config.h>

#include "store/evidenceterm.h"

#include "store/day.h"
#include "store/evidencetree.h"
#include "store/search.h"
#include "store/storeerror.h"

#include <string.h>

/*
 * The file of a record's day can be that of the next one, when it was written behind
 * midnight: so a hold of either holds the original.
 */
static bool has_day(const struct holdset *holds, int64_t day)
{
	return holdset_has_day(holds, day) || holdset_has_day(holds, day + 1);
}

static bool may_have(const struct holdset *holds, int64_t day)
{
	return holdset_may_have(holds, day) ||
	       holdset_may_have(holds, day + 1);
}

/* The originals of a day that records on hold refer to. */
struct needing {
	const struct holdset *holds;
	struct evidence_place place;	/* but for sha256 */
	GHashTable *needed;		/* of GBytes: SHA-256 */
};

static bool take_hit(const struct search_hit *hit, void *context)
{
	struct needing *on = context;
	struct evidence_place place;

	if (evidence_of_record(hit->record, &place) &&
	    place.day == on->place.day && place.is_held == on->place.is_held &&
	    (holdset_has_record(on->holds, place.day, hit->record) ||
	     holdset_has_record(on->holds, place.day + 1, hit->record)))
		g_hash_table_add(on->needed, g_bytes_new(
			place.sha256, sizeof place.sha256));
	return true;
}

/* An answer that is not whole is none: what it lacks may be on hold. */
static bool find_needed(const char *state_dir, struct needing *on,
			GError **error)
{
	const struct search_query query = {
		.kind = RECORD_MESSAGE, .has_evidence = true,
		.since_us = day_begin_us(on->place.day),
		.until_us = day_begin_us(on->place.day + 1),
	};
	struct search_result result;
	bool is_done;

	on->needed = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
		(GDestroyNotify)g_bytes_unref, NULL);
	is_done = search_run(state_dir, &query, take_hit, on, &result, error);
	if (is_done && result.problems->len) {
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s",
			(char *)g_ptr_array_index(result.problems, 0));
		is_done = false;
	}
	search_result_release(&result);
	return is_done;
}

static bool is_needed(const struct needing *on, const uint8_t *sha256)
{
	g_autoptr(GBytes) key = g_bytes_new_static(sha256,
						   DIGEST_SHA256_BYTES);

	return g_hash_table_contains(on->needed, key);
}

bool evidenceterm_is_on_hold(const char *state_dir,
			     const struct evidence_place *place,
			     const struct holdset *holds, GError **error)
{
	struct needing on = { .holds = holds, .place = *place };
	bool is_held;

	if (!may_have(holds, place->day) || has_day(holds, place->day))
		return may_have(holds, place->day);
	is_held = find_needed(state_dir, &on, error) &&
		  is_needed(&on, place->sha256);
	g_hash_table_destroy(on.needed);
	return is_held;
}

struct thinning {
	const char *state_dir;
	const struct needing *needing;
	unsigned gone;
	GError **error;
	bool has_failed;
};

static void thin_file(const struct evidencetree_file *file, void *context)
{
	struct thinning *on = context;

	if (on->has_failed || !file->is_named ||
	    file->place.is_held != on->needing->place.is_held ||
	    is_needed(on->needing, file->place.sha256))
		return;
	if (evidence_remove(on->state_dir, &file->place, on->error))
		on->gone++;
	else
		on->has_failed = true;
}

/* Removes what no record on hold refers to; -1 with error. */
static int thin_day(const char *state_dir, const struct evidenceterm *term,
		    int64_t day, GError **error)
{
	struct needing needing = {
		.holds = term->holds,
		.place = { .day = day, .is_held = term->is_held },
	};
	struct thinning thinning = {
		.state_dir = state_dir, .needing = &needing, .error = error,
	};
	bool is_done = find_needed(state_dir, &needing, error) &&
		       evidencetree_each(state_dir, day, day, thin_file,
				     &thinning, error) &&
		       !thinning.has_failed;

	g_hash_table_destroy(needing.needed);
	return is_done ? thinning.gone > 0 : -1;
}

static int expire_day(const char *state_dir, const struct evidenceterm *term,
		      int64_t day, GError **error)
{
	if (has_day(term->holds, day))
		return 0;
	if (may_have(term->holds, day))
		return thin_day(state_dir, term, day, error);
	return evidencetree_remove_day(state_dir, term->is_held, day, error) ? 1 :
									   -1;
}

int evidenceterm_expire(const char *state_dir, const struct evidenceterm *term,
			GError **error)
{
	g_autoptr(GArray) days = evidencetree_days(state_dir, term->is_held, error);
	int64_t before_us = term->now_us - term->keep_ms * 1000;
	int gone = 0;

	for (guint i = 0; days && i < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);
		bool is_over = day_begin_us(day + 1) <= before_us ||
			       day <= term->dropped_day;
		int done = is_over ? expire_day(state_dir, term, day, error) :
				     0;

		if (done < 0)
			return -1;
		gone += done;
	}
	return days ? gone : -1;
}
