/* match.h - a message against a set of rules */
#ifndef CONTENT_MATCH_H
#define CONTENT_MATCH_H

#include "content/ruleset.h"
#include "message/transaction.h"

/* Where a rule hit first: in the text, if it looks at one; found.ptr is NULL where
 * nothing in it was found. */
struct match_place {
	struct span text, found;
	const char *said;		/* by a function; NULL: nothing */
};

/* What became of each rule, by its index in the set. In the arena. */
struct matches {
	double *values;			/* 0: no hit; else how often, or a meta's */
	const struct match_place **places;	/* NULL: no hit */
	double score;			/* of all that hit */
	size_t cut_off;			/* patterns that PCRE2 gave up */
	const struct rule *exploded;	/* the last of them; NULL: a redirector's */
	unsigned mime_flaws;		/* enum mime_flaw */
	bool is_html_cut;
	unsigned archive_flaws;		/* enum packed_flaw */
	const char *archive_limits;	/* those that were met, in words */
};

/* Tells the transaction which redirectors the rules know, before anybody asks for its
 * URIs; match_run() does so else. */
void match_begin(const struct ruleset *set, struct transaction *tx);
/* Any thread. Takes as long as the patterns need, each within PCRE2's limits. */
struct matches *match_run(const struct ruleset *set, struct transaction *tx);
/* The same for all rules but those whose names begin with "__": of these, run are those
 * on which another one hangs. */
struct matches *match_needed(const struct ruleset *set, struct transaction *tx);
/* Whether it did. */
bool match_is_hit(const struct matches *matches, const struct rule *rule);
/* The first rule from that index on that did; *index becomes its own. NULL: none. */
const struct rule *match_next_hit(const struct matches *matches,
				  const struct ruleset *set, guint *index);
/* Where; of a meta, and where there was no hit, nowhere. */
struct match_place match_where(const struct matches *matches,
			       const struct rule *rule);
/* What was found, printable ASCII, cut; NULL: nothing is known of it. In the arena. */
const char *match_found(const struct matches *matches, const struct rule *rule,
			struct arena *arena);
/*
 * The same as match_needed(), and adds to nanoseconds, by index, what each rule took, and behind the
 * last rule what the texts and the pass over them took.
 */
struct matches *match_profile(const struct ruleset *set,
			      struct transaction *tx, int64_t *nanoseconds);

#endif
