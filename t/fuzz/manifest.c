#include <config.h>

#include "fuzz/target.h"
#include "store/manifest.h"
#include "store/storeerror.h"

/* What is read is written again as it was, but for leading zeros and signs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) why = NULL;
	struct manifest *manifest = manifest_parse(
		span_of((const char *)data, size), &why), *again;
	GString *text;

	if (!manifest) {
		BUG_IF(!why || (why->code != STORE_ERROR_DAMAGED &&
				why->code != STORE_ERROR_NEWER));
		return 0;
	}
	for (guint i = 0; i < manifest->files->len; i++) {
		const struct manifest_file *file = g_ptr_array_index(
			manifest->files, i);

		BUG_IF(!manifest_is_path(file->path));
		BUG_IF(manifest_find(manifest, file->path) != file);
		BUG_IF(!manifest_kind_word(file->kind));
	}
	text = manifest_format(manifest);
	again = manifest_parse(span_of(text->str, text->len), NULL);
	BUG_IF(!again || again->files->len != manifest->files->len);
	g_string_free(text, TRUE);
	manifest_free(again);
	manifest_free(manifest);
	return 0;
}
