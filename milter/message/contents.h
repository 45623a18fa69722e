/* contents.h - what is in a message, taken apart once for all checks */
#ifndef MESSAGE_CONTENTS_H
#define MESSAGE_CONTENTS_H

#include "message/attachments.h"
#include "message/bodytext.h"

struct contents;

/* All of these live as long as the transaction, and are made when they are
 * first asked for, once its last byte is there. */
struct mime *contents_mime(struct transaction *tx);
struct bodytext *contents_text(struct transaction *tx);
const struct attachments *contents_attachments(struct transaction *tx);
/* Of struct uri; see uris_collect(): by the redirectors that the
 * transaction knows. */
const GArray *contents_uris(struct transaction *tx);

/* Of a transaction that is given up; accepts NULL. */
void contents_free(struct contents *contents);

#endif
