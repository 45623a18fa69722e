/* answer.h - from an outcome to libmilter: header edits, then the reply */
#ifndef SESSION_ANSWER_H
#define SESSION_ANSWER_H

#include "session/gather.h"

/* SMFIS_TEMPFAIL or SMFIS_REJECT with its text for a refusal, else
 * SMFIS_CONTINUE. Outside of a message's end nothing but that can be said. */
sfsistat answer_reply(SMFICTX *ctx, const struct outcome *outcome);

/* At the end of message only: every edit that the outcome asks for, in one run,
 * then the reply. Forged headers of ours are removed from inbound mail. */
sfsistat answer_message(struct session *session, SMFICTX *ctx);

#endif
