/* noticetext.h - a letter as its template has it: lines with {variables} */
#ifndef CASES_NOTICETEXT_H
#define CASES_NOTICETEXT_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>

enum notice_variable {
	NOTICE_ABOUT,			/* account alice */
	NOTICE_BY,			/* until when to act */
	NOTICE_CASE, NOTICE_CONTACT, NOTICE_DATE, NOTICE_DESK,
	NOTICE_FINDINGS,		/* lines */
	NOTICE_INCIDENTS, NOTICE_KIND, NOTICE_NAME, NOTICE_OPENED,
	NOTICE_REMARK,			/* lines, by an operator */
	NOTICE_SAMPLES,			/* blocks of lines */
	NOTICE_UNTIL,			/* of the watch or the suspension */
	NOTICE_WARNED,			/* when the warning was sent */
	NOTICE_VARIABLES
};

/* "about" and so on. */
const char *notice_variable_word(enum notice_variable variable);

#define NOTICETEXT_BYTES_MAX ((size_t)64 << 10)
#define NOTICETEXT_LINE_MAX 900		/* bytes; RFC 5322, 2.1.1, has 998 */

/*
 * Comments (#), "Subject: ...", an empty line, and the letter. {case} is a
 * variable; {{ and }} are braces. A line all of whose variables are empty is
 * left out, and so is a paragraph; one that is wider than 78 columns once it is
 * filled in is broken at blanks, and the next one goes on behind what is left
 * of it.
 */
struct noticetext;

/* name stands for the file in errors, which are
 * "name:line: what". Pure; free it. */
struct noticetext *noticetext_parse(const char *name, struct span bytes,
				    GError **error) MUST_USE;
void noticetext_free(struct noticetext *text);

/* values: UTF-8, none is NULL; those of several lines stand as deep as their
 * variable. The subject is one line. Pure. */
void noticetext_fill(const struct noticetext *text,
		     const char *const values[NOTICE_VARIABLES],
		     GString *subject_out, GString *body_out);

#endif
