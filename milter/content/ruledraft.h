/* ruledraft.h - what the lines of rule files say of rules,
 * before all are read */
#ifndef CONTENT_RULEDRAFT_H
#define CONTENT_RULEDRAFT_H

#include "content/ruleset.h"

struct remarks;
struct replacetags;

/* What a rule says before all files are read. */
struct ruledraft {
	char *text;			/* behind the name */
	bool is_replaced;		/* replace_rules names it */
	bool is_net;			/* tflags net */
	bool is_detail;			/* uri_detail */
};

struct ruledrafts {
	struct ruleset *set;
	struct remarks *remarks;
	struct replacetags *tags;
	GHashTable *drafts;		/* struct rule * -> struct
					 * ruledraft * */
};

/* For a set, which is borrowed. */
void ruledraft_init(struct ruledrafts *drafts, struct ruleset *set);
void ruledraft_release(struct ruledrafts *drafts);

/* Puts the rules of a file, and what it says of others, into the set. False and
 * the error: the file cannot be read. */
bool ruledraft_read(struct ruledrafts *drafts, const char *file,
		     GError **error) MUST_USE;

#endif
