/* htmltags.h - the tags of HTML as they are written, whatever a
 * browser makes of them */
#ifndef MESSAGE_HTMLTAGS_H
#define MESSAGE_HTMLTAGS_H

#include "base/arena.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

#define HTMLTAGS_MAX 100000
#define HTMLTAGS_COMMENTS_MAX 10000

/* Of one name. */
struct html_kind {
	const char *name;		/* lower case */
	unsigned open;			/* opened and not closed */
	bool is_known;			/* HTML 4 or XHTML 1 has it */
	bool is_blank;			/* white space is seen for it */
};

struct html_tags {
	GHashTable *kinds;		/* name -> struct html_kind *: all
					 * there are */
	GArray *comments;		/* of struct span, "<!" and ">"
					 * included */
	unsigned tags, known;		/* known: of elements that are
					 * in HTML */
	unsigned first_tags, first_known;	/* where none like it is open */
	unsigned closed_extra;		/* closed without being open */
	unsigned broken_words;		/* a tag or comment between two
					 * letters */
	uint64_t splits;		/* ways to break a word: a bit each */
	bool is_cut;			/* more than HTMLTAGS_MAX */
};

/*
 * What libxml2 would stop at. Bytes of zero, which end a document for it, or
 * make it UTF-16, and which no browser minds: within tags it takes them for an
 * odd character (U+FFFD), so that no name is whole again, and drops them
 * elsewhere. And comments that are never closed, which end at ">" here, so that
 * nobody hides a text behind one. In the arena where something was mended, else
 * as it is.
 */
struct span htmltags_mend(struct span html, struct arena *arena);

/* One pass over html, UTF-8, which must live as long as the result, as must
 * arena. Free with htmltags_release(). */
void htmltags_read(struct html_tags *out, struct span html,
		   struct arena *arena);
void htmltags_release(struct html_tags *tags);

/* NULL: there is none. */
const struct html_kind *htmltags_find(const struct html_tags *tags,
				      const char *name);
/* In how many ways a word of up to 7 letters is broken up. */
unsigned htmltags_splits(const struct html_tags *tags);

#endif
