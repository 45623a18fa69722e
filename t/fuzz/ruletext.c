#include <config.h>

#include "fuzz/target.h"

#include "content/metas.h"
#include "content/ruleset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double hits(void *mydata, guint index)
{
	(void)mydata, (void)index;
	return 1;
}

/* As when every rule has hit that is no meta. */
static void work_out(const struct ruleset *set, bool is_all, double *values)
{
	struct metas_run *run = metas_begin(set->metas);

	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);

		if (rule->is_deferred)
			metas_doubt(run, i);
		else if (!rule->expression)
			metas_tell(run, i, 1);
	}
	metas_work_out(run, is_all, hits, NULL, values);
	metas_end(run);
}

static bool is_hit(double value)
{
	return value < 0 || value > 0;
}

static void compare(const struct ruleset *set)
{
	g_autofree double *all = g_new0(double, set->rules->len + 1);
	g_autofree double *needed = g_new0(double, set->rules->len + 1);

	work_out(set, true, all);
	work_out(set, false, needed);
	for (guint i = 0; i < set->rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->rules, i);

		BUG_IF(!rule->is_sub && is_hit(all[i]) != is_hit(needed[i]));
	}
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
		compare(set);
	ruleset_free(set);
	unlink(path);
	return 0;
}
