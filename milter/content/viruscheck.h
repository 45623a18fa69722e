/* viruscheck.h - messages scanned by clamd, as a check */
#ifndef CONTENT_VIRUSCHECK_H
#define CONTENT_VIRUSCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MESSAGE), off without clamd.sockets. VIRUS: clamd found the
 * one that the detail names; demands reject. VIRUS_UNSCANNED: no clamd
 * answered; demands what clamd.on_error says. VIRUS_PARTLY: none found, but
 * clamd did not get, or did not take, the whole message.
 */
void viruscheck_message(struct transaction *tx);

#endif
