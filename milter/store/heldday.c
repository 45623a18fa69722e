#include <config.h>

#include "store/heldday.h"

#include "store/day.h"
#include "store/dayreader.h"
#include "store/recordkey.h"

/* The minutes of the days, as the index has them. */
static bool has_any(struct dayreader *reader, const struct day_range *days)
{
	int64_t begin_us = day_begin_us(MAX(days->since, 0));
	int64_t end_us = day_begin_us(days->until + 1) - 1;
	const struct record_key from = record_key_number(RECORD_KEY_MINUTE,
		(uint64_t)begin_us / RECORD_MINUTE_US);
	const struct record_key to = record_key_number(RECORD_KEY_MINUTE,
		(uint64_t)MAX(end_us, 0) / RECORD_MINUTE_US);
	struct dayreader_bounds found = dayreader_bounds(reader, &from, &to);

	/* What cannot be read may be what is held. */
	return found.first <= found.last || dayreader_problem(reader);
}

static bool look_at(const char *path, const GArray *ranges,
		    enum heldday *held_out, GError **error)
{
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	struct dayreader *reader = segment ? dayreader_new(
		segment, DAYREADER_RECORDS, error) : NULL;

	for (guint i = 0; reader && i < ranges->len; i++)
		if (has_any(reader, &g_array_index(ranges, struct day_range,
						   i)))
			*held_out = HELDDAY_PERHAPS;
	if (!reader) {
		segment_close(&segment);
		return false;
	}
	dayreader_free(&reader);
	segment_close(&segment);
	return true;
}

bool heldday_look(const char *records_dir, int64_t day,
		  const struct holdset *set, enum heldday *held_out,
		  GError **error)
{
	g_autofree char *path = day_path(records_dir, day);
	g_autoptr(GArray) earlier = holdset_before(set, day);

	*held_out = holdset_has_day(set, day) ? HELDDAY_ALL :
		    holdset_may_have(set, day) ? HELDDAY_PERHAPS :
						 HELDDAY_NOTHING;
	return *held_out != HELDDAY_NOTHING || !earlier->len ||
	       look_at(path, earlier, held_out, error);
}
