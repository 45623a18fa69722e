/* storeerror.h - why the store could not do it */
#ifndef STORE_STOREERROR_H
#define STORE_STOREERROR_H

#include "base/guard.h"

#include <glib.h>

#define STORE_ERROR store_error_quark()
GQuark store_error_quark(void);

enum store_error {
	STORE_ERROR_TEMP,	/* may pass: disk full, I/O error, out
				 * of files */
	STORE_ERROR_PERM,	/* needs an admin: permission, not a
				 * directory */
	STORE_ERROR_BUSY,	/* another process has it */
	STORE_ERROR_MISSING,	/* not there */
	STORE_ERROR_NEWER,	/* written by a newer Mailreeve */
	STORE_ERROR_DAMAGED,	/* the file is not what we wrote */
	STORE_ERROR_INVALID,	/* what the caller gave cannot be stored */
};

/* `path: what`, with the code that fits number: an errno, or a return code
 * of LMDB. */
void store_error_set(GError **error, const char *path, int number);
void store_error_set_text(GError **error, enum store_error code,
			  const char *fmt, ...) PRINTF_LIKE(3, 4);
/* STORE_ERROR_NEWER: what is found there, in a form that this
 * program does not know. */
void store_error_set_newer(GError **error, const char *path, unsigned found,
			   unsigned known);

#endif
