/* dkimlib.h - libopendkim, set up once */
#ifndef SENDER_DKIMLIB_H
#define SENDER_DKIMLIB_H

#include "base/guard.h"
#include "base/span.h"
#include "message/transaction.h"

#include <opendkim/dkim.h>

struct sender_settings;

/*
 * The library's handle, shared by all threads; made at the first call, with
 * what those settings say of signing. Of a message's signatures it reads the
 * tags, chooses and canonicalises what they cover, and makes the hashes; it
 * asks the DNS for nothing. Keys are ours: it opens one anew for each
 * signature, which with OpenSSL 3 costs three times what the verification does.
 */
DKIM_LIB *dkimlib_get(const struct sender_settings *settings);

/* The header fields as they went over the wire, but for DKIM-Signatures past
 * the first so many: each might cost a hash of the whole body. What the library
 * finds wrong with one of them shows in the signatures. */
void dkimlib_feed_header(DKIM *dkim, const struct transaction *tx,
			 size_t most_signatures);
void dkimlib_feed_body(DKIM *dkim, struct span chunk);

#endif
