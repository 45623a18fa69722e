/* usualwords.h - what nearly every message has in some of its texts */
#ifndef CONTENT_USUALWORDS_H
#define CONTENT_USUALWORDS_H

#include "content/literalset.h"

/* Whether the literal is a piece of such a word, and not too short to tell: its
 * letters may be rare, yet it says nothing. Any thread. */
bool usualwords_have(const struct literal *literal);

#endif
