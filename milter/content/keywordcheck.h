/* keywordcheck.h - keyword lists against one message */
#ifndef CONTENT_KEYWORDCHECK_H
#define CONTENT_KEYWORDCHECK_H

#include "message/transaction.h"

/*
 * A finding for each list of which a phrase is in the subject, in the name
 * before a sender's address, in an attachment's name or in the text:
 * KEYWORD_<CATEGORY>, with the list's score and the action that it demands. The
 * detail has the first phrases, what is no ASCII as \uXXXX, with file and line,
 * and where they were found.
 */
void keywordcheck_message(struct transaction *tx);

#endif
