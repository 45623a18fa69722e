/* suspensioncheck.h - mail of those who are suspended or watched */
#ifndef CASES_SUSPENSIONCHECK_H
#define CASES_SUSPENSIONCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MAIL). CASE_SUSPENDED demands 550 5.7.1 with the case's id and
 * the contact: for whatever comes from a suspended address or network or login;
 * and for a suspended sender, sender's domain or customer when the mail is
 * outbound, since a stranger can say that he is anyone. CASE_WATCHED, in the
 * same way, is a flag, keeps the original (cases.watch_evidence), and makes
 * limits lower (cases.watch_limits). Mail to them is not touched. Without a
 * state, or when it cannot be read, nothing.
 */
void suspensioncheck_sender(struct transaction *tx);

#endif
