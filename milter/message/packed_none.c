#include <config.h>

#include "message/packed.h"

bool packed_is_available(void)
{
	return false;
}

void packed_init(struct packed *packed, const struct limits *limits,
		 struct arena *arena)
{
	*packed = (struct packed){
		.arena = arena, .limits = *limits,
		.entries = g_array_new(FALSE, FALSE,
				       sizeof(struct packed_entry)),
	};
}

void packed_release(struct packed *packed)
{
	g_array_unref(packed->entries);
}

void packed_read(struct packed *packed, struct span bytes, const char *name)
{
	(void)packed;
	(void)bytes;
	(void)name;
}
