/* queryplan.h - which keys of a day's index answer a search */
#ifndef STORE_QUERYPLAN_H
#define STORE_QUERYPLAN_H

#include "store/postings.h"
#include "store/querymatch.h"

enum queryplan_way {
	QUERYPLAN_NOTHING,	/* the index says that the day has none */
	QUERYPLAN_POSTINGS,	/* candidates, to be looked at */
	QUERYPLAN_ALL,		/* look at all of the day */
};

struct queryplan {
	enum queryplan_way way;
	struct dayreader_bounds bounds;	/* sequences that can be meant */
	struct postings *postings;	/* of QUERYPLAN_POSTINGS, within them */
};

/* How many records had the keys of a search in the first day that was
 * looked at; zeroed, nothing is known yet. Days are alike, so in others the
 * rarest are asked first. */
#define QUERYPLAN_SEEN_MAX 32
struct queryplan_seen {
	struct {
		struct record_key key;
		uint64_t count;
	} of[QUERYPLAN_SEEN_MAX];
	size_t count;
};

/* Of a day what one look is about. */
struct queryplan_part {
	int64_t day;			/* days since 1970 */
	struct dayreader_bounds within;	/* its sequences; all: 0 to
					 * UINT64_MAX */
};

/* Whether a part of a day costs but a part of what the day costs: then only
 * keys that must agree are asked for, and no range. */
bool queryplan_is_divisible(const struct querymatch *match);

/*
 * Conditions that have keys are counted, the rarest in general first, or those
 * that were in seen, until next to no record is likely to have them all. The
 * index is asked for what few records have; what many have is left for the look
 * at those. Times only tell between which sequences to look. facts are of the
 * reader's segment.
 */
struct queryplan queryplan_make(const struct querymatch *match,
				struct dayreader *reader,
				const struct segment_facts *facts,
				const struct queryplan_part *part,
				struct queryplan_seen *seen) MUST_USE;
void queryplan_release(struct queryplan *plan);

#endif
