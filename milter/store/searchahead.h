/* searchahead.h - searches several days at once */
#ifndef STORE_SEARCHAHEAD_H
#define STORE_SEARCHAHEAD_H

#include "store/searchday.h"

/* More results are not kept in memory until their turn comes. */
#define SEARCHAHEAD_LIMIT 1000

/*
 * Goes on with a search that has a limit, SEARCHAHEAD_LIMIT at most, through days
 * (int64_t, newest first) in dir. Threads look at the next days while the records of one
 * are given: at two, then more the longer it lasts, since a disk answers many as fast
 * as one. What is given, in which order, is what searchday_run() would have, day by day;
 * take is called in the caller's thread.
 */
void searchahead_run(struct searching *on, const char *dir,
		     const GArray *days);

#endif
