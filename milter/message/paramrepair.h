/* paramrepair.h - RFC 2231 parameters whose charset GMime
 * cannot read, made UTF-8 */
#ifndef MESSAGE_PARAMREPAIR_H
#define MESSAGE_PARAMREPAIR_H

#include "base/arena.h"
#include "base/span.h"

/*
 * The value of a Content-Type or Content-Disposition field, unfolded: each
 * "name*=gbk''%C3...", in pieces or whole, is "name*=utf-8''%E5..." then,
 * encoded words of charsets that iconv lacks are words in UTF-8, and all else
 * is as it was. GMime drops a name in a charset that it does not know, and a
 * stranger may choose it for that. In the arena; pure.
 */
const char *paramrepair_text(const char *value, struct arena *arena);

#endif
