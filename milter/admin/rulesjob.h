/* rulesjob.h - which rules a verb of reevectl rules looks at */
#ifndef ADMIN_RULESJOB_H
#define ADMIN_RULESJOB_H

#include "admin/admin.h"

struct keywordset;
struct ruleset;

struct rulesjob {
	struct admin *admin;
	const struct command *self;
	char **globs;			/* --rules; NULL: those of the
					 * settings */
	bool is_matched;		/* messages will be matched */
	struct ruleset *own;		/* read for --rules */
	const struct ruleset *set;
	const struct keywordset *keywords;	/* NULL: with rules of
						 * its own */
};

/* --rules. */
GOptionEntry rulesjob_option(struct rulesjob *job);
/* Reads settings and rules. Exit status; or the message is out. */
int rulesjob_read(struct rulesjob *job) MUST_USE;
/* Also of one that was not read. */
void rulesjob_end(struct rulesjob *job);

#endif
