/* bodytext.h - a message's text in the forms in which rules look at it */
#ifndef MESSAGE_BODYTEXT_H
#define MESSAGE_BODYTEXT_H

#include "message/htmltext.h"
#include "message/mime.h"

/* Spans are in the arena of the message's mime; arrays are of struct span. */
struct bodytext {
	struct mime *mime;
	GArray *lines;			/* as a reader has it: the subject, then
					 * a paragraph each, in UTF-8 */
	GArray *raw;			/* text parts decoded, in pieces, in their
					 * own charset, HTML as it is */
	GArray *pages;			/* of struct html_text: the HTML parts */
	bool is_html_cut;
};

/* subject is decoded. mime is borrowed. */
struct bodytext *bodytext_make(struct mime *mime, const char *subject);
void bodytext_free(struct bodytext *text);

#endif
