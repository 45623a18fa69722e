/* reportclock.h - the thread that sends DMARC aggregate reports
 * when it is time */
#ifndef SESSION_REPORTCLOCK_H
#define SESSION_REPORTCLOCK_H

#include "base/guard.h"

#include <glib.h>

/*
 * It looks once a minute, when dmarc_reports.enabled says so, at the lowest
 * priority. Days that cannot be read are logged, and tried again after an hour.
 * Once a process, behind service_open().
 */
bool reportclock_open(GError **error) MUST_USE;
/* Before service_close(). What sendmail has in hand is waited for,
 * half a minute at most. */
void reportclock_close(void);

#endif
