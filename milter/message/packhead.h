/* packhead.h - what must be known of archives before libarchive reads them */
#ifndef MESSAGE_PACKHEAD_H
#define MESSAGE_PACKHEAD_H

#include "base/span.h"

#include <stdint.h>

/* All are pure: any bytes, any thread. */

/*
 * libarchive reads RAR 5, but does not say in all versions whether files
 * need a password: there is a block of type 4, or a record 1 behind a
 * file's header (type 2).
 */
bool packhead_rar5_is_encrypted(struct span archive);

/*
 * The bytes of a 7z archive's header when it is unpacked, which is all that its
 * reader needs memory for; -1 when the header cannot be found or read.
 */
int64_t packhead_7z_bytes(struct span archive);

#endif
