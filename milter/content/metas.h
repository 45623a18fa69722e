/* metas.h - meta rules, each worked out only when what it needs has changed */
#ifndef CONTENT_METAS_H
#define CONTENT_METAS_H

#include "base/arena.h"

#include <glib.h>

struct metas;

/* ordered holds struct rule *, each after those that it needs; borrowed, as is what
 * is in it. rule_count is that of the whole set. */
struct metas *metas_new(const GPtrArray *ordered, guint rule_count);
/* Accepts NULL. */
void metas_free(struct metas *metas);

/* What each rule of the set is worth, by its index, when no pattern has hit. */
const double *metas_at_rest(const struct metas *metas);
/* values are those at rest, but for the rules whose indexes stand in hits (of guint):
 * gives the metas theirs. */
void metas_work_out(const struct metas *metas, const GArray *hits,
		    double *values, struct arena *arena);

#endif
