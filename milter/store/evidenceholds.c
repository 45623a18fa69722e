#include <config.h>

#include "store/evidenceholds.h"

#include "store/day.h"
#include "store/search.h"
#include "store/storeerror.h"

struct evidenceholds {
	const char *state_dir;
	const struct holdset *holds;
	GHashTable *days;	/* day * 2 + is_held -> GHashTable of GBytes */
};

struct evidenceholds *evidenceholds_new(const char *state_dir,
					const struct holdset *holds)
{
	struct evidenceholds *made = g_new0(struct evidenceholds, 1);

	made->state_dir = state_dir;
	made->holds = holds;
	made->days = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
					   (GDestroyNotify)g_hash_table_unref);
	return made;
}

void evidenceholds_free(struct evidenceholds **holds)
{
	struct evidenceholds *old = *holds;

	*holds = NULL;
	if (!old)
		return;
	g_hash_table_unref(old->days);
	g_free(old);
}

bool evidenceholds_has_day(const struct evidenceholds *holds, int64_t day)
{
	return holds->holds && (holdset_has_day(holds->holds, day) ||
				holdset_has_day(holds->holds, day + 1));
}

bool evidenceholds_may_have(const struct evidenceholds *holds, int64_t day)
{
	return holds->holds && holdset_may_have_of(holds->holds, day);
}

/* The originals of a day that records on hold have. */
struct needing {
	const struct holdset *holds;
	int64_t day;
	bool is_held;
	GHashTable *needed;		/* of GBytes: SHA-256 */
};

static bool take_hit(const struct search_hit *hit, void *context)
{
	struct needing *on = context;
	struct evidence_place place;

	if (evidence_of_record(hit->record, &place) &&
	    place.day == on->day && place.is_held == on->is_held &&
	    holdset_has_record(on->holds, hit->day, hit->record))
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
		.since_us = day_begin_us(on->day),
		.until_us = day_begin_us(on->day + 1),
	};
	struct search_result result;
	bool is_done = search_run(state_dir, &query, take_hit, on, &result,
				  error);

	if (is_done && result.problems->len) {
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s",
			(char *)g_ptr_array_index(result.problems, 0));
		is_done = false;
	}
	search_result_release(&result);
	return is_done;
}

/* NULL with error. */
static GHashTable *needed_of(struct evidenceholds *holds,
			     const struct evidence_place *place,
			     GError **error)
{
	int64_t key = place->day * 2 + place->is_held;
	struct needing on = {
		.holds = holds->holds, .day = place->day,
		.is_held = place->is_held,
		.needed = g_hash_table_lookup(holds->days, &key),
	};

	if (on.needed)
		return on.needed;
	on.needed = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
		(GDestroyNotify)g_bytes_unref, NULL);
	if (!find_needed(holds->state_dir, &on, error)) {
		g_hash_table_unref(on.needed);
		return NULL;
	}
	g_hash_table_insert(holds->days, g_memdup2(&key, sizeof key),
			    on.needed);
	return on.needed;
}

bool evidenceholds_has(struct evidenceholds *holds,
		       const struct evidence_place *place, GError **error)
{
	g_autoptr(GBytes) key = g_bytes_new_static(place->sha256,
						   DIGEST_SHA256_BYTES);
	GHashTable *needed;

	if (!evidenceholds_may_have(holds, place->day) ||
	    evidenceholds_has_day(holds, place->day))
		return evidenceholds_may_have(holds, place->day);
	needed = needed_of(holds, place, error);
	return needed && g_hash_table_contains(needed, key);
}
