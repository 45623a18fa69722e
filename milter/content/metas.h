/* metas.h - meta rules, worked out as far as what is known of others allows */
#ifndef CONTENT_METAS_H
#define CONTENT_METAS_H

#include "content/ruleset.h"

#include "base/guard.h"

/*
 * A rule whose name begins with "__" counts in metas alone. Most of them could
 * hit, and would change nothing: what else their metas ask for is not there. So
 * those with patterns that are no header's, which take the time, wait
 * (is_deferred) until a meta hangs on them; what a meta may be worth by then is
 * a range. The price: what nobody asked for stays unknown, and which rules run
 * is another matter for each message. All do where somebody wants to see them.
 */
struct metas;

/* Says of each rule of the set whether it is deferred. The set is borrowed. */
struct metas *metas_new(struct ruleset *set) MUST_USE;
/* Accepts NULL. */
void metas_free(struct metas *metas);
/* To be called when it was said, or said anew, of each rule
 * whether it is filtered. */
void metas_begin_anew(struct metas *metas);

/* What is known of one message. Each rule that is not deferred
 * counts as not hit, until it is told; a deferred one that is
 * filtered, too; others are open. */
struct metas_run;

/* Any thread; ends with metas_end(), before the metas do. */
struct metas_run *metas_begin(const struct metas *metas) MUST_USE;
void metas_end(struct metas_run *run);
/* What the rule is worth. */
void metas_tell(struct metas_run *run, guint index, double value);
/* That it may hit. */
void metas_doubt(struct metas_run *run, guint index);

/* Finds out what an open rule is worth. */
typedef double metas_ask_fn(void *mydata, guint index);
/*
 * Gives the metas what they are worth in values, by index, where there is 0 at
 * first: those that do not begin with "__" all, others as far as it is known.
 * Asks for what is needed for that, or, is_all, for all that is open.
 */
void metas_work_out(struct metas_run *run, bool is_all, metas_ask_fn *ask,
		    void *mydata, double *values);

#endif
