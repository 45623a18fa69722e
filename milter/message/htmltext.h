/* htmltext.h - what an HTML part says to its reader, and where it leads */
#ifndef MESSAGE_HTMLTEXT_H
#define MESSAGE_HTMLTEXT_H

#include "base/arena.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

#define HTMLTEXT_TAGS_MAX 100000
#define HTMLTEXT_DEPTH_MAX 1000	/* of elements within elements */

/* One link: of a, area, link, img, frame, form and so on. */
struct html_link {
	const char *url;		/* as written, references resolved by base */
	const char *element;		/* "a" */
	const char *text;		/* of an a: what is shown for it; else NULL */
};

struct html_text {
	struct span text;		/* as a reader has it, blocks apart by LF */
	GArray *links;			/* of struct html_link */
	GHashTable *open;		/* element -> so many that were not closed;
					 * all that stand in it */
	size_t html_bytes;
	size_t letters;			/* of the text, without blanks */
	int64_t image_area;		/* pixels, by width= and height= */
	unsigned tags, closed_extra;	/* closed without being open */
	bool has_embeds, has_mailto_form;
	bool is_cut;			/* past one of the limits */
};

/*
 * html is UTF-8 (see charset.h); what it says of its own charset is ignored. Scripts,
 * styles and comments are left out. Texts live in the arena; free the rest with
 * htmltext_release().
 */
struct html_text htmltext_read(struct span html, struct arena *arena);
void htmltext_release(struct html_text *text);

#endif
