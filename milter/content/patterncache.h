/* patterncache.h - compiled patterns on disk, by the hash of
 * what they are made of */
#ifndef CONTENT_PATTERNCACHE_H
#define CONTENT_PATTERNCACHE_H

#include "base/span.h"

#include <glib.h>

/*
 * What was put there whole, or NULL. Only files of root and of whom we run as
 * are read, since what is in them is trusted. Free with g_bytes_unref().
 */
GBytes *patterncache_get(const char *dir, const char *key);
/*
 * Whole or not at all; makes dir, but nothing above it. Removes what has
 * not been read for PATTERNCACHE_DAYS. What cannot be written is not
 * kept: the log says why.
 */
#define PATTERNCACHE_DAYS 30
void patterncache_put(const char *dir, const char *key, struct span bytes);

#endif
