/* contentcheck.h - content rules as a check */
#ifndef CONTENT_CONTENTCHECK_H
#define CONTENT_CONTENTCHECK_H

#include "message/transaction.h"

/*
 * A check (STAGE_MESSAGE): each rule that hits is a finding with its score, but
 * for those whose names begin with "__"; the detail is what matched.
 * CONTENT_CUT_OFF: PCRE2's limits ended a match. MIME_DEEP, MIME_PARTS,
 * HTML_CUT: not all of the message was looked at. ARCHIVE_BOMB, ARCHIVE_LIMIT,
 * ARCHIVE_ENCRYPTED: see message/packed.h. Keyword lists: see keywordcheck.h.
 */
void contentcheck_message(struct transaction *tx);
/* Before any check of that stage: where URIs lead, by the rules. */
void contentcheck_begin(struct transaction *tx);

/*
 * Reads the rules and the keyword lists of a snapshot that is to come
 * into force, while others still run by the one before. False and the
 * error, with the file.
 */
bool contentcheck_load(const struct settings *settings, GError **error)
	MUST_USE;

#endif
