/* explain.h - why a rule hit, in words */
#ifndef CONTENT_EXPLAIN_H
#define CONTENT_EXPLAIN_H

#include "content/match.h"

/*
 * "body: the text before >>what matched<< the text behind (2
 * times)"; of a meta those of its rules that hit, of a function the call, and
 * what it found where it says. In the arena, a few hundred bytes, UTF-8 that
 * steers no terminal.
 */
const char *explain_hit(const struct ruleset *set,
			const struct matches *matches,
			const struct rule *rule, struct arena *arena);
/* What the rule's author says of it, as fit to be shown; NULL: nothing. */
const char *explain_meaning(const struct rule *rule, struct arena *arena);

#endif
