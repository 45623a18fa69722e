/* lockfile.h - one at a time, whatever the process */
#ifndef STORE_LOCKFILE_H
#define STORE_LOCKFILE_H

#include "base/guard.h"

#include <glib.h>

/*
 * Takes the lock, and makes its file (mode 0600) where there is none; it ends
 * with close(), or with the process, however that ends. Never waits:
 * STORE_ERROR_BUSY, with the sentence who_has_it, when another has it. A
 * descriptor, or -1. Any thread.
 */
int lockfile_take(const char *path, const char *who_has_it, GError **error)
	MUST_USE;

#endif
