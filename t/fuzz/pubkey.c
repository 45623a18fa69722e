#include <config.h>

#include "fuzz/target.h"
#include "sender/pubkey.h"
#include "sender/taglist.h"

#include <glib.h>
#include <string.h>

/* A tag list, and as a key record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of((const char *)data, size);
	struct taglist list;
	struct arena arena;
	struct pubkey key;
	const char *wrong;
	int64_t number;

	arena_init(&arena);
	if (taglist_parse(text, &list))
		for (size_t i = 0; i < list.count; i++) {
			const char *name = arena_span_text(&arena,
							   list.tags[i].name);

			BUG_IF(!*name || !taglist_find(&list, name));
			BUG_IF(strpbrk(taglist_packed(&list, name, &arena),
				       " \t\r\n"));
			if (taglist_number(&list, name, &number))
				BUG_IF(number < 0);
		}
	wrong = pubkey_parse(text, &arena, &key);
	if (!wrong && !pubkey_is_revoked(&key))
		EVP_PKEY_free(pubkey_open(&key));
	arena_release(&arena);
	return 0;
}
