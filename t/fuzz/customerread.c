#include <config.h>

#include "cases/customerread.h"
#include "fuzz/target.h"
#include "store/storeerror.h"

#include <string.h>

static void check_texts(const struct customer_entry *entry)
{
	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;

		if (!customerentry_is_list(field))
			BUG_IF(!g_utf8_validate(customerentry_text(
						entry, field), -1, NULL));
	}
}

/* What is kept of a list is kept so when it is set again. */
static void check_lists(const struct customer_entry *entry,
			struct arena *arena)
{
	struct customer_entry again;

	customerentry_init(&again);
	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;
		const char *const *list;

		if (!customerentry_is_list(field))
			continue;
		list = customerentry_list(entry, field);
		BUG_IF(!customerentry_set_list(&again, field, list, arena,
					       NULL));
		BUG_IF(!g_strv_equal(list, customerentry_list(&again,
							      field)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GError) why = NULL;
	struct arena arena;

	arena_init(&arena);
	entries = customerread_parse(span_of((const char *)data, size), "f",
				     &arena, &why);
	BUG_IF(!entries && (!why || why->code != STORE_ERROR_INVALID ||
			    strncmp(why->message, "f:", 2) != 0));
	for (guint i = 0; entries && i < entries->len; i++) {
		const struct customer_entry *entry = g_ptr_array_index(
			entries, i);

		BUG_IF(!*entry->id);
		check_texts(entry);
		check_lists(entry, &arena);
	}
	arena_release(&arena);
	return 0;
}
