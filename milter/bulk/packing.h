/* packing.h - numbers in the bytes of snapshots, the least byte first */
#ifndef BULK_PACKING_H
#define BULK_PACKING_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* bytes: 1 to 8 of it. */
static inline void packing_add(GByteArray *out, uint64_t number, unsigned bytes)
{
	uint64_t little = GUINT64_TO_LE(number);

	g_byte_array_append(out, (const guint8 *)&little, bytes);
}

/* Takes them off the front of at; false when there are fewer. */
static inline bool packing_take(const uint8_t **at, const uint8_t *end,
				unsigned bytes, uint64_t *number_out)
{
	*number_out = 0;
	if (end - *at < (ptrdiff_t)bytes)
		return false;
	for (unsigned i = 0; i < bytes; i++)
		*number_out |= (uint64_t)*(*at)++ << 8 * i;
	return true;
}

#endif
