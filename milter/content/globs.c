#include <config.h>

#include "content/globs.h"

#include <string.h>

struct globs {
	GHashTable *exact;
	GPtrArray *patterns;		/* of char * */
	GString *ends;			/* with which byte; '*': with any */
};

static bool is_pattern(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}

struct globs *globs_new(void)
{
	struct globs *globs = g_new0(struct globs, 1);

	globs->exact = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     NULL);
	globs->patterns = g_ptr_array_new_with_free_func(g_free);
	globs->ends = g_string_new(NULL);
	return globs;
}

void globs_free(struct globs *globs)
{
	if (!globs)
		return;
	g_hash_table_unref(globs->exact);
	g_ptr_array_unref(globs->patterns);
	g_string_free(globs->ends, TRUE);
	g_free(globs);
}

/* With what any text ends that it fits. */
static void add_pattern(struct globs *globs, char *pattern)
{
	char last = pattern[strlen(pattern) - 1];

	g_ptr_array_add(globs->patterns, pattern);
	g_string_append_c(globs->ends, last == '?' ? '*' : last);
}

void globs_add(struct globs *globs, const char *text)
{
	char *lower = g_ascii_strdown(text, -1);

	if (is_pattern(lower))
		add_pattern(globs, lower);
	else
		g_hash_table_add(globs->exact, lower);
}

static void remove_pattern(struct globs *globs, guint index)
{
	g_ptr_array_remove_index(globs->patterns, index);
	g_string_erase(globs->ends, index, 1);
}

void globs_remove(struct globs *globs, const char *text)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);

	g_hash_table_remove(globs->exact, lower);
	for (guint i = globs->patterns->len; i > 0; i--)
		if (strcmp(g_ptr_array_index(globs->patterns, i - 1),
			   lower) == 0)
			remove_pattern(globs, i - 1);
}

bool globs_is_empty(const struct globs *globs)
{
	return !globs || (!g_hash_table_size(globs->exact) &&
			  !globs->patterns->len);
}

static bool has(const struct globs *globs, const char *text, char stop)
{
	size_t len = strlen(text);
	char last = len ? text[len - 1] : '\0';

	if (!globs)
		return false;
	if (g_hash_table_contains(globs->exact, text))
		return true;
	for (guint i = 0; i < globs->patterns->len; i++)
		if ((globs->ends->str[i] == '*' ||
		     globs->ends->str[i] == last) &&
		    globs_fits(g_ptr_array_index(globs->patterns, i), text,
			       stop))
			return true;
	return false;
}

bool globs_has(const struct globs *globs, const char *text)
{
	return has(globs, text, '\0');
}

bool globs_has_domain(const struct globs *globs, const char *domain)
{
	return has(globs, domain, '.');
}

static bool is_same(char pattern, char byte, char stop)
{
	return pattern == byte || (pattern == '?' && (!stop || byte != stop));
}

/* After a failure only the last * is tried again, one byte further on: what
 * stands before it has been found at the first place where it can be. */
bool globs_fits(const char *glob, const char *text, char stop)
{
	const char *star = NULL, *again = NULL;

	while (*text || *glob) {
		if (*glob == '*') {
			star = ++glob;
			again = text;
			continue;
		}
		if (*text && *glob && is_same(*glob, *text, stop)) {
			glob++;
			text++;
			continue;
		}
		if (!star || !*again || (stop && *again == stop))
			return false;
		glob = star;
		text = ++again;
	}
	return true;
}
