#include <config.h>

#include "fuzz/target.h"

#include "content/ruleset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	for (guint i = 0; set && i < set->ordered->len; i++) {
		const struct rule *rule = g_ptr_array_index(set->ordered, i);
		g_autofree double *values = g_new0(double, set->rules->len);

		(void)expression_evaluate(rule->expression, values);
	}
	ruleset_free(set);
	unlink(path);
	return 0;
}
