#include <config.h>

#include "fuzz/target.h"

#include "content/captures.h"

#include <string.h>

static void check(struct captures *captures, const struct captures_user *user,
		  const struct pattern *loose, struct span text)
{
	const struct pattern *filled = captures_fill(captures, user);

	BUG_IF(filled != captures_fill(captures, user));
	/* A filter may pass over what the loose one does not match. */
	if (filled && captures_user_may_filter(user) &&
	    pattern_match(filled, text, 0, NULL) == PATTERN_YES)
		BUG_IF(pattern_match(loose, text, 0, NULL) == PATTERN_NO);
}

/* Lines: a pattern that captures, one that uses it, and a text for both. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *all = g_strndup((const char *)data, size);
	g_auto(GStrv) lines = size && size < 4096 ? g_strsplit(all, "\n", 3) :
						    NULL;
	g_autofree char *bare = NULL;
	struct captures_user *user;
	struct pattern *pattern, *loose;
	struct captures *captures;

	if (!lines || g_strv_length(lines) < 3)
		return 0;
	user = captures_user_new(lines[1], "");
	if (!user)
		return 0;
	bare = captures_user_loose(user);
	BUG_IF(!captures_user_names(user)->len);
	loose = pattern_compile(bare, "", NULL);
	pattern = pattern_compile(lines[0], "", NULL);
	captures = captures_new();
	if (pattern)
		captures_take(captures, pattern, span_text(lines[2]), 0);
	if (loose)
		check(captures, user, loose, span_text(lines[2]));
	captures_free(captures);
	captures_user_free(user);
	pattern_free(loose);
	pattern_free(pattern);
	return 0;
}
