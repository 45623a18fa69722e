/* casealerts.h - alerts (alert/alerts.h) about cases, before and
 * at their deadlines */
#ifndef CASES_CASEALERTS_H
#define CASES_CASEALERTS_H

#include "cases/caseact.h"

/*
 * From the daemon's timer, after what is done by itself: case_opened for each
 * new one, whoever opened it; case_soon when a deadline is no further away than
 * alert.before; case_due at it. What was told is on disk, so that a start tells
 * nothing twice.
 */
void casealerts_run(struct caseact *act, const struct settings *settings);
/* case_step: Mailreeve itself took it a step on, and why. */
void casealerts_step(const struct case_facts *facts,
		     enum case_command command, const char *why);

#endif
