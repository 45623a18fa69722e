/* incidentcheck.h - findings about our own senders that the
 * abuse desk must know of */
#ifndef CASES_INCIDENTCHECK_H
#define CASES_INCIDENTCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MESSAGE, behind those that find): what is harmful keeps its
 * original, whoever sent it.
 */
void incidentcheck_message(struct transaction *tx);

/*
 * When the message is over: notes an incident (store/incidents.h) for each
 * finding that makes one (cases.incidents), about the customer, the login, the
 * address or the sender. Of outbound and local mail alone: a stranger is
 * nobody's case.
 */
void incidentcheck_end(struct transaction *tx);

#endif
