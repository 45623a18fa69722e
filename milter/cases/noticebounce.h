/* noticebounce.h - a letter of ours that came back */
#ifndef CASES_NOTICEBOUNCE_H
#define CASES_NOTICEBOUNCE_H

#include "cases/noticefacts.h"
#include "cases/noticeform.h"

struct notice_bounced {
	bool is_ours;
	bool is_known;			/* it had come back before */
	struct notice_entry entry;	/* in the arena */
};

/*
 * Of a mail that tells of a delivery: whether a letter of ours is meant, by the
 * address that the mail went to, or the Message-ID that it quotes; and what it
 * says is final. Then the letter is marked, its case has a note, and where it
 * was to warn, the warning is owed again. False: the state could not be read or
 * written.
 */
bool noticebounce_take(const struct notice_ask *ask, struct span bytes,
		       const char *operator_name, struct arena *arena,
		       struct notice_bounced *out, GError **error) MUST_USE;

/* Calls for each token in it, in places where a bounce has one;
 * false ends. Pure. */
typedef bool notice_token_fn(const struct notice_entry *entry, void *context);
void noticebounce_each_token(struct span bytes, notice_token_fn *take,
			     void *context);

#endif
