/* state.h - state.mdb: what the daemon and reevectl both know at once */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

/*
 * One LMDB environment that both programs have open. What one commits, the
 * other's next transaction sees. Reading takes no lock. Writing waits for
 * other writers, also those of other processes, so the mail path only reads.
 */
struct state;
struct state_txn;

#define STATE_FILE "state.mdb"

enum state_flags {
	STATE_EXISTING = 0,
	STATE_CREATE = 1,	/* make it when it is not there */
};

/* Tables; a module of store/ or above owns each. */
enum state_table {
	STATE_META,		/* state.c: the version of the whole */
	STATE_LISTS,		/* lists.c */
	STATE_INCIDENTS,	/* incidents.c */
	STATE_COUNTS,		/* bulk/countsnapshot.c, of limits */
	STATE_EXEMPTIONS,	/* bulk/exemptions.c */
	STATE_CAMPAIGNS,	/* bulk/campaigns.c */
	STATE_GREYLIST,		/* bulk/greylist.c */
	STATE_HOLDS,		/* holds.c */
	STATE_AUDIT,		/* audit.c; its head is in STATE_META */
	STATE_EVIDENCE,		/* evidencemarks.c */
	STATE_COMPLAINTS,	/* cases/complaintbook.c */
	STATE_CUSTOMERS,	/* cases/customerbook.c, by id */
	STATE_CUSTOMER_KEYS,	/* the same: whose account, network, domain */
	STATE_CASES,		/* cases/caserows.c */
	STATE_INCIDENT_TIMES,	/* incidentrows.c: what leads to incidents */
	STATE_NOTICES,		/* cases/noticebook.c */
	STATE_CUSTOMER_CHANGES,	/* cases/customerchanges.c */
	STATE_DMARC,		/* report/dmarcoutbox.c */
	STATE_TABLES
};

#define STATE_KEY_MAX 511

/* dir must exist. STORE_ERROR_NEWER when a newer Mailreeve wrote it. Once a
 * process and directory. */
struct state *state_open(const char *dir, enum state_flags flags,
			 GError **error) MUST_USE;
/* Accepts NULL, clears the pointer. No transaction may be open. */
void state_close(struct state **state);

/*
 * A snapshot, for reading. Costs about a microsecond; any thread, and it may
 * change threads, but is used by one at a time. To be ended soon: pages are not
 * reused while it lasts. NULL when there are too many readers (1,024).
 */
struct state_txn *state_begin_read(struct state *state, GError **error)
	MUST_USE;
/* Ends on the thread where it began; waits for other writers. */
struct state_txn *state_begin_write(struct state *state, GError **error)
	MUST_USE;
/* On disk when true. The transaction is over in either case. */
bool state_commit(struct state_txn **txn, GError **error) MUST_USE;
/* Ends a read, or forgets what was written. Accepts NULL. */
void state_end(struct state_txn **txn);

/* Values are borrowed until the transaction ends or writes. */
bool state_find(struct state_txn *txn, enum state_table table,
		struct span key, struct span *value_out) MUST_USE;
/* The first entry whose key is at or behind from. */
bool state_seek(struct state_txn *txn, enum state_table table,
		struct span from, struct span *key_out,
		struct span *value_out) MUST_USE;
/* The last entry whose key is before that one. */
bool state_seek_back(struct state_txn *txn, enum state_table table,
		     struct span before, struct span *key_out,
		     struct span *value_out) MUST_USE;
uint64_t state_count(struct state_txn *txn, enum state_table table);
bool state_put(struct state_txn *txn, enum state_table table, struct span key,
	       struct span value, GError **error) MUST_USE;
/* True when it was there. */
bool state_delete(struct state_txn *txn, enum state_table table,
		  struct span key);

/*
 * Whether something could not be read within the last second: then what was not
 * found may be there all the same. The log tells of it (error,
 * "state_unreadable"), once a minute. Any thread; costs one atomic load while
 * all is well.
 */
bool state_is_in_doubt(struct state *state);
/* For who found a value that says nothing: what is an item of, for the log. */
void state_doubt(struct state_txn *txn, const char *what);

/* Another number than before: somebody wrote something since.
 * 0: nobody can tell. */
uint64_t state_mark(struct state *state);

/* Frees the slots of readers that died; for a timer, every minute or so. */
void state_check_readers(struct state *state);

#endif
