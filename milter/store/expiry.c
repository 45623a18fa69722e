#include <config.h>

#include "store/expiry.h"

#include "store/day.h"
#include "store/heldday.h"
#include "store/recordview.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"

struct expiry {
	char *dir;
	GHashTable *looked_at;	/* day -> mark of the holds that were kept to */
};

bool expiry_is_clock_steady(const GArray *days, int64_t today,
			    int64_t keep_ms, int64_t *before_out)
{
	int64_t settle = MIN(keep_ms * 1000 / DAY_US, EXPIRY_SETTLE_DAYS);
	int64_t at = today;

	for (guint i = days->len; i > 0; i--) {
		int64_t day = g_array_index(days, int64_t, i - 1);

		*before_out = day;
		if (at - day > EXPIRY_LEAP_DAYS)
			return today - at >= settle;
		at = MIN(at, day);
	}
	return true;
}

struct expiry *expiry_new(const char *records_dir)
{
	struct expiry *expiry = g_new0(struct expiry, 1);

	expiry->dir = g_strdup(records_dir);
	expiry->looked_at = g_hash_table_new_full(g_int64_hash, g_int64_equal,
						  g_free, NULL);
	return expiry;
}

void expiry_free(struct expiry *expiry)
{
	g_hash_table_unref(expiry->looked_at);
	g_free(expiry->dir);
	g_free(expiry);
}

static bool is_cancelled(const struct expiry_terms *terms)
{
	return terms->is_cancelled && atomic_load(terms->is_cancelled);
}

static bool is_held(const struct expiry_terms *terms, int64_t day,
		    const struct dayreader_record *record)
{
	const Reeve__Record *unpacked;
	struct arena arena;
	bool is_wanted;

	arena_init(&arena);
	unpacked = recordview_unpack(record->bytes, &arena);
	/* What cannot be read may be what is held. */
	is_wanted = !unpacked || holdset_has_record(terms->held, day,
						    unpacked);
	arena_release(&arena);
	return is_wanted;
}

struct counting {
	uint64_t held, free;
};

/* A day of which a part cannot be read stays: what is held may be in it. */
static bool count_held(const struct expiry_terms *terms, int64_t day,
		       struct segment *segment, struct counting *counting,
		       GError **error)
{
	struct dayreader *reader = dayreader_new(segment, DAYREADER_RECORDS,
						 error);
	struct dayreader_record record;
	char text[DAY_TEXT_MAX];
	bool is_whole = true;
	uint64_t at = 0;

	if (!reader)
		return false;
	while (!is_cancelled(terms) && dayreader_next(reader, at, &record)) {
		if (is_held(terms, day, &record))
			counting->held++;
		else
			counting->free++;
		at = record.sequence + 1;
	}
	if (dayreader_problem(reader)) {
		is_whole = false;
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s cannot "
			"be removed, since some of it may be held and cannot "
			"be read: %s", day_format(day, text),
			dayreader_problem(reader));
	}
	dayreader_free(&reader);
	return is_whole;
}

struct thinning {
	const struct expiry_terms *terms;
	int64_t day;
};

static enum sealwrite_fate decide(const struct dayreader_record *record,
				  GByteArray *instead, void *context)
{
	const struct thinning *thinning = context;

	(void)instead;
	return is_held(thinning->terms, thinning->day, record) ?
	       SEALWRITE_KEEP : SEALWRITE_DROP;
}

static bool thin(const struct expiry *expiry, const struct expiry_terms *terms,
		 int64_t day, GError **error)
{
	struct thinning thinning = { terms, day };
	const struct sealwrite how = {
		.records_dir = expiry->dir, .day = day, .key = terms->key,
		.now_us = terms->now_us, .decide = decide,
		.context = &thinning, .is_cancelled = terms->is_cancelled,
	};
	struct seal seal;

	return sealwrite_day(&how, &seal, error);
}

static bool is_looked_at(const struct expiry *expiry,
			 const struct expiry_terms *terms, int64_t day)
{
	gpointer mark;

	return g_hash_table_lookup_extended(expiry->looked_at, &day, NULL,
					    &mark) &&
	       GPOINTER_TO_UINT(mark) == holdset_mark(terms->held);
}

static void note_looked_at(struct expiry *expiry,
			   const struct expiry_terms *terms, int64_t day)
{
	g_hash_table_insert(expiry->looked_at, g_memdup2(&day, sizeof day),
			    GUINT_TO_POINTER(holdset_mark(terms->held)));
}

/* Only what went is counted: an admin reads of it. */
static bool remove_day(const struct expiry *expiry, int64_t day,
		       struct expiry_result *result, GError **error)
{
	if (!day_remove(expiry->dir, day, error))
		return false;
	result->days++;
	return true;
}

/* What is held of it stays. */
static bool expire_part(struct expiry *expiry,
			const struct expiry_terms *terms, int64_t day,
			struct expiry_result *result, GError **error)
{
	g_autofree char *path = day_path(expiry->dir, day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	struct counting counting = { .held = 0 };
	struct segment_facts facts;
	bool is_read = segment && segment_facts(segment, &facts, error) &&
		       (!facts.is_sealed ||
			count_held(terms, day, segment, &counting, error));

	segment_close(&segment);
	if (!is_read)
		return false;
	if (!facts.is_sealed || is_cancelled(terms))
		return true;
	if (!counting.held)
		return remove_day(expiry, day, result, error);
	if (counting.free) {
		if (!thin(expiry, terms, day, error))
			return false;
		result->thinned++;
	}
	note_looked_at(expiry, terms, day);
	return true;
}

static bool expire_day(struct expiry *expiry, const struct expiry_terms *terms,
		       int64_t day, struct expiry_result *result,
		       GError **error)
{
	enum heldday held;

	if (is_looked_at(expiry, terms, day))
		return true;
	if (!heldday_look(expiry->dir, day, terms->held, &held, error))
		return false;
	switch (held) {
	case HELDDAY_ALL:
		return true;
	case HELDDAY_PERHAPS:
		return expire_part(expiry, terms, day, result, error);
	case HELDDAY_NOTHING:
		break;
	}
	return remove_day(expiry, day, result, error);
}

bool expiry_run(struct expiry *expiry, const struct expiry_terms *terms,
		struct expiry_result *result_out, GError **error)
{
	int64_t cut_us = terms->now_us - terms->keep_ms * 1000;
	g_autoptr(GArray) days = day_list(expiry->dir, error);
	bool is_done = days != NULL;

	*result_out = (struct expiry_result){ .days = 0 };
	for (guint i = 0; days && i + 1 < days->len; i++) {
		int64_t day = g_array_index(days, int64_t, i);

		if (day_begin_us(day + 1) > cut_us || is_cancelled(terms))
			break;
		is_done &= expire_day(expiry, terms, day, result_out,
				      is_done ? error : NULL);
	}
	return days && day_clean(expiry->dir, is_done ? error : NULL) &&
	       is_done;
}
