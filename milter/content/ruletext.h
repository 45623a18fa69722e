/* ruletext.h - rule files as lines: comments, conditions, includes */
#ifndef CONTENT_RULETEXT_H
#define CONTENT_RULETEXT_H

#include "base/guard.h"

#include <glib.h>

/* A line that holds: its first word, and the rest without blanks around. */
typedef void ruletext_line_fn(void *mydata, const char *file, unsigned line,
			      const char *word, char *rest);
/* Something is wrong with a line. */
typedef void ruletext_wrong_fn(void *mydata, const char *file, unsigned line,
			       const char *what);

/* A file is about to be included. */
typedef void ruletext_include_fn(void *mydata, const char *path);

struct ruletext {
	ruletext_line_fn *on_line;
	ruletext_wrong_fn *on_wrong;
	ruletext_include_fn *on_include;
	void *mydata;
};

/* Calls back for each line outside of a condition that is false, and for those
 * of included files. file must live as long as the callbacks want it. */
bool ruletext_read(const struct ruletext *reader, const char *file,
		   GError **error) MUST_USE;

/* Whether a condition holds ("plugin(X) && version >=
 * 4"); NULL error: it does. */
bool ruletext_condition(const char *text, bool *holds_out, GError **error)
	MUST_USE;

#endif
