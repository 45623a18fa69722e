/* subjectwords.h - the words by which a subject is found */
#ifndef STORE_SUBJECTWORDS_H
#define STORE_SUBJECTWORDS_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

/* A subject of more words is found by its first ones. Without the limit a
 * stranger's subject makes the index as large as he likes. */
#define SUBJECTWORDS_MAX 24

/*
 * Hashes (uint64_t, the first bytes of SHA-256) of the words of a header's
 * text, each once: decoded (RFC 2047), case-folded, NFKC; runs of letters and
 * digits. In Chinese and Japanese no blank stands between words, so there each
 * two neighbours are a word, and a character that stands alone is one. Free
 * with g_array_unref().
 */
GArray *subjectwords_of(struct span subject) MUST_USE;

/* Whether all of wanted are among words. */
bool subjectwords_has_all(const GArray *words, const GArray *wanted) MUST_USE;

#endif
