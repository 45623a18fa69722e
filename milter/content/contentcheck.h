/* contentcheck.h - content rules as a check */
#ifndef CONTENT_CONTENTCHECK_H
#define CONTENT_CONTENTCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MESSAGE): each rule that hits is a finding with its score, but for
 * those whose names begin with "__"; the detail is what matched. CONTENT_CUT_OFF:
 * PCRE2's limits ended a match. MIME_DEEP, MIME_PARTS, HTML_CUT: not all of the
 * message was looked at. ARCHIVE_BOMB, ARCHIVE_LIMIT, ARCHIVE_ENCRYPTED: see
 * message/packed.h.
 */
void contentcheck_message(struct transaction *tx);

#endif
