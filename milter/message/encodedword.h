/* encodedword.h - RFC 2047 encoded words in header text, to UTF-8 */
#ifndef MESSAGE_ENCODEDWORD_H
#define MESSAGE_ENCODEDWORD_H

#include "base/arena.h"
#include "base/span.h"

/* Whether something that looks like one (=?...?=) is in it. */
bool encodedword_is_in(struct span text);
/* Unfolded, decoded, valid UTF-8 and NUL-terminated, in the arena; bytes of no
 * known charset become U+FFFD. */
const char *encodedword_decode(struct span text, struct arena *arena);

#endif
