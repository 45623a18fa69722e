/* listhealth.h - which DNS lists answer, and can be believed */
#ifndef BULK_LISTHEALTH_H
#define BULK_LISTHEALTH_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

/* All by zone, of the process, across reloads. Any thread. */

/* Whether to ask it now: not while it is passed over, but for one try when its
 * pause is at an end. */
bool listhealth_is_due(const char *zone);
/* Tells the same, and takes no try. */
bool listhealth_is_passed_over(const char *zone);
void listhealth_answered(const char *zone);
/* why is for ever. The last of max in a row is logged, and begins the pause. */
void listhealth_failed(const char *zone, const char *why, int64_t max,
		       int64_t pause_ms);
/* It lists what nobody may list, or, NULL, does not do so any more: logged when
 * that is new. why is for ever. */
void listhealth_doubt(const char *zone, const char *why);
/* What was said of that last; false for one of which nothing was said yet. */
bool listhealth_is_trusted(const char *zone);

struct listhealth {
	const char *zone;		/* for ever */
	const char *why;		/* is passed over or disbelieved;
					 * or NULL */
	bool is_passed_over;
	uint64_t asked, failed;
};

/* Of struct listhealth, in the order in which they were first asked; free with
 * g_array_unref(). */
GArray *listhealth_all(void) MUST_USE;

#endif
