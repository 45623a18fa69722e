/* pattern.h - Perl's regular expressions by PCRE2, within limits */
#ifndef CONTENT_PATTERN_H
#define CONTENT_PATTERN_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>

/* Compiled; read-only, any thread. */
struct pattern;

/* What stands between delimiters, "/.../i" or "m{...}x", and the
 * letters behind. NULL and the error when it is nothing of the kind.
 * Free with g_free(). */
char *pattern_strip(const char *text, char **modifiers_out, GError **error)
	MUST_USE;
/* Of bytes, not of characters. NULL and the error when PCRE2
 * does not take it. */
struct pattern *pattern_compile(const char *expression, const char *modifiers,
				GError **error) MUST_USE;
/* Written in another way, that means the same; pattern_text()
 * is the expression. */
struct pattern *pattern_compile_as(const char *expression, const char *written,
				   const char *modifiers, GError **error)
	MUST_USE;
/* Accepts NULL. */
void pattern_free(struct pattern *pattern);

enum pattern_result {
	PATTERN_NO, PATTERN_YES,
	PATTERN_CUT_OFF,	/* PCRE2's limits: nobody knows */
};

/* The first and the last place at which a match may begin; how far it goes is
 * another matter. Both are within the text, or its end. */
struct pattern_window {
	size_t from, to;
};

/* The first one. found_out may be NULL. */
enum pattern_result pattern_match_within(const struct pattern *pattern,
					 struct span text,
					 struct pattern_window window,
					 struct span *found_out);
/* From a place in the text on. */
enum pattern_result pattern_match(const struct pattern *pattern,
				  struct span text, size_t from,
				  struct span *found_out);
/* Calls back for each group with a name that took part in the match from that
 * place on, if there is one. */
typedef void pattern_group_fn(void *mydata, const char *name,
			      struct span found);
void pattern_each_group(const struct pattern *pattern, struct span text,
			size_t from, pattern_group_fn *take, void *mydata);
/* What the first group has in the match from that place on. False: nothing. */
bool pattern_first_group(const struct pattern *pattern, struct span text,
			 size_t from, struct span *found_out);
/* Whether each match begins where the search does. */
bool pattern_is_anchored(const struct pattern *pattern);
/* Whether a group has a name that begins with a capital letter. */
bool pattern_has_groups(const struct pattern *pattern);
/* How often it was cut off, in all messages since it was compiled. */
unsigned pattern_cut_offs(const struct pattern *pattern);

/* The expression and options as Hyperscan wants them. */
const char *pattern_text(const struct pattern *pattern);
bool pattern_has(const struct pattern *pattern, char modifier);

#endif
