/* bigendian.h - numbers as bytes that sort as the numbers do */
#ifndef BASE_BIGENDIAN_H
#define BASE_BIGENDIAN_H

#include <glib.h>
#include <stdint.h>

/* The lowest bytes of it, 8 at most. */
void bigendian_append(GString *to, uint64_t number, int bytes);
uint64_t bigendian_read(const char *from, int bytes);

#endif
