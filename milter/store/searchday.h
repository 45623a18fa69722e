/* searchday.h - what a search finds in one day */
#ifndef STORE_SEARCHDAY_H
#define STORE_SEARCHDAY_H

#include "base/arena.h"
#include "store/dayreader.h"
#include "store/queryplan.h"

#include <stdatomic.h>

/* A search on its way through the days; one thread. */
struct searching {
	const struct querymatch *match;
	uint64_t limit;			/* 0: none */
	search_take_fn *take;
	void *context;
	const atomic_bool *is_over;	/* looked at between candidates;
					 * NULL: never */
	struct search_result *result;	/* adds to it */
	struct queryplan_seen seen;
	struct queryplan_part part;	/* in hand */
	struct arena arena;		/* of the record in hand */
};
void searchday_init(struct searching *on, const struct querymatch *match,
		    search_take_fn *take, void *context,
		    struct search_result *result);
void searchday_release(struct searching *on);

/* Gives one that matches; sets result->is_cut when it was the
 * last one wanted. */
void searchday_give(struct searching *on, const struct search_hit *hit);
/* Adds what is wrong, when it was not said last. */
void searchday_note(struct searching *on, const char *problem);

/*
 * A part of a day, from its file in dir, newest record first. The index gives
 * candidates by the most telling of what is asked for; each is read and
 * compared with all of the query, since a key may be shared. That there is no
 * such file is no problem: its term was over.
 */
void searchday_run(struct searching *on, const char *dir,
		   const struct queryplan_part *part);
/* The records of a day behind the sequence, from the first. */
void searchday_follow(struct searching *on, const char *dir, int64_t day,
		      uint64_t sequence);

#endif
