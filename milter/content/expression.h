/* expression.h - sums and logic over the hits of other rules: meta rules */
#ifndef CONTENT_EXPRESSION_H
#define CONTENT_EXPRESSION_H

#include "base/guard.h"

#include <glib.h>

/*
 * An expression of names and numbers: ! - * / % + - < <= > >= == != &&
 * || ? : and parentheses, as in Perl. rules_matching(GLOB) is the sum of
 * all whose names fit.
 */
struct expression;

/* NULL and the error when it is none. */
struct expression *expression_parse(const char *text, GError **error) MUST_USE;
/* Accepts NULL. */
void expression_free(struct expression *expression);

/* The names in it, each as often as it stands there; a glob has
 * a '*' or '?'. */
const GPtrArray *expression_names(const struct expression *expression);
/* What a name stands for, by its place in expression_names(): rules' indexes,
 * to be summed up. Taken over; none: it is worth 0. */
void expression_bind(struct expression *expression, guint name,
		     GArray *indexes);
/* That again; NULL: none. */
const GArray *expression_bound(const struct expression *expression,
			       guint name);

#endif
