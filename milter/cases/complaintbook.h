/* complaintbook.h - the complaints that came, in state.mdb */
#ifndef CASES_COMPLAINTBOOK_H
#define CASES_COMPLAINTBOOK_H

#include "cases/complaint.h"
#include "store/state.h"

#define COMPLAINT_RECORDS_MAX 8		/* records that one is linked to */
#define COMPLAINTS_MAX 100000
#define COMPLAINT_TEXT_MAX 500		/* bytes kept of each text */
#define COMPLAINT_KEPT_BYTES ((size_t)64 << 10)	/* of an original */

/* Which records a complaint is about. Texts are never NULL. */
struct complaint_match {
	uint64_t records[COMPLAINT_RECORDS_MAX];
	size_t record_count;		/* 0: none was found */
	const char *how;		/* "message-id" */
	const char *account, *client;	/* of the first record; "" */
	const char *customer;		/* the same: in the book then; "" */
	bool is_ours;			/* the first record is of
					 * outgoing mail */
	int64_t sent_us;		/* the last of them; 0 once it
					 * was stored */
};

struct complaint_entry {
	uint64_t number;		/* given by complaintbook_add() */
	struct complaint complaint;
	struct complaint_match match;
	int64_t first_us, last_us;
	uint64_t count;			/* times that it came */
	const char *operator_name, *note;	/* "" where there is none */
	int64_t erased_us;		/* by operator_name; 0: it was not */
	bool is_now_matched;		/* by complaintbook_add(): it has a
					 * record, as none that was the same
					 * had before */
};

enum complaint_outcome {
	COMPLAINT_ADDED,
	COMPLAINT_JOINED,		/* the same came before */
	COMPLAINT_THROTTLED,		/* its reporter sent too many today */
	COMPLAINT_FULL,			/* of all reporters: nothing new
					 * is kept */
};
/* "added" */
const char *complaintbook_outcome_word(enum complaint_outcome outcome);
#define COMPLAINT_FULL_ADVICE \
	"the book of complaints is full: a shorter cases.complaint_keep makes room"

/*
 * Adds it, or counts it with the one that is the same: about the same original,
 * from the same domain. most_a_day: new ones of a domain and UTC day; more are
 * forgotten, and so are those for which the book of COMPLAINTS_MAX has no room.
 * Times come from entry->last_us; number and count are filled in.
 */
bool complaintbook_add(struct state *state, struct complaint_entry *entry,
		       int64_t most_a_day, enum complaint_outcome *outcome_out,
		       GError **error) MUST_USE;
/* Whether it would not be COMPLAINT_FULL: there is room, or it would join. */
bool complaintbook_has_room(struct state *state,
			    const struct complaint *complaint);
/* STORE_ERROR_MISSING when there is none. The texts live in the arena. */
bool complaintbook_get(struct state *state, uint64_t number,
		       struct arena *arena, struct complaint_entry *entry_out,
		       GError **error) MUST_USE;
/* Says what it is about. */
bool complaintbook_match(struct state *state, uint64_t number,
			 const struct complaint_match *match,
			 const char *operator_name, GError **error) MUST_USE;

/* Takes all words of people out of it, and the original: that there was a
 * complaint, of what kind, how often, and about which records stays. */
bool complaintbook_erase(struct state *state, uint64_t number,
			 const char *operator_name, int64_t when_us,
			 GError **error) MUST_USE;

/* Borrowed for the call; false ends. The newest first; all of them, or only
 * those without a record. */
typedef bool complaint_take_fn(const struct complaint_entry *entry,
			       void *context);
bool complaintbook_each(struct state *state, bool is_unmatched,
			complaint_take_fn *take, void *context, GError **error)
	MUST_USE;
/* The same, of those with a number below that (0: all). What is read costs,
 * not what is there. */
bool complaintbook_each_before(struct state *state, bool is_unmatched,
			       uint64_t number, complaint_take_fn *take,
			       void *context, GError **error) MUST_USE;
/* Of the thousand oldest those that came last before then. */
bool complaintbook_expire(struct state *state, int64_t before_us,
			  GError **error) MUST_USE;

#endif
