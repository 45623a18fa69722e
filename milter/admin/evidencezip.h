/* evidencezip.h - writes a ZIP, where libarchive is built in */
#ifndef ADMIN_EVIDENCEZIP_H
#define ADMIN_EVIDENCEZIP_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

struct evidencezip;

/* To a file that is open, and stays so. NULL with error, also in a build
 * without libarchive. */
struct evidencezip *evidencezip_open(int fd, GError **error) MUST_USE;
/* A file that nobody can run. */
bool evidencezip_add(struct evidencezip *zip, const char *name,
		     struct span bytes, int64_t time_us, GError **error)
	MUST_USE;
/* Accepts NULL, clears the pointer. False: it could not be written whole. */
bool evidencezip_close(struct evidencezip **zip, GError **error) MUST_USE;

#endif
