/* wholefile.h - small files that are there whole, or not at all */
#ifndef STORE_WHOLEFILE_H
#define STORE_WHOLEFILE_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <sys/types.h>

/* Under another name first; on disk when true, its name as well. What had the
 * name before is gone then. */
bool wholefile_write(const char *path, struct span bytes, mode_t mode,
		     GError **error) MUST_USE;
/* With a NUL behind it that len_out does not count; free it. A longer one
 * than most is an error. */
bool wholefile_read(const char *path, size_t most, char **bytes_out,
		    size_t *len_out, GError **error) MUST_USE;
/* rename(), on disk when it returns 0, else an errno. */
int wholefile_rename(const char *from, const char *to);
/* The second half of that, for one who may have come no further: 0 when the
 * folder's entry for path is on disk, else an errno. */
int wholefile_sync_name(const char *path) MUST_USE;

#endif
