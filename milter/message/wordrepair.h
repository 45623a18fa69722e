/* wordrepair.h - encoded words (RFC 2047) that GMime would not read */
#ifndef MESSAGE_WORDREPAIR_H
#define MESSAGE_WORDREPAIR_H

#include "base/arena.h"
#include "base/span.h"

/*
 * Encoded words whose charset nobody knows, or whose bytes are not in it, are
 * what charset.h makes of those bytes, as encoded words in UTF-8; words of one
 * label in a row are taken together. What is well stays, and so does what
 * stands behind the first few that are not. A row with padding in its midst, of
 * which GMime 3.2 drops all that follows, becomes one word. Pure; the result is
 * in the arena.
 */
struct span wordrepair_text(struct span text, struct arena *arena);

#endif
