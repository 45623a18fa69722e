/* dmarcdelivery.h - hands one aggregate report to those who asked for it */
#ifndef REPORT_DMARCDELIVERY_H
#define REPORT_DMARCDELIVERY_H

#include "report/dmarcsender.h"
#include "report/dmarctargets.h"

/* Who would get it; blocks. Release it. */
struct dmarctargets dmarcdelivery_targets(const struct dmarcsender *sender,
					  const char *domain,
					  struct arena *arena) MUST_USE;

/*
 * Nothing is sent twice. Before sendmail is run it is written down that it will
 * be, and behind that how it ended; who is killed in between leaves one report
 * of which nobody knows: it is doubtful, is told, and is not sent again by
 * itself. Made again by hand it has the same Message-ID and report id, by which
 * the receiver knows it.
 *
 * Looks up who is to get it, unless it is known, tries each once, and writes
 * what came of it into report, whose texts are in the arena, and to disk.
 * False: that cannot be written, or read. The lock is held.
 */
bool dmarcdelivery_send(const struct dmarcsender *sender,
			struct dmarcoutbox_report *report,
			struct arena *arena, GError **error) MUST_USE;

#endif
