/* dkimlib.h - libopendkim, set up once, with our DNS behind it */
#ifndef SENDER_DKIMLIB_H
#define SENDER_DKIMLIB_H

#include "base/guard.h"
#include "base/span.h"
#include "message/transaction.h"
#include "resolver/dnsanswer.h"

#include <opendkim/dkim.h>

struct sender_settings;

/* The library's handle, shared by all threads; made at the first call, with what
 * those settings say of signing. */
DKIM_LIB *dkimlib_get(const struct sender_settings *settings);

/*
 * The library asks for keys without saying for which message, but always in the
 * thread that called it: what is asked between these two goes to the asker. An
 * answer that is not there yet counts as a time-out.
 */
void dkimlib_begin(const struct dns_asker *asker);
void dkimlib_end(void);

/* All header fields as they went over the wire. What the library finds wrong
 * with one of them shows in the signatures. */
void dkimlib_feed_header(DKIM *dkim, const struct transaction *tx);
void dkimlib_feed_body(DKIM *dkim, struct span chunk);

#endif
