#include <config.h>

#include "content/redirects.h"

#include "content/pattern.h"

#include <string.h>

struct redirect {
	struct pattern *pattern;
	const char *file;
	unsigned line;
};

struct redirects {
	GArray *all;			/* of struct redirect, in their order */
};

static void clear_redirect(gpointer memory)
{
	pattern_free(((struct redirect *)memory)->pattern);
}

struct redirects *redirects_new(void)
{
	struct redirects *redirects = g_new(struct redirects, 1);

	redirects->all = g_array_new(FALSE, FALSE, sizeof(struct redirect));
	g_array_set_clear_func(redirects->all, clear_redirect);
	return redirects;
}

void redirects_free(struct redirects *redirects)
{
	if (!redirects)
		return;
	g_array_unref(redirects->all);
	g_free(redirects);
}

bool redirects_add(struct redirects *redirects, const char *text,
		   const char *file, unsigned line, GError **error)
{
	g_autofree char *modifiers = NULL;
	g_autofree char *bare = pattern_strip(text, &modifiers, error);
	struct redirect redirect = { .file = file, .line = line };

	if (bare)
		redirect.pattern = pattern_compile(bare, modifiers, error);
	if (!redirect.pattern)
		return false;
	g_array_append_val(redirects->all, redirect);
	return true;
}

static bool is_left_out(const struct redirects_run *run,
			const struct redirect *redirect)
{
	return run->cut_offs_max &&
	       pattern_cut_offs(redirect->pattern) >= run->cut_offs_max;
}

static void tell_cut_off(struct redirects_run *run,
			 const struct redirect *redirect)
{
	run->cut_off++;
	log_event(run->log, LOG_WARNING, is_left_out(run, redirect) ?
		  "rule_left_out" : "rule_cut_off",
		  "rule=redirector_pattern file=%s line=%u times=%u",
		  redirect->file, redirect->line,
		  pattern_cut_offs(redirect->pattern));
}

/* NULL: it does not match, or nothing in its group can be a host. */
static char *target_by(struct redirects_run *run,
		       const struct redirect *redirect, struct span uri)
{
	struct span found;
	enum pattern_result result;

	if (is_left_out(run, redirect))
		return NULL;
	result = pattern_match(redirect->pattern, uri, 0, NULL);
	if (result == PATTERN_CUT_OFF)
		tell_cut_off(run, redirect);
	if (result != PATTERN_YES ||
	    !pattern_first_group(redirect->pattern, uri, 0, &found) ||
	    span_find(found, '.') < 0)
		return NULL;
	return g_strndup(found.ptr, found.len);
}

char *redirects_target(void *mydata, const char *uri)
{
	struct redirects_run *run = mydata;
	const GArray *all = run->redirects->all;
	char *target = NULL;

	for (guint i = 0; i < all->len && !target; i++)
		target = target_by(run, &g_array_index(all, struct redirect,
						       i), span_text(uri));
	return target;
}
