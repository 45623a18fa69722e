/* authfindings.h - what the answers of SPF, DKIM, DMARC, ARC and logins mean */
#ifndef SENDER_AUTHFINDINGS_H
#define SENDER_AUTHFINDINGS_H

#include "message/transaction.h"
#include "sender/dmarccheck.h"

/* SPF_*, DKIM_*, DMARC_*, ARC_*, LIMIT_DNS, from tx->auth; DMARC_FAIL demands
 * what the policy asks for, as far as dmarc.enforce lets it. */
void authfindings_add(struct transaction *tx);
/* LOGIN_ENVELOPE: an account whose envelope sender is not its own. */
void authfindings_check_login(struct transaction *tx);
/* LOGIN_FROM: one whose From is not. */
void authfindings_check_author(struct transaction *tx,
			       const struct from_facts *from);

#endif
