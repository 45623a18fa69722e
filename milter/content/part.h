/* part.h - what a part of a pattern takes, and what it needs to match */
#ifndef CONTENT_PART_H
#define CONTENT_PART_H

#include "content/charclass.h"
#include "content/literals.h"

#define PART_WIDE SIZE_MAX	/* of no known width */

/*
 * What must occur in the text if a part of a pattern is to match, at so many
 * places; it is within what the part matches, or anywhere, as what an assertion
 * looks for. The first of them begins at most so many bytes behind where the
 * match of the part does, where all bytes are seen.
 */
struct part_need {
	GArray *set;			/* NULL: nothing is known */
	unsigned times;
	bool is_within, is_before;	/* is_before: of the match, it may be */
	size_t behind;			/* PART_WIDE: nobody knows */
};

/*
 * What its matches begin with, how many bytes they take at most, and what it
 * needs. One that takes no bytes begins with an open literal of none; one of
 * which nothing is known, with a closed one.
 */
struct part {
	GArray *begins;
	size_t width;
	struct part_need need;
};

/* For all parts of a pattern. */
struct part_maker {
	enum literals_view view;
	bool is_first_asked;		/* for first bytes alone, not
					 * for needs */
	bool is_lost;			/* it is too much work */
	size_t work;
};

/* Each gives one that is to be freed; those that it is made of are taken over
 * where no const says otherwise. */
struct part *part_nothing(void) MUST_USE;
/* Of that width. */
struct part *part_anything(size_t width) MUST_USE;
/* Of no known width. */
struct part *part_of(const GArray *begins) MUST_USE;
struct part *part_of_byte(const struct part_maker *maker, uint8_t byte)
	MUST_USE;
struct part *part_of_class(const struct part_maker *maker,
			   const struct charclass *class) MUST_USE;
/* One after the other. */
struct part *part_join(struct part_maker *maker, const GPtrArray *parts)
	MUST_USE;
/* What matches any of them. */
struct part *part_unite(struct part_maker *maker, const GPtrArray *parts)
	MUST_USE;
/* That often; most is ULONG_MAX: or more often. */
struct part *part_repeat(struct part_maker *maker, struct part *one,
			 unsigned long least, unsigned long most) MUST_USE;
/* Stands ahead of where it is, or behind that, and takes no bytes. is_negated:
 * it must not be there. */
struct part *part_assert(struct part *inside, bool is_ahead, bool is_negated)
	MUST_USE;
/* What a text of the usual length costs that way, in instructions, about. */
double part_need_cost(const struct part_need *need);
/* As a destroy function. */
void part_free(gpointer part);

#endif
