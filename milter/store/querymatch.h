/* querymatch.h - whether a record is what a search asks for */
#ifndef STORE_QUERYMATCH_H
#define STORE_QUERYMATCH_H

#include "store/search.h"

/* An address that is looked for: all of one, "@domain", or of a local-part that
 * begins so: "news*@example.net", "news*@", "news*". Borrowed from the text. */
struct address_wanted {
	struct span whole;	/* empty: see below */
	struct span local;	/* what it begins with; may be empty */
	struct span domain;	/* empty: any */
};
struct address_wanted querymatch_address(const char *text) MUST_USE;

/* What of a query has to be made ready but once. */
struct querymatch {
	const struct search_query *query;
	struct address_wanted sender, recipient;
	struct span message_id;		/* as records have it */
	GArray *subject_words;		/* uint64_t; NULL: any subject */
};
/* The query is borrowed until querymatch_release(). */
void querymatch_init(struct querymatch *match,
		     const struct search_query *query);
void querymatch_release(struct querymatch *match);

/* Pure. */
bool querymatch_is(const struct querymatch *match,
		   const Reeve__Record *record) MUST_USE;
bool querymatch_is_address(struct span address,
			   const struct address_wanted *wanted) MUST_USE;
/* Whether it is a recipient that the query asks for. */
bool querymatch_is_recipient(const struct querymatch *match,
			     const Reeve__Recipient *rcpt) MUST_USE;

#endif
