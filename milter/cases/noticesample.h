/* noticesample.h - some messages that a case is about, as a
 * letter shows them */
#ifndef CASES_NOTICESAMPLE_H
#define CASES_NOTICESAMPLE_H

#include "cases/noticefacts.h"

/*
 * Blocks of lines, of the last messages of the one whom the case is about:
 * those that were not accepted, else any, as far back as a part of a second
 * lets it look; "" when there are none. Recipients are counted and not named:
 * one may be who complained. Of harmful content no subject is quoted.
 */
const char *noticesample_text(const struct notice_ask *ask,
			      const struct case_facts *facts,
			      const struct notice_language *language,
			      struct arena *arena);

/* "2026-11-27 15:00 +0800"; in arena. */
const char *noticesample_time(const struct notice_ask *ask, int64_t time_us,
			      struct arena *arena);

#endif
