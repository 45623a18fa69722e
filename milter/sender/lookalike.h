/* lookalike.h - domains that are made to be taken for one of ours */
#ifndef SENDER_LOOKALIKE_H
#define SENDER_LOOKALIKE_H

#include "base/guard.h"

#include <glib.h>

enum lookalike {
	LOOKALIKE_NONE,
	LOOKALIKE_CONFUSABLE,	/* the same to the eye (UTS #39, 4) */
	LOOKALIKE_EDIT,		/* one letter more, less, other or swapped */
	LOOKALIKE_LABEL,	/* our name as a label of another's domain */
};

/* The domains to protect. Read-only once filled; any number of threads. */
struct lookalikes;

struct lookalikes *lookalikes_new(void) MUST_USE;
/* Accepts NULL. */
void lookalikes_free(struct lookalikes *all);
/* A domain, A- or U-labels; a dot in front means nothing. Error
 * when it is none. */
bool lookalikes_add(struct lookalikes *all, const char *domain,
		    GError **error) MUST_USE;

/*
 * What a domain (A-labels, lower case) is to one of them, and to which
 * (*ours_out, theirs, A-labels). organisation is its registrable part. One of
 * the protected domains, or below one, is no look-alike. Names of under five
 * letters are too common to say anything by one edit or as a label.
 */
enum lookalike lookalikes_find(const struct lookalikes *all,
			       const char *domain, const char *organisation,
			       const char **ours_out);

/* Text as the eye sees it: the skeleton of its lower-case form, without white
 * space; free it. NULL when it is no UTF-8. */
char *lookalike_skeleton(const char *text);

#endif
