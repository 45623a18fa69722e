/* taglist.h - tag=value lists (RFC 6376, 3.2), as DKIM, DMARC and ARC have */
#ifndef SENDER_TAGLIST_H
#define SENDER_TAGLIST_H

#include "base/arena.h"
#include "base/span.h"

#define TAGLIST_MAX 64		/* tags of one list; more is no list */

struct tag {
	struct span name, value;	/* without the white space around */
};

/* Spans point into the text. */
struct taglist {
	struct tag tags[TAGLIST_MAX];
	size_t count;
};

/* Pure. False when it is none: no =, a bad name, a tag twice, too many. */
bool taglist_parse(struct span text, struct taglist *list_out) MUST_USE;
/* The same, but passes over what is wrong, and over a tag's second coming:
 * DMARC wants it so (RFC 7489, 6.3). */
void taglist_parse_loosely(struct span text, struct taglist *list_out);
/* Names are compared with case. NULL when it is not there. */
const struct span *taglist_find(const struct taglist *list, const char *name);
/* The value without any white space inside, in the arena; NULL likewise. */
const char *taglist_packed(const struct taglist *list, const char *name,
			   struct arena *arena);
/* The value as it stands, trimmed, in the arena; NULL likewise. */
const char *taglist_text(const struct taglist *list, const char *name,
			 struct arena *arena);
/* False when it is not there or no number of up to 12 digits. */
bool taglist_number(const struct taglist *list, const char *name,
		    int64_t *number_out) MUST_USE;
/* Whether the value, words separated by the separator, has that word. */
bool taglist_has_word(struct span value, char separator, const char *word);

#endif
