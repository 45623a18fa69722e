/* callbacks.h - the filter as libmilter knows it */
#ifndef SESSION_CALLBACKS_H
#define SESSION_CALLBACKS_H

#include "base/guard.h"

#include <stdbool.h>

/* Tells libmilter our callbacks. Once, before the socket is opened.
 * is_skipping: bodies past limits.body are not received, at the price of a
 * reply to each piece of every body. */
bool callbacks_register(bool is_skipping) MUST_USE;

#endif
