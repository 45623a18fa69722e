/* rulebind.h - rules that need others: metas, and patterns with %{NAME} */
#ifndef CONTENT_RULEBIND_H
#define CONTENT_RULEBIND_H

#include "content/ruleset.h"

struct remarks;

/* Once all rules of the set are compiled: binds names, puts metas in order,
 * turns off what is not wanted. */
void rulebind_all(struct ruleset *set);
/* Tells of each example that is not as its author says. */
void rulebind_try(struct ruleset *set, const struct remarks *remarks);

#endif
