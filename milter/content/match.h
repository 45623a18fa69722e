/* match.h - a message against a set of rules */
#ifndef CONTENT_MATCH_H
#define CONTENT_MATCH_H

#include "content/ruleset.h"
#include "message/transaction.h"

/* What became of each rule, by its index in the set. In the arena. */
struct matches {
	double *values;			/* 0: no hit; else how often, or a meta's */
	const char **found;		/* what matched, printable; NULL: unknown */
	double score;			/* of all that hit */
	size_t cut_off;			/* patterns that PCRE2 gave up */
	const struct rule *exploded;	/* the last of them; NULL: a redirector's */
	unsigned mime_flaws;		/* enum mime_flaw */
	bool is_html_cut;
	unsigned archive_flaws;		/* enum packed_flaw */
	const char *archive_limits;	/* those that were met, in words */
};

/* Any thread. Takes as long as the patterns need, each within PCRE2's limits. */
struct matches *match_run(const struct ruleset *set, struct transaction *tx);
/*
 * The same, and adds to nanoseconds, by index, what each rule took, and behind the
 * last rule what the texts and the pass over them took.
 */
struct matches *match_profile(const struct ruleset *set,
			      struct transaction *tx, int64_t *nanoseconds);

#endif
