/* search.h - finds records again, newest first */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "base/guard.h"
#include "base/netaddr.h"
#include "message/transaction.h"
#include "store/recordview.h"

#include <glib.h>
#include <stdint.h>

/*
 * All that is set must hold. A zeroed struct finds all records. Texts are
 * compared without regard to ASCII case, but for message_id and queue_id.
 */
struct search_query {
	int64_t since_us, until_us;	/* of the end: since <= end < until;
					 * 0: open */
	struct network client;		/* base.family NETADDR_NONE: any */
	const char *account;
	const char *sender;		/* "<>", or as querymatch.h has it */
	const char *recipient;
	const char *subject;		/* all of its words; see
					 * subjectwords.h */
	const char *domain;		/* the sender's or a recipient's,
					 * A-labels */
	const char *message_id;		/* with or without < > */
	const char *queue_id;
	uint64_t id, session;		/* see recordid.h; 0: any */
	const char *customer;		/* id in the book */
	const char *symbol;		/* of a finding; case counts */
	bool has_evidence;		/* an original is, or was, kept */
	bool has_action;
	enum action action;		/* what was decided */
	enum record_kind kind;
	enum direction direction;	/* DIRECTION_UNKNOWN: any */
	uint64_t before;		/* sequences less than that; 0: all */
	uint64_t limit;			/* 0: all */
};

/* A record found; all of it is borrowed for the call. False ends the search. */
struct search_hit {
	uint64_t sequence;
	int64_t day;			/* of the file that it lies in */
	const Reeve__Record *record;
	struct span bytes;		/* as stored */
};
typedef bool search_take_fn(const struct search_hit *hit, void *context);

struct search_result {
	uint64_t found;			/* records given to take */
	uint64_t looked_at;		/* records read for it */
	uint64_t last;			/* sequence of the last one given */
	bool is_cut;			/* ended by limit or take: there may be
					   more, before last */
	GPtrArray *problems;		/* of char *: "file: what";
					 * often empty */
};
void search_result_init(struct search_result *result);
void search_result_release(struct search_result *result);

/*
 * Gives the records below state_dir that match, newest first (by sequence), to
 * take. No file stays open behind the call: who wants the next page asks again,
 * with before as result->last, and gets what was there then, whatever was
 * written since. Works while the daemon runs and when not. Files that cannot be
 * read, and records, are passed over and named in problems: an answer that has
 * some is not whole. False only when the folder itself cannot be read.
 * result_out is initialised by the call, whatever it returns.
 */
bool search_run(const char *state_dir, const struct search_query *query,
		search_take_fn *take, void *context,
		struct search_result *result_out, GError **error) MUST_USE;

/* The records after that sequence, oldest first, limit at most (0: all). For a
 * caller that asks again and again: hit->sequence is where to go on. */
bool search_after(const char *state_dir, uint64_t sequence, uint64_t limit,
		  search_take_fn *take, void *context,
		  struct search_result *result_out, GError **error) MUST_USE;

/* The sequence of the newest record, 0 when there is none. */
bool search_last_sequence(const char *state_dir, uint64_t *sequence_out,
			  GError **error) MUST_USE;

#endif
