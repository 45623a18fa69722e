/* noticebook.h - the letters of cases, sent and waiting, in state.mdb */
#ifndef CASES_NOTICEBOOK_H
#define CASES_NOTICEBOOK_H

#include "cases/noticeform.h"
#include "store/state.h"

/*
 * Writes it, within a write of the caller's. One without a number gets one, and
 * a token; which a letter keeps, however often it is tried: who gets it twice
 * sees by its Message-ID that it is one.
 */
bool noticebook_put(struct state_txn *txn, struct notice_entry *entry,
		    GError **error) MUST_USE;
/* The same in a write of its own; on disk when true. */
bool noticebook_save(struct state *state, struct notice_entry *entry,
		     GError **error) MUST_USE;

/* False: there is none, or the state cannot be read. Texts live in arena. */
bool noticebook_get(struct state *state, struct case_id id, uint32_t number,
		    struct arena *arena, struct notice_entry *out) MUST_USE;

/* Borrowed for the call; false ends. By number. */
typedef bool notice_take_fn(const struct notice_entry *entry, void *context);
bool noticebook_each(struct state *state, struct case_id id,
		     notice_take_fn *take, void *context, GError **error)
	MUST_USE;

/* The one that waits for the longest time, and is due. One that cannot be
 * read is set apart first, and logged ("letter_unreadable"), so that it
 * holds up no other. */
bool noticebook_next(struct state *state, int64_t now_us, struct arena *arena,
		     struct notice_entry *out) MUST_USE;
/* The cases (char *) of those that were set apart, until another letter of the
 * case is sent; NULL with error. Free with g_ptr_array_unref(). */
GPtrArray *noticebook_apart(struct state *state, GError **error) MUST_USE;
/*
 * Takes it in hand: nobody else does before until_us. False without error:
 * somebody has, or it waits no more.
 */
bool noticebook_claim(struct state *state, struct notice_entry *entry,
		      int64_t until_us, GError **error) MUST_USE;

#endif
