#include <config.h>

#include "store/sessionfind.h"

#include "store/day.h"
#include "store/dayreader.h"
#include "store/recordkey.h"
#include "store/storeerror.h"

#define AT_ONCE 16		/* sequences of a key, which may be shared */

struct sessionfind {
	sessionfind_take_fn *take;
	void *context;
	struct dayreader *reader;
	int64_t day;
	GArray *sequences;
	struct arena arena;		/* of the record in hand */
};

/* False: it is not that session's. */
static bool look_at(struct sessionfind *on, uint64_t sequence,
		    const struct sessionfind_wanted *wanted)
{
	struct search_hit hit = { .sequence = sequence, .day = on->day };
	struct dayreader_record record;

	if (!dayreader_at(on->reader, sequence, &record))
		return false;
	arena_reset(&on->arena);
	hit.bytes = record.bytes;
	hit.record = recordview_unpack(hit.bytes, &on->arena);
	if (!hit.record || !hit.record->session ||
	    hit.record->id != wanted->id)
		return false;
	on->take(&hit, wanted, on->context);
	return true;
}

static bool find_one(struct sessionfind *on,
		     const struct sessionfind_wanted *wanted)
{
	const struct record_key key = record_key_number(RECORD_KEY_ID,
							wanted->id);

	g_array_set_size(on->sequences, 0);
	if (!dayreader_postings(on->reader, &key, UINT64_MAX, AT_ONCE,
				on->sequences))
		return false;
	for (guint i = 0; i < on->sequences->len; i++)
		if (look_at(on, g_array_index(on->sequences, uint64_t, i),
			    wanted))
			return true;
	return false;
}

static bool find_all(struct sessionfind *on, GHashTable *all, GError **error)
{
	const char *problem = NULL;
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, all);
	while (!problem && g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct sessionfind_wanted *wanted = value;

		if (wanted->from_day <= on->day && find_one(on, wanted))
			g_hash_table_iter_remove(&iter);
		problem = dayreader_problem(on->reader);
	}
	if (problem)
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s", problem);
	return !problem;
}

static bool find_in_day(struct sessionfind *on, const char *dir,
			GHashTable *all, GError **error)
{
	g_autofree char *path = day_path(dir, on->day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	bool is_done;

	if (!segment)
		return false;
	on->reader = dayreader_new(segment, DAYREADER_RECORDS, error);
	is_done = on->reader && find_all(on, all, error);
	dayreader_free(&on->reader);
	segment_close(&segment);
	return is_done;
}

static int64_t first_day(GHashTable *all)
{
	int64_t first = INT64_MAX;
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, all);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct sessionfind_wanted *wanted = value;

		first = MIN(first, wanted->from_day);
	}
	return first;
}

bool sessionfind_run(const char *state_dir, GHashTable *wanted,
		     sessionfind_take_fn *take, void *context, GError **error)
{
	g_autofree char *dir = g_build_filename(state_dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, error);
	g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE,
						  sizeof(uint64_t));
	struct sessionfind on = {
		.take = take, .context = context, .sequences = sequences,
	};
	int64_t first = first_day(wanted);
	bool is_good = days != NULL;

	arena_init(&on.arena);
	for (guint i = 0; is_good && i < days->len &&
			  g_hash_table_size(wanted); i++) {
		on.day = g_array_index(days, int64_t, i);
		is_good = on.day < first ||
			  find_in_day(&on, dir, wanted, error);
	}
	arena_release(&on.arena);
	return is_good;
}
