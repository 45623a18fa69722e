/* literals.h - what must occur in each text that a pattern matches */
#ifndef CONTENT_LITERALS_H
#define CONTENT_LITERALS_H

#include "content/literalset.h"

/* Which bytes of a text count. */
#define LITERALS_FAR SIZE_MAX

enum literals_view {
	LITERALS_PLAIN,			/* all */
	LITERALS_BARE,			/* letters and digits of ASCII: all
					 * others are taken out, so that
					 * "f-r e.e" is "free" */
	LITERALS_ONCE,			/* these, and all above ASCII as one,
					 * 0x80; of the same in a row one:
					 * "f-rr\xe9e" is "fr\x80e" */
	LITERALS_VIEWS
};

/*
 * Of what must occur. There are at least so many places at which one ends; the
 * first byte of one is at most reach bytes behind where the match begins, but
 * not before, unless is_anywhere.
 */
struct literals_facts {
	unsigned times;
	size_t reach;			/* LITERALS_FAR: nobody knows */
	bool is_anywhere;
	double cost;			/* to look for them, and for matches
					 * where they are; to be compared */
};

/*
 * Reads a pattern as PCRE2 does, of bytes and not of characters, and finds a
 * set of which at least one, whatever the case of its ASCII letters, is in each
 * text that the pattern matches, when the text is seen so; that which is rarest
 * in mail, as far as it can tell, and least far from where the match begins.
 * NULL: it knows of none, which is also the answer to all that it does not know
 * well. is_extended: the option x. What is no pattern at all for PCRE2 may get
 * any answer. Takes time and memory in proportion to the pattern, within
 * limits. Free with g_array_unref().
 */
GArray *literals_find(const char *pattern, bool is_extended,
		      enum literals_view view,
		      struct literals_facts *facts_out)
	MUST_USE;

enum literals_place {
	LITERALS_GROUP,			/* what is within a group's
					 * parentheses */
	LITERALS_CALL,			/* "(?&name)", the whole of it */
};

/* start and end in the pattern; what any match of that begins with, of which
 * only the first byte is certain. */
typedef void literals_group_fn(void *mydata, enum literals_place place,
			       const char *start, const char *end,
			       const GArray *begins);
/* Calls back for each group of a pattern, inner ones before those around them,
 * but for assertions, conditions and (?|...), and for calls of groups before
 * them. False: it does not know all of the pattern; what it told by then is to
 * be forgotten. */
bool literals_each_group(const char *pattern, bool is_extended,
			 literals_group_fn *on_group, void *mydata) MUST_USE;

#endif
