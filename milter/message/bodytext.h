/* bodytext.h - a message's text in the forms in which rules look at it */
#ifndef MESSAGE_BODYTEXT_H
#define MESSAGE_BODYTEXT_H

#include "message/htmltext.h"
#include "message/mime.h"

/* What a leaf says, before lines are made of it: in UTF-8, HTML
 * as a reader has it. */
struct rendered {
	const struct mime_part *part;
	struct span text;
	guint page;			/* index + 1 among the pages;
					 * 0: plain */
};

/* Spans are in the arena of the message's mime; arrays are of struct span. */
struct bodytext {
	struct mime *mime;
	GArray *lines;			/* as a reader has it: the subject, then
					 * a paragraph each, in UTF-8 */
	GArray *raw;			/* text parts decoded, in pieces, in
					 * their own charset, HTML as it is */
	GArray *pages;			/* of struct html_text: the
					 * HTML parts */
	GArray *rendered;		/* of struct rendered: all text parts */
	bool is_html_cut;
};

/* subject is decoded. mime is borrowed. */
struct bodytext *bodytext_make(struct mime *mime, const char *subject);
void bodytext_free(struct bodytext *text);

#endif
