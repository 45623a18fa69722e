/* charset.h - text in any charset to UTF-8 */
#ifndef MESSAGE_CHARSET_H
#define MESSAGE_CHARSET_H

#include "base/arena.h"
#include "base/span.h"

/*
 * The text in UTF-8, in the arena, or the very bytes where they are UTF-8
 * already. label: as declared, or NULL. It is believed where the bytes fit it;
 * else ICU guesses, and what nobody can read counts as windows-1252, so that
 * something always comes out. Older names mean what senders mean by them:
 * gb2312 is GB18030, iso-8859-1 windows-1252, ks_c_5601 CP949.
 */
struct span charset_decode(struct span text, const char *label,
			   struct arena *arena);
/* The same for an encoded word, whose label is believed even when it is odd. */
struct span charset_decode_word(struct span text, const char *label,
				struct arena *arena);
/* Whether the C library has a charset of that name. Any thread. */
bool charset_is_known(const char *label);

#endif
