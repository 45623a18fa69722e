/* recordstats.h - how many messages by day, verdict, sender and so on */
#ifndef ADMIN_RECORDSTATS_H
#define ADMIN_RECORDSTATS_H

#include "store/recordview.h"

struct recordstats;

struct recordstats *recordstats_new(void) MUST_USE;
void recordstats_free(struct recordstats *stats);
/* Sessions do not count. */
void recordstats_add(struct recordstats *stats, const Reeve__Record *record);
/* To standard output: all days, verdicts and directions, and of the others the
 * most frequent, most of them (0: all). With bars when it is a terminal. */
void recordstats_print(const struct recordstats *stats, unsigned most,
		       bool is_json);

#endif
