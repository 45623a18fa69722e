/* original.h - keeps the original of what is evidence, before
 * anyone is answered */
#ifndef SESSION_ORIGINAL_H
#define SESSION_ORIGINAL_H

#include "message/transaction.h"

/*
 * Once the verdict is there: when a finding, or the settings, want the message
 * as evidence, or it is to wait in our own quarantine, its original is on disk
 * on return, and tx->evidence tells of it. False: it is to be, and could not be
 * written; the log has said why. What limits cut cannot be given back, so it is
 * never held by us.
 */
bool original_keep(struct transaction *tx) MUST_USE;

#endif
