/* remarks.h - what rule files say of rules beside what they are */
#ifndef CONTENT_REMARKS_H
#define CONTENT_REMARKS_H

#include "base/guard.h"

#include <glib.h>

struct remarks;

struct remarks *remarks_new(void) MUST_USE;
/* Accepts NULL. */
void remarks_free(struct remarks *remarks);

enum remarks_result {
	REMARKS_TAKEN, REMARKS_OTHER,		/* no line of ours */
	REMARKS_WRONG,				/* ours, but there is no
						 * sense in it */
};

/*
 * A line "test", "priority" or "reuse"; file lives as long as the
 * remarks. Examples are kept; no result depends on the others here, so
 * they are only read.
 */
enum remarks_result remarks_take(struct remarks *remarks, const char *file,
				 unsigned line, const char *word,
				 const char *rest);

/* An author's example: whether the rule of that name hits the text. */
struct remarks_example {
	const char *file;
	unsigned line;
	char *name;
	bool is_hit;
	char *text;
};

/* Of struct remarks_example. */
const GArray *remarks_examples(const struct remarks *remarks);

#endif
