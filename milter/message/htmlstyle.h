/* htmlstyle.h - how text in HTML looks, as far as whether it can be seen */
#ifndef MESSAGE_HTMLSTYLE_H
#define MESSAGE_HTMLSTYLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What an element hands on to those within it. There are two views of colour.
 * The first is SpamAssassin's, which rules count on: attributes of some
 * elements only, no bgcolor=, no images. The other is the reader's: all that is
 * written in the element itself. Style sheets are read by neither.
 */
struct htmlstyle {
	int32_t text, ground;		/* colours, or HTMLCOLOUR_INVALID */
	int32_t seen_text, seen_ground;	/* likewise; ground -1: an image */
	double pixels;			/* of the font's height */
	int size;			/* as <font size=> has it */
	bool is_gone;			/* no element within can be seen */
	bool is_invisible;		/* visibility: */
	bool is_clear;			/* text that has no colour */
};

/* What is found out on the way. */
struct htmlstyle_facts {
	int base_size;			/* of <basefont>; 3 at first */
	int least_size, most_size;	/* 3 at first */
	bool has_bad_face;		/* a font whose name is no name */
};

void htmlstyle_init(struct htmlstyle *style, struct htmlstyle_facts *facts);
/* style begins as a copy of the parent's. attributes: names and values by
 * turns, a NULL at the end; NULL: none. */
void htmlstyle_enter(struct htmlstyle *style, struct htmlstyle_facts *facts,
		     const char *element, const char *const *attributes);

/* To a reader. */
bool htmlstyle_is_hidden(const struct htmlstyle *style);
/* By the first view. */
bool htmlstyle_is_faint(const struct htmlstyle *style);
bool htmlstyle_is_invalid(const struct htmlstyle *style);

#endif
