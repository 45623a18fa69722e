/* evidencefind.h - records that have an original, and what is there of it */
#ifndef ADMIN_EVIDENCEFIND_H
#define ADMIN_EVIDENCEFIND_H

#include "admin/admin.h"
#include "store/evidence.h"
#include "store/search.h"
#include "store/state.h"

/* Borrowed for the call. */
struct evidencefind_item {
	const struct search_hit *hit;
	const Reeve__Evidence *evidence;
	struct evidence_place place;
};

/* Returns an exit status. */
typedef int evidencefind_fn(const struct evidencefind_item *item,
			    void *context);

/*
 * The record of an id as people write it, or all that query has: each is given
 * to take. Exit status: the first of take's that is not 0, or the message is
 * out: no such record, it has no evidence, or the answer is not whole.
 */
int evidencefind_one(const struct admin *admin, const struct command *self,
		     const char *id, evidencefind_fn *take, void *context)
	MUST_USE;
int evidencefind_all(const struct admin *admin, const struct command *self,
		     const struct search_query *query, evidencefind_fn *take,
		     void *context) MUST_USE;

/* NULL: the message is out. Free with g_byte_array_unref(). */
GByteArray *evidencefind_read(const struct admin *admin,
			      const struct command *self,
			      const struct evidencefind_item *item) MUST_USE;

enum evidencefind_state {
	EVIDENCEFIND_KEPT, EVIDENCEFIND_HELD, EVIDENCEFIND_RELEASED,
	EVIDENCEFIND_REMOVED, EVIDENCEFIND_EXPIRED, EVIDENCEFIND_MISSING,
};

/*
 * For many of them: what is the same for all, the holds above all, is
 * read but once. Both are borrowed; state may be NULL: then nobody
 * released or removed anything.
 */
struct evidencefind_states;
struct evidencefind_states *evidencefind_states_new(const struct admin *admin,
						    struct state *state)
	MUST_USE;
/* Accepts NULL, clears the pointer. */
void evidencefind_states_free(struct evidencefind_states **states);
enum evidencefind_state evidencefind_state(
	struct evidencefind_states *states,
	const struct evidencefind_item *item);
const char *evidencefind_state_word(enum evidencefind_state state);

/* Bytes for a terminal or a page: all but printable ASCII as \xHH. Free it. */
char *evidencefind_escape(struct span bytes) MUST_USE;
/* The lines of an original's header, each so; the first of the body is not
 * there. Free with g_ptr_array_unref(). */
GPtrArray *evidencefind_header(const GByteArray *original) MUST_USE;

#endif
