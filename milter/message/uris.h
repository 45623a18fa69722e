/* uris.h - where a message leads: URIs of its text and its HTML, made plain */
#ifndef MESSAGE_URIS_H
#define MESSAGE_URIS_H

#include "message/bodytext.h"

#define URIS_MAX 10000		/* of one message */

struct uri {
	const char *text;
	const char *written;		/* what it was made of */
	bool is_text;			/* that stands in what is read,
					 * no link */
	const char *host;		/* lower case, A-labels; NULL: none */
	const char *organisation;	/* its registrable domain; NULL
					 * likewise */
	bool is_cut;			/* the rest was longer than any
					 * that works */
};

/* The part of a redirector's URI that says where it leads to; NULL: it is
 * none. Freed with g_free(). Of the URI the host is in A-labels, and
 * there is no user name. */
typedef char *uri_target_fn(void *mydata, const char *uri);

struct uri_redirects {
	uri_target_fn *target;
	void *mydata;
};

/*
 * Each as it was written, and beside it, where that is another one, as what it
 * means: escapes and entities undone, hosts in A-labels, numbers as dotted
 * addresses, user names left out, targets of redirectors on their own: those
 * that redirects (may be NULL) knows, and what stands within a URI. Once each;
 * the array is of struct uri, texts in the arena of the text's mime.
 */
GArray *uris_collect(const struct settings *settings,
		     const struct bodytext *text,
		     const struct uri_redirects *redirects) MUST_USE;

#endif
