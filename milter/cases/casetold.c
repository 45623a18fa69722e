#include <config.h>

#include "cases/casetold.h"

#include "base/bigendian.h"
#include "cases/caserows.h"

/* Its value: the time (8 bytes), year (2) and number (4), big-endian. */
#define KEY "a"
#define VALUE_BYTES 14

static bool read_it(struct state *state, struct casetold *out)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	struct span value;
	bool is_there;

	if (!txn)
		return false;
	is_there = state_find(txn, STATE_CASES, span_text(KEY), &value) &&
		   value.len == VALUE_BYTES;
	if (is_there)
		*out = (struct casetold){
			(int64_t)bigendian_read(value.ptr, 8),
			{ (uint16_t)bigendian_read(value.ptr + 8, 2),
			  (uint32_t)bigendian_read(value.ptr + 10, 4) },
		};
	state_end(&txn);
	return is_there;
}

void casetold_load(struct state *state, int64_t now_us,
		   struct casetold *told_out)
{
	if (!read_it(state, told_out))
		*told_out = (struct casetold){
			0, casetold_newest(state, now_us) };
}

bool casetold_save(struct state *state, const struct casetold *told,
		   GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	g_autoptr(GString) value = g_string_new(NULL);

	if (!txn)
		return false;
	bigendian_append(value, (uint64_t)told->until_us, 8);
	bigendian_append(value, told->newest.year, 2);
	bigendian_append(value, told->newest.number, 4);
	if (state_put(txn, STATE_CASES, span_text(KEY), span_string(value),
		      error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

struct case_id casetold_newest(struct state *state, int64_t now_us)
{
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(
		now_us / G_USEC_PER_SEC);
	struct case_id id = { (uint16_t)g_date_time_get_year(now), 0 };
	struct state_txn *txn = state_begin_read(state, NULL);

	if (!txn)
		return id;
	id.number = caserows_last_number(txn, id.year);
	state_end(&txn);
	return id;
}
