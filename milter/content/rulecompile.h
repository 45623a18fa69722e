/* rulecompile.h - rules made of what was written of them */
#ifndef CONTENT_RULECOMPILE_H
#define CONTENT_RULECOMPILE_H

#include "content/ruledraft.h"

/* Compiles patterns, expressions and calls of all rules of the set; one of
 * which nothing can be made is turned off, and told. */
void rulecompile_all(const struct ruledrafts *drafts);

#endif
