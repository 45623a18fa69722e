#include <config.h>

#include "fuzz/target.h"

#include "content/metas.h"
#include "content/ruleset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As when every rule has hit that is no meta. */
static void work_out(const struct ruleset *set)
{
	g_autofree double *values = g_memdup2(metas_at_rest(set->metas),
		set->rules->len * sizeof *values);
	g_autoptr(GArray) hits = g_array_new(FALSE, FALSE, sizeof(guint));
	struct arena arena;

	arena_init(&arena);
	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);

		if (!rule->expression) {
			values[i] = 1;
			g_array_append_val(hits, i);
		}
	}
	metas_work_out(set->metas, hits, values, &arena);
	arena_release(&arena);
}

/* A rule file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[64];
	g_autoptr(GPtrArray) files = g_ptr_array_new();
	struct ruleset *set;
	FILE *file;

	if (size > 65536)
		return 0;
	if (!*path)
		snprintf(path, sizeof path, "/tmp/mailreeve-fuzz-%d.cf",
			 (int)getpid());
	file = fopen(path, "wb");
	BUG_IF(!file || fwrite(data, 1, size, file) != size ||
	       fclose(file) != 0);
	g_ptr_array_add(files, path);
	set = ruleset_load(files, NULL);
	/* What has a NUL in it is no text. */
	BUG_IF(!set && (!size || !memchr(data, 0, size)));
	if (set)
		work_out(set);
	ruleset_free(set);
	unlink(path);
	return 0;
}
