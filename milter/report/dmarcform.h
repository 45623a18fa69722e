/* dmarcform.h - a report in the outbox, from and to bytes:
 * DmarcReport in state.proto */
#ifndef REPORT_DMARCFORM_H
#define REPORT_DMARCFORM_H

#include "report/dmarcoutbox.h"

/* In the arena. */
struct span dmarcform_pack(const struct dmarcoutbox_report *report,
			   struct arena *arena) MUST_USE;
/* All but its day and domain, which its key has. */
bool dmarcform_unpack(struct span value, struct arena *arena,
		      struct dmarcoutbox_report *report, GError **error)
	MUST_USE;

#endif
