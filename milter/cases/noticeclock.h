/* noticeclock.h - letters that the daemon sends by itself */
#ifndef CASES_NOTICECLOCK_H
#define CASES_NOTICECLOCK_H

#include "cases/notice.h"

/*
 * From the daemon's timer, one thread, and never waits for the program that it
 * starts: one letter at a time. Those that wait are sent, or dropped when the
 * case went on without them; warnings that are due (cases.auto_warn) and
 * reminders are written. Each letter is an audit record ("case letter") of
 * "mailreeve".
 */
void noticeclock_run(const struct notice_ask *ask);
/* When the daemon ends: waits some seconds for the letter that is on its way,
 * which would else be sent again. */
void noticeclock_end(const struct notice_ask *ask);

/*
 * The letter that tells of a step that the daemon is about to take; false: none
 * is to be sent (cases.notices), or there is no address, which is logged. For
 * noticepost_also().
 */
bool noticeclock_prepare(const struct notice_ask *ask, struct case_id id,
			 enum case_command command, struct arena *arena,
			 struct notice_entry *out) MUST_USE;

#endif
