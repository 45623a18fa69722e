/* spfsecond.h - libspf2 as the second SPF engine, behind our look-ups */
#ifndef SENDER_SPFSECOND_H
#define SENDER_SPFSECOND_H

#include "sender/spfcheck.h"

/* As spfcheck_run(), with that library's idea of RFC 7208; our limits of
 * look-ups hold, over all includes. There is no explanation of its own. */
bool spfsecond_run(const struct spf_query *query, struct arena *arena,
		   struct auth_spf *spf_out) MUST_USE;
/* Whether it was built in. */
bool spfsecond_is_there(void);

#endif
