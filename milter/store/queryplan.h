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

/*
 * Every condition that has keys is counted, the rarest in general first. The index
 * is asked for what few records have; what many have is left for the look at those.
 * postings_out is the caller's, NULL but for QUERYPLAN_POSTINGS. day is the
 * reader's (days since 1970), facts its segment's.
 */
enum queryplan_way queryplan_make(const struct querymatch *match,
				  struct dayreader *reader,
				  const struct segment_facts *facts,
				  int64_t day,
				  struct postings **postings_out) MUST_USE;

#endif
