#include <config.h>

#include "fuzz/target.h"
#include "sender/arcset.h"
#include "sender/authres.h"

#include <string.h>

/* An Authentication-Results, and as an ARC-Authentication-Results. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size), rest;
	struct arena arena;
	struct authres results;

	arena_init(&arena);
	if (authres_parse(text, &arena, &results)) {
		const char *id = authres_parse_id(text, &arena);

		BUG_IF(!id || strcmp(id, results.authserv_id) != 0);
		BUG_IF(results.count > AUTHRES_METHODS_MAX);
		for (size_t i = 0; i < results.count; i++)
			BUG_IF(!results.methods[i].method);
	}
	BUG_IF(arcset_results_instance(text, &rest) > ARC_SETS_MAX);
	BUG_IF(rest.len > size);
	arena_release(&arena);
	return 0;
}
