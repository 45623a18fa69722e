#include <config.h>

#include "fuzz/target.h"

#include "catalog.h"
#include "message/packed.h"

#include <string.h>

/* libarchive asks for as much memory as a file says, and takes
 * no for an answer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* Any bytes as an archive, with small limits so that they are met. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct limits limits = {
		.archive_depth = 3, .archive_entries = 100,
		.archive_bytes = 1 << 20, .archive_time_ms = 2000,
	};
	struct arena arena;
	struct packed packed;

	if (size > 65536)
		return 0;
	arena_init(&arena);
	packed_init(&packed, &limits, &arena);
	packed_read(&packed, span_of((const char *)data, size), "a.tgz");
	BUG_IF(packed.entries->len > 100 || packed.bytes_left < 0);
	for (guint i = 0; i < packed.entries->len; i++) {
		const char *name = g_array_index(packed.entries,
						 struct packed_entry, i).name;

		BUG_IF(!g_utf8_validate(name, -1, NULL));
		BUG_IF(strlen(name) > PACKED_NAME_MAX + 100);
		(void)filetype_has_two_extensions(name);
		(void)filetype_is_trick(name);
	}
	packed_release(&packed);
	arena_release(&arena);
	return 0;
}
