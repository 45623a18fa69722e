#include <config.h>

#include "message/headerwire.h"

GString *headerwire_format(const struct transaction *tx,
			   const struct header *header)
{
	GString *out = g_string_sized_new(header->name.len +
					  header->value.len + 16);
	const char *value = header->value.ptr;

	g_string_append_len(out, header->name.ptr, (gssize)header->name.len);
	g_string_append_c(out, ':');
	if (!tx->has_leading_space)
		g_string_append_c(out, ' ');
	for (size_t i = 0; i < header->value.len; i++) {
		if (value[i] == '\n' && (!i || value[i - 1] != '\r'))
			g_string_append_c(out, '\r');
		g_string_append_c(out, value[i]);
	}
	return out;
}
