#include <config.h>

#include "base/bigendian.h"

void bigendian_append(GString *to, uint64_t number, int bytes)
{
	while (bytes-- > 0)
		g_string_append_c(to, (char)(number >> 8 * bytes));
}

uint64_t bigendian_read(const char *from, int bytes)
{
	uint64_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | (uint8_t)*from++;
	return number;
}
