/* openday.h - the day that records are added to */
#ifndef STORE_OPENDAY_H
#define STORE_OPENDAY_H

#include "store/chain.h"

/*
 * The chain only goes forward, from day to day. So while the clock is behind
 * the newest day that there is (it was ahead and was set back, or is wrong now)
 * records go into that day's file all the same: there their order is right, a
 * search by time finds them by the minute in which they ended, and the day
 * stays open until the clock gets there. The price: days of which none is
 * sealed. So it is told (openday_ahead()).
 *
 * Where the chain stands is known from the records written here, and only at
 * the beginning, or after a failure, read from the files: the next day begins
 * though that of today can no longer be read.
 *
 * One thread.
 */
struct openday;

struct openday *openday_new(const char *records_dir, int64_t map_bytes)
	MUST_USE;
/* Accepts NULL, clears the pointer. */
void openday_free(struct openday **openday);

/*
 * Has the day open that is right at now_us. When one began for it, and there
 * were records before, over_out is where the chain stood then; else its
 * head.sequence is 0.
 */
bool openday_begin(struct openday *openday, int64_t now_us,
		   struct chain_anchor *over_out, GError **error) MUST_USE;
/* Whether openday_begin() has something to do, or openday_ahead() to tell. */
bool openday_is_over(const struct openday *openday, int64_t now_us) MUST_USE;

/* The day that records go to though the clock is more than OPENDAY_SLACK_US
 * before it; 0: none. */
#define OPENDAY_SLACK_US (60 * G_USEC_PER_SEC)
int64_t openday_ahead(const struct openday *openday);

/* As segment_append() and segment_probe(), which count as no records; the day
 * must be open, and is closed when it fails. */
bool openday_append(struct openday *openday,
		    struct packed_record *const *records, size_t count,
		    GError **error) MUST_USE;

void openday_check_readers(struct openday *openday);

#endif
