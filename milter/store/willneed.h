/* willneed.h - tells the kernel what of a mapped file is wanted next */
#ifndef STORE_WILLNEED_H
#define STORE_WILLNEED_H

#include "base/span.h"

/* It begins to read the pages in which bytes lie, and nobody waits. Only a hint: what lies
 * behind the file's end, or is in no file, does no harm. */
void willneed(struct span bytes);

#endif
