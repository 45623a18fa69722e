/* match.h - a message against a set of rules */
#ifndef CONTENT_MATCH_H
#define CONTENT_MATCH_H

#include "content/matches.h"
#include "message/transaction.h"

/* Tells the transaction which redirectors the rules know, before anybody asks
 * for its URIs; match_run() does so else. */
void match_begin(const struct ruleset *set, struct transaction *tx);
/* Any thread. Takes as long as the patterns need, each within
 * PCRE2's limits. */
struct matches *match_run(const struct ruleset *set, struct transaction *tx);
/* The same for all rules but those whose names begin with "__": of these, run
 * are those on which another one hangs. */
struct matches *match_needed(const struct ruleset *set, struct transaction *tx);
/*
 * The same as match_needed(), and adds to nanoseconds, by index, what each rule
 * took, and behind the last rule what the texts and the pass over them took.
 */
struct matches *match_profile(const struct ruleset *set,
			      struct transaction *tx, int64_t *nanoseconds);

#endif
