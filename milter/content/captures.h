/* captures.h - what (?<NAME>...) of one rule found, for %{NAME}
 * of another one */
#ifndef CONTENT_CAPTURES_H
#define CONTENT_CAPTURES_H

#include "content/pattern.h"

/* A pattern with %{NAME} in it. Read-only, any thread. */
struct captures_user;

/* NULL: there is no %{NAME} in it, or only such with a
 * backslash before them. */
struct captures_user *captures_user_new(const char *expression,
					const char *modifiers) MUST_USE;
/* Accepts NULL. */
void captures_user_free(struct captures_user *user);
/* The expression with anything at all for each %{NAME}. Free with g_free(). */
char *captures_user_loose(const struct captures_user *user) MUST_USE;
/* Whether that matches wherever the pattern does once texts stand in it. It
 * does not within (?!...), say: there anything at all is too much. */
bool captures_user_may_filter(const struct captures_user *user);
/* Of char *. */
const GPtrArray *captures_user_names(const struct captures_user *user);

/* What was found in one message. */
struct captures;

struct captures *captures_new(void) MUST_USE;
void captures_free(struct captures *captures);
/*
 * What the pattern's groups with names have of its match from that
 * place on. Empty texts are left out, and those that are too long or
 * too many for one name.
 */
void captures_take(struct captures *captures, const struct pattern *pattern,
		   struct span text, size_t from);
/* The user's pattern with any of the texts, as they are, for each %{NAME}; it
 * belongs to captures. NULL: there are none for a name. */
const struct pattern *captures_fill(struct captures *captures,
				    const struct captures_user *user);

#endif
