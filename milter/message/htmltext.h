/* htmltext.h - what an HTML part says to its reader, and where it leads */
#ifndef MESSAGE_HTMLTEXT_H
#define MESSAGE_HTMLTEXT_H

#include "base/arena.h"
#include "base/span.h"
#include "message/htmlstyle.h"
#include "message/htmltags.h"

#include <glib.h>
#include <stdint.h>

#define HTMLTEXT_TAGS_MAX HTMLTAGS_MAX
#define HTMLTEXT_DEPTH_MAX 1000	/* of elements within elements */

/* One link: of a, area, link, img, frame, form and so on. */
struct html_link {
	const char *url;		/* as written, references resolved
					 * by base */
	const char *element;		/* "a" */
	const char *text;		/* of an a: what is shown for it;
					 * else NULL */
};

struct html_text {
	struct span text;		/* all of it, blocks apart by LF: hidden
					 * or not, as a rule has it */
	GArray *hidden;			/* of struct span, within text: what a
					 * reader does not see of it */
	size_t hidden_letters;		/* characters there, without blanks and
					 * what has no shape */
	GArray *links;			/* of struct html_link */
	GPtrArray *anchors;		/* of const char *: what each a shows,
					 * also one that leads nowhere */
	GPtrArray *titles;		/* of const char *: each title
					 * element */
	GPtrArray *alts;		/* of const char *: alt= and title= */
	const char *charsets;		/* that it names itself, space
					 * between */
	struct html_tags tags;		/* as written */
	struct htmlstyle_facts styles;
	size_t html_bytes;
	size_t letters;			/* bytes of the text, without blanks */
	int64_t image_area;		/* pixels, by width= and height= */
	bool has_embeds, has_mailto_form;
	bool has_faint_text;		/* colour on the same colour, see
					 * htmlstyle.h for whose view */
	bool has_invalid_colour;	/* likewise: text whose colour
					 * is none */
	bool is_cut;			/* past one of the limits */
};

/*
 * html is UTF-8 (see charset.h); what it says of its own charset is not
 * believed. Scripts, styles and comments are left out. Both html and arena live
 * as long as the result; free the rest of it with htmltext_release().
 */
struct html_text htmltext_read(struct span html, struct arena *arena);
void htmltext_release(struct html_text *text);

/* The text without what is hidden of it; in the arena, unless nothing is. */
struct span htmltext_visible(const struct html_text *text,
			     struct arena *arena);

#endif
