#include <config.h>

#include "content/replacetags.h"

#include <string.h>

#define PASSES 6		/* a tag's text may have tags of its own */

enum { TAG, PRE, INTER, POST, KINDS };

static const char *const keywords[KINDS] = {
	"replace_tag", "replace_pre", "replace_inter", "replace_post",
};

struct replacetags {
	GHashTable *texts[KINDS];	/* name -> text */
};

struct replacetags *replacetags_new(void)
{
	struct replacetags *tags = g_new0(struct replacetags, 1);

	for (size_t i = 0; i < KINDS; i++)
		tags->texts[i] = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, g_free);
	return tags;
}

void replacetags_free(struct replacetags *tags)
{
	for (size_t i = 0; tags && i < KINDS; i++)
		g_hash_table_unref(tags->texts[i]);
	g_free(tags);
}

bool replacetags_add(struct replacetags *tags, const char *keyword,
		     const char *rest)
{
	size_t len = strcspn(rest, " \t");
	const char *text = rest + len + strspn(rest + len, " \t");

	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(keyword, keywords[i]) == 0 && *text) {
			g_hash_table_replace(tags->texts[i],
					     g_strndup(rest, len),
					     g_strdup(text));
			return true;
		}
	return false;
}

/* Takes "<inter W2>" out of the pattern; its text, or NULL. */
static const char *take_order(const struct replacetags *tags, int kind,
			      GString *pattern)
{
	static const char *const words[KINDS] = {
		NULL, "<pre ", "<inter ", "<post ",
	};
	const char *at = strstr(pattern->str, words[kind]);
	const char *end = at ? strchr(at, '>') : NULL;
	const char *text;

	if (!end)
		return NULL;
	at += strlen(words[kind]);
	g_autofree char *name = g_strndup(at, (gsize)(end - at));

	text = g_hash_table_lookup(tags->texts[kind], name);
	at -= strlen(words[kind]);
	g_string_erase(pattern, at - pattern->str, end + 1 - at);
	return text;
}

/* The length of "<...>" at the start, 0: there is none. */
static size_t tag_length(const char *at)
{
	size_t len = *at == '<' ? 1 + strcspn(at + 1, "<>") : 0;

	return len > 1 && at[len] == '>' ? len + 1 : 0;
}

/* One pass over all tags; whether what was put in has tags again. */
static bool pass(const struct replacetags *tags, GString *pattern)
{
	const char *pre = take_order(tags, PRE, pattern);
	const char *post = take_order(tags, POST, pattern);
	const char *inter = take_order(tags, INTER, pattern);
	g_autofree char *before = g_strdup(pattern->str);
	bool is_again = false;

	g_string_truncate(pattern, 0);
	for (const char *at = before; *at;) {
		size_t len = tag_length(at);
		const char *text;

		if (!len) {
			g_string_append_c(pattern, *at++);
			continue;
		}
		g_autofree char *name = g_strndup(at + 1, len - 2);

		text = g_hash_table_lookup(tags->texts[TAG], name);
		g_string_append(pattern, pre ? pre : "");
		if (text)
			g_string_append(pattern, text);
		else
			g_string_append_len(pattern, at, (gssize)len);
		is_again |= text && strchr(text, '<');
		g_string_append(pattern, post ? post : "");
		at += len;
		/* What goes between two tags. */
		if (inter && tag_length(at))
			g_string_append(pattern, inter);
	}
	return is_again;
}

char *replacetags_apply(const struct replacetags *tags, const char *pattern)
{
	GString *out = g_string_new(pattern);

	for (int i = 0; i < PASSES && pass(tags, out); i++)
		;
	return g_string_free(out, FALSE);
}
