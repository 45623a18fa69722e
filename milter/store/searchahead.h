/* searchahead.h - searches several days, and parts of one, at once */
#ifndef STORE_SEARCHAHEAD_H
#define STORE_SEARCHAHEAD_H

#include "store/searchday.h"

/* More results are not kept in memory until their turn comes. */
#define SEARCHAHEAD_LIMIT 1000

/*
 * Does a search that has a limit, SEARCHAHEAD_LIMIT at most, through parts (of
 * struct queryplan_part, newest first) in dir. Threads look at the next ones
 * while the records of one are given: at two, then more the longer it lasts,
 * since a disk answers many as fast as one. What is given, in which order, is
 * what searchday_run() would have, part by part; take is called in the caller's
 * thread.
 */
void searchahead_run(struct searching *on, const char *dir,
		     const GArray *parts);

#endif
