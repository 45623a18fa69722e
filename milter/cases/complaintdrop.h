/* complaintdrop.h - the folder through which strangers hand complaints over */
#ifndef CASES_COMPLAINTDROP_H
#define CASES_COMPLAINTDROP_H

#include "cases/complaintimport.h"

/*
 * The folder has mode 1733: who runs the MTA's pipe can put a file
 * in, and neither list the folder nor guess a name. The file is whole
 * once it has its name.
 */
bool complaintdrop_put(const char *dir, struct span bytes, GError **error)
	MUST_USE;

#define COMPLAINTDROP_AT_ONCE 10

/*
 * From the daemon's timer: COMPLAINTDROP_AT_ONCE at most, which are removed. A
 * log line tells what became of each. One whose records take long to find is
 * gone on with at the next call, so that the timer is held for a moment only.
 * What is no plain file of one name, or too large, is removed unread: a link
 * could lead to what only the daemon may read.
 */
void complaintdrop_take(const char *dir,
			const struct complaint_import *import);

#endif
