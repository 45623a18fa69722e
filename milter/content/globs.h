/* globs.h - a set of texts and of patterns with * and ? */
#ifndef CONTENT_GLOBS_H
#define CONTENT_GLOBS_H

#include "base/guard.h"

#include <glib.h>

struct globs;

struct globs *globs_new(void) MUST_USE;
/* Accepts NULL. */
void globs_free(struct globs *globs);

/* What it is compared with is in lower case; text is put so here. */
void globs_add(struct globs *globs, const char *text);
void globs_remove(struct globs *globs, const char *text);
bool globs_is_empty(const struct globs *globs);

/* What has no * or ? is looked up; only the others are tried one by one. NULL
 * has nothing in it. Any thread, once all is added. */
bool globs_has(const struct globs *globs, const char *text);
/* As it, but * stops at a dot. */
bool globs_has_domain(const struct globs *globs, const char *domain);

/* * is any text, ? any one byte, but for the byte stop (0: none); the whole
 * text must fit. In so many steps as the product of both lengths, at most. */
bool globs_fits(const char *glob, const char *text, char stop);

#endif
