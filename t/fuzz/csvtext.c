#include <config.h>

#include "cases/csvtext.h"
#include "fuzz/target.h"
#include "store/storeerror.h"

#include <string.h>

static void append_field(GString *out, const char *field)
{
	g_auto(GStrv) parts = g_strsplit(field, "\"", -1);
	g_autofree char *doubled = g_strjoinv("\"\"", parts);

	g_string_append_printf(out, "\"%s\"", doubled);
}

/* All rows, written anew with every field in quotes. */
static char *rewrite(struct span text, bool *is_whole_out)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GPtrArray) row = g_ptr_array_new();
	g_autoptr(GError) why = NULL;
	enum csvtext_result result;
	struct csvtext csv;
	struct arena arena;

	arena_init(&arena);
	csvtext_init(&csv, text);
	while ((result = csvtext_next(&csv, &arena, row, &why)) ==
	       CSVTEXT_ROW) {
		BUG_IF(!row->len || row->len > CSVTEXT_FIELDS_MAX);
		BUG_IF(csv.row_line > csv.line);
		for (guint i = 0; i < row->len; i++) {
			g_string_append(out, i ? "," : "");
			append_field(out, g_ptr_array_index(row, i));
		}
		g_string_append_c(out, '\n');
	}
	BUG_IF((result == CSVTEXT_BROKEN) != (why != NULL));
	BUG_IF(why && why->code != STORE_ERROR_INVALID);
	*is_whole_out = result == CSVTEXT_END;
	arena_release(&arena);
	return g_string_free(out, FALSE);
}

/* What is read is the same when it was written and is read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *once = NULL, *again = NULL;
	bool is_whole;

	if (memchr(data, '\0', size))
		return 0;
	once = rewrite(span_of((const char *)data, size), &is_whole);
	again = rewrite(span_text(once), &is_whole);
	BUG_IF(!is_whole || strcmp(once, again) != 0);
	return 0;
}
