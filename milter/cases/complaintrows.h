/* complaintrows.h - complaints as rows of state.mdb, within a transaction */
#ifndef CASES_COMPLAINTROWS_H
#define CASES_COMPLAINTROWS_H

#include "cases/complaintbook.h"

#define COMPLAINTROWS_DAY_US (INT64_C(86400) * G_USEC_PER_SEC)

/* First bytes of keys. */
#define COMPLAINTROWS_ENTRY 'c'		/* a number */
#define COMPLAINTROWS_SAME 'd'		/* a hash: to the number */
#define COMPLAINTROWS_RATE 'r'		/* a day and a domain: to a count */
#define COMPLAINTROWS_UNMATCHED 'u'	/* a number: nothing behind it */

/* Free it; and what such a key has, or a value that is a number. */
GString *complaintrows_key(char kind, uint64_t number) MUST_USE;
uint64_t complaintrows_number(struct span bytes);
/* The key of the original, whatever part of it there is, and of who
 * complains; only of what is kept, so that it is the same again when it is
 * read back. Free it. */
GString *complaintrows_sameness(const struct complaint *complaint) MUST_USE;

/* With it goes whether it is among those without a record. */
bool complaintrows_put(struct state_txn *txn,
		       const struct complaint_entry *entry, GError **error)
	MUST_USE;
/* False: it cannot be read; or there is none. Texts live in arena. */
bool complaintrows_read(struct span key, struct span value,
			struct arena *arena, struct complaint_entry *out)
	MUST_USE;
bool complaintrows_find(struct state_txn *txn, uint64_t number,
			struct arena *arena, struct complaint_entry *out)
	MUST_USE;

/* With all that leads to it; true: it was there. */
bool complaintrows_delete(struct state_txn *txn,
			  const struct complaint_entry *entry);

bool complaintrows_put_number(struct state_txn *txn, struct span key,
			      uint64_t number, GError **error) MUST_USE;
/* The last number that was given; 0: none yet. */
uint64_t complaintrows_last(struct state_txn *txn);
bool complaintrows_put_last(struct state_txn *txn, uint64_t number,
			    GError **error) MUST_USE;
/* Counts one more of its reporter's domain and day. */
bool complaintrows_count_today(struct state_txn *txn,
			       const struct complaint_entry *entry,
			       uint64_t *count, GError **error) MUST_USE;

#endif
