/* expiry.h - removes what is past its term, but for what is held */
#ifndef STORE_EXPIRY_H
#define STORE_EXPIRY_H

#include "store/holdset.h"
#include "store/sealkey.h"

#include <stdatomic.h>

/* Remembers which days were looked through for held records. One thread. */
struct expiry;
struct expiry *expiry_new(const char *records_dir) MUST_USE;
void expiry_free(struct expiry *expiry);

/*
 * A clock that leaps forward would make all that is there too old at once.
 * While it runs a day is begun each day: so when more than EXPIRY_LEAP_DAYS lie
 * between two of them, nothing may go before the clock has gone on for
 * EXPIRY_SETTLE_DAYS (or for the term, if that is less), in which somebody can
 * put it right. days as day_list() gives them. True: the clock can be gone by;
 * else the last day before the leap is in before_out. Pure.
 */
#define EXPIRY_LEAP_DAYS 7
#define EXPIRY_SETTLE_DAYS 3
bool expiry_is_clock_steady(const GArray *days, int64_t today,
			    int64_t keep_ms, int64_t *before_out) MUST_USE;

struct expiry_terms {
	int64_t keep_ms, now_us;	/* days that ended so long ago go */
	const struct holdset *held;
	const struct sealkey *key;	/* to seal what is left of a day */
	const atomic_bool *is_cancelled;	/* NULL: never */
};

struct expiry_result {
	unsigned days;		/* that went */
	unsigned thinned;	/* of which only held records stay now */
};

/*
 * Removes the files of days past their term: whole files, so the time does not
 * depend on what is in them. The newest day stays whatever its age, since the
 * sequence and the chain go on from it, and so does one that is held. Of a day
 * of which only some records are held the others go: it is written anew and
 * sealed again; one that is not sealed yet waits until it is. False with error:
 * not all could go; what could, did.
 */
bool expiry_run(struct expiry *expiry, const struct expiry_terms *terms,
		struct expiry_result *result_out, GError **error) MUST_USE;

#endif
