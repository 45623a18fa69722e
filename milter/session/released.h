/* released.h - mail that an operator released comes by once more */
#ifndef SESSION_RELEASED_H
#define SESSION_RELEASED_H

#include "message/transaction.h"

/*
 * What `reevectl evidence release` hands to the MTA carries the header field
 * X-Mailreeve-Released with the id of its record and a token that only
 * state.mdb knows. Who reads such mail later could say the token again: so it
 * counts from the MTA itself only (no stranger's mail), for a few days, and
 * only with the body that was released; and the field goes no further, whoever
 * wrote it.
 *
 * At the end of a message: true when it is released mail. Then the finding
 * RELEASED names the record.
 */
bool released_check(struct transaction *tx) MUST_USE;

#endif
