/* matches.h - what became of each rule with one message */
#ifndef CONTENT_MATCHES_H
#define CONTENT_MATCHES_H

#include "content/ruleset.h"

#include "base/arena.h"

/* Where a rule hit first: in the text, if it looks at one; found.ptr is NULL
 * where nothing in it was found. */
struct match_place {
	struct span text, found;
	const char *said;		/* by a function; NULL: nothing */
};

/* What became of each rule, by its index in the set. In the arena. */
struct matches {
	double *values;			/* 0: no hit; else how often, or
					 * a meta's */
	const struct match_place **places;	/* NULL: no hit */
	double score;			/* of all that hit */
	size_t cut_off;			/* patterns that PCRE2 gave up */
	const struct rule *exploded;	/* the last of them; NULL: a
					 * redirector's */
	unsigned mime_flaws;		/* enum mime_flaw */
	bool is_html_cut;
	unsigned archive_flaws;		/* enum packed_flaw */
	const char *archive_limits;	/* those that were met, in words */
};

struct matches *matches_new(guint rules, struct arena *arena);
/* One hit more of the rule at that index; of the first one is
 * kept where it was. */
void matches_hit(struct matches *matches, guint index,
		 const struct match_place *where, struct arena *arena);
/* Whether it did. */
bool matches_is_hit(const struct matches *matches, const struct rule *rule);
/* The first rule from that index on that did; *index becomes
 * its own. NULL: none. */
const struct rule *matches_next(const struct matches *matches,
				const struct ruleset *set, guint *index);
/* Where; of a meta, and where there was no hit, nowhere. */
struct match_place matches_where(const struct matches *matches,
				 const struct rule *rule);
/* What was found, printable ASCII, cut; NULL: nothing is known
 * of it. In the arena. */
const char *matches_found(const struct matches *matches,
			  const struct rule *rule, struct arena *arena);

#endif
