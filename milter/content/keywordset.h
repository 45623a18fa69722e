/* keywordset.h - the phrases of all keyword lists, ready to be found */
#ifndef CONTENT_KEYWORDSET_H
#define CONTENT_KEYWORDSET_H

#include "base/span.h"
#include "content/keywordtext.h"

#include <glib.h>

#define KEYWORDSET_LINE_MAX 500			/* bytes of a phrase */
#define KEYWORDSET_FILE_MAX ((gsize)64 << 20)	/* bytes of a file */
#define KEYWORDSET_SHOWN 3			/* phrases told of a list */

struct keywordset;

struct keyword_phrase {
	const char *text;		/* as written */
	const char *file;
	unsigned line;
	guint list;			/* its index */
};

/*
 * Reads the files of all lists: an array of GPtrArray *, each of file names. A
 * line is a phrase, in UTF-8; blanks at its ends are dropped, empty lines and
 * those that begin with # passed over. NULL and the error, "file:line: what":
 * bytes that are no UTF-8, a line that is too long or in which no letter is,
 * more than AUTOMATON_SYMBOLS_MAX letters in all.
 */
struct keywordset *keywordset_load(const GPtrArray *lists, bool is_simplified,
				   GError **error) MUST_USE;
/* Accepts NULL. */
void keywordset_free(struct keywordset *set);

guint keywordset_phrases(const struct keywordset *set, guint list);
/* Bytes held. */
size_t keywordset_bytes(const struct keywordset *set);

/* What was found of one list: the first phrases, each once. */
struct keyword_hits {
	const struct keyword_phrase *phrases[KEYWORDSET_SHOWN];
	unsigned places[KEYWORDSET_SHOWN];	/* as given to
						 * keywordset_scan() */
	guint count;
};

/*
 * Adds what is in a text to the hits, one struct a list. text is for scanning
 * alone (see keywordset_text()). Any thread, with a text each. Takes time in
 * proportion to the text, however many phrases there are, and memory for a
 * piece of it at a time. False: there is nothing more to be found, all hits are
 * full.
 */
bool keywordset_scan(const struct keywordset *set, struct keywordtext *text,
		     struct span utf8, unsigned place,
		     struct keyword_hits *hits);
/* A text for the set; free with keywordtext_free(). */
struct keywordtext *keywordset_text(const struct keywordset *set) MUST_USE;

#endif
