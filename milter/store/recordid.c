#include <config.h>

#include "store/recordid.h"

#include "base/clock.h"

#include <glib.h>
#include <stdatomic.h>

#define COUNTER_BITS 20
#define COUNTER_MASK ((UINT64_C(1) << COUNTER_BITS) - 1)
#define DIGITS (RECORD_ID_BYTES - 1)

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Starts anywhere, so that ids of two processes that begin in one millisecond
 * differ, and do not tell how much mail there is. */
static _Atomic uint64_t counter;
static atomic_bool is_seeded;

static uint64_t next_count(void)
{
	if (!atomic_load(&is_seeded)) {
		uint64_t unset = 0;

		atomic_compare_exchange_strong(&counter, &unset,
					       g_random_int() | 1u);
		atomic_store(&is_seeded, true);
	}
	return atomic_fetch_add(&counter, 1) & COUNTER_MASK;
}

void record_id_new(char *out)
{
	uint64_t now_ms = (uint64_t)clock_now_us() / 1000;
	uint64_t id = now_ms << COUNTER_BITS | next_count();

	record_id_format(id ? id : 1, out);
}

static int value_of(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	for (int i = 0; i < 32; i++)
		if (digits[i] == c)
			return i;
	return -1;
}

bool record_id_parse(struct span text, uint64_t *id_out)
{
	uint64_t id = 0;

	if (text.len != DIGITS)
		return false;
	for (size_t i = 0; i < DIGITS; i++) {
		int value = value_of(text.ptr[i]);

		/* 13 digits hold 65 bits: the first has 4 of its own. */
		if (value < 0 || (i == 0 && value > 15))
			return false;
		id = id << 5 | (uint64_t)value;
	}
	*id_out = id;
	return id != 0;
}

const char *record_id_format(uint64_t id, char *out)
{
	for (size_t i = DIGITS; i > 0; i--, id >>= 5)
		out[i - 1] = digits[id & 31];
	out[DIGITS] = '\0';
	return out;
}

int64_t record_id_time_us(uint64_t id)
{
	return (int64_t)(id >> COUNTER_BITS) * 1000;
}
