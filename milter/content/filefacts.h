/* filefacts.h - whether a file is still what it was when it was read */
#ifndef CONTENT_FILEFACTS_H
#define CONTENT_FILEFACTS_H

#include "base/guard.h"

#include <glib.h>

/* Its name, time of change and size in one line, an absent one's, too. */
void filefacts_add(GString *out, const char *path);

#endif
