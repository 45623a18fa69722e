#include <config.h>

#include "fuzz/target.h"
#include "message/mailbox.h"

#include <glib.h>
#include <string.h>

/* A From field. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct mailbox_list list;

	if (size > 65536)
		return 0;
	arena_init(&arena);
	list = mailbox_parse(span_of((const char *)data, size), &arena);
	BUG_IF(list.count > MAILBOX_MAX);
	for (size_t i = 0; i < list.count; i++) {
		const struct mailbox *box = &list.boxes[i];

		BUG_IF(box->name && (!*box->name ||
				     !g_utf8_validate(box->name, -1, NULL)));
		BUG_IF(!box->addr.domain_ascii);
		BUG_IF(strpbrk(box->addr.domain_ascii, " <>,;:@"));
	}
	arena_release(&arena);
	return 0;
}
