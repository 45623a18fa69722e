/* candidates.h - in which of a message's texts a rule's pattern may match */
#ifndef CONTENT_CANDIDATES_H
#define CONTENT_CANDIDATES_H

#include "base/arena.h"
#include "content/ruleset.h"

struct candidates;

/*
 * Looks at each text once, whatever the number of rules. texts (of struct span,
 * in an arena; NULL: none of that kind) is borrowed; of header rules they are
 * the values of the set's specs, empty where there is none. Free with
 * candidates_free().
 */
struct candidates *candidates_new(const struct ruleset *set,
				  const GArray *const texts[RULE_KINDS],
				  struct arena *arena);
void candidates_free(struct candidates *candidates);

/* Those of the filters' rules (const struct rule *) that may match, each
 * once. NULL: all may. */
const GPtrArray *candidates_rules(const struct candidates *candidates);
/*
 * The next window in which a match of the rule may begin: texts in their
 * order, windows of one as they follow each other. *at is 0 at first. False:
 * there is none, or no more.
 */
bool candidates_next(const struct candidates *candidates,
		     const struct rule *rule, guint *at, guint *text_out,
		     struct pattern_window *window_out);

#endif
