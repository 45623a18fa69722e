/* privileges.h - who the daemon is, and what it may touch */
#ifndef SESSION_PRIVILEGES_H
#define SESSION_PRIVILEGES_H

#include "base/guard.h"

#include <glib.h>
#include <stdbool.h>

/* umask 027, everything above standard error closed, as many descriptors as
 * the hard limit allows (accept() that fails for want of one ends libmilter's
 * listener). First of all at the start. */
void privileges_prepare_process(void);

/*
 * Makes the directory (0700) when it is missing and gives it to user when we
 * are root. Error when others could write to it, or it is no directory.
 */
bool privileges_prepare_state_dir(const char *dir, const char *user,
				  GError **error) MUST_USE;

/* Becomes user for good, with its own groups; nothing when we are not root. */
bool privileges_drop(const char *user, GError **error) MUST_USE;

#endif
