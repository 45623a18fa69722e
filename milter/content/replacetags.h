/* replacetags.h - <A> in a pattern stands for all that looks like an A */
#ifndef CONTENT_REPLACETAGS_H
#define CONTENT_REPLACETAGS_H

#include "base/guard.h"

#include <glib.h>

/* What replace_tag, replace_pre, replace_inter and replace_post have named. */
struct replacetags;

struct replacetags *replacetags_new(void) MUST_USE;
/* Accepts NULL. */
void replacetags_free(struct replacetags *tags);
/* keyword: one of those; rest: "NAME text". False: no such
 * keyword, or no text. */
bool replacetags_add(struct replacetags *tags, const char *keyword,
		     const char *rest);
/* A pattern with its tags put in. Free with g_free(). */
char *replacetags_apply(const struct replacetags *tags, const char *pattern)
	MUST_USE;
/*
 * The same in less room, for PCRE2, which takes no more than 64 KiB: the text
 * of each tag stands once, at the begin, and is called by name where the tag
 * was. A text of up to short_bytes is put in, since calls take time. NULL: it
 * would not mean the same. Free with g_free().
 */
char *replacetags_fold(const struct replacetags *tags, const char *pattern,
		       size_t short_bytes) MUST_USE;

#endif
