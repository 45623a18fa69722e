/* lists.h - whom operators let in or keep out, and whose mail is
 * evidence, in force at once */
#ifndef STORE_LISTS_H
#define STORE_LISTS_H

#include "base/arena.h"
#include "base/netaddr.h"
#include "store/state.h"

/* On disk: never renumber. */
enum list_which {
	LIST_WELCOME = 1, LIST_BLOCK = 2, LIST_EVIDENCE = 3,
	LIST_WATCHED = 4,	/* these two by cases
				 * (cases/casebook.h) alone; */
	LIST_SUSPENDED = 5,	/* reason is the case's id */
};

enum list_kind {
	LIST_ADDRESS = 1,	/* one IP address of a client */
	LIST_NETWORK = 2,	/* address/prefix */
	LIST_ACCOUNT = 3,	/* login; without regard to case */
	LIST_SENDER = 4,	/* envelope sender; without regard to case */
	LIST_DOMAIN = 5,	/* of the sender; .example.org: its
				 * subdomains */
	LIST_FINGERPRINT = 6,	/* see bulk/fingerprint.h; case counts */
	LIST_CUSTOMER = 7,	/* id in the book of customers */
};

/* "welcome", "address" and so on; the parsers know the same words. */
const char *list_which_word(enum list_which which);
const char *list_kind_word(enum list_kind kind);
bool list_which_parse(struct span word, enum list_which *which_out) MUST_USE;
bool list_kind_parse(struct span word, enum list_kind *kind_out) MUST_USE;

#define LIST_VALUE_MAX 400	/* bytes of an account, sender or domain */
#define LIST_REASON_MAX 1000

struct list_entry {
	enum list_which which;
	enum list_kind kind;
	const char *value;		/* in its one form */
	const char *reason;		/* "" when none was given */
	const char *operator_name;	/* who added it */
	int64_t created_us;
	int64_t expires_us;		/* 0: never */
};

/*
 * Adds an entry, or puts it in the place of the one with the same which, kind
 * and value. STORE_ERROR_INVALID says what is wrong with the value.
 */
bool lists_add(struct state *state, const struct list_entry *entry,
	       GError **error) MUST_USE;
/* STORE_ERROR_MISSING when there is none. */
bool lists_remove(struct state *state, enum list_which which,
		  enum list_kind kind, struct span value, GError **error)
	MUST_USE;

/* The same within a write of the caller's, who ends it in any case. */
bool lists_put(struct state_txn *txn, const struct list_entry *entry,
	       GError **error) MUST_USE;
/* True when it was there. */
bool lists_drop(struct state_txn *txn, enum list_which which,
		enum list_kind kind, struct span value);
/* The one form of a value, as it is kept; NULL: STORE_ERROR_INVALID. */
const char *lists_form(enum list_kind kind, struct span value,
		       struct arena *arena, GError **error) MUST_USE;

/* The entry is borrowed for the call; false ends. Expired ones
 * are given too. */
typedef bool list_take_fn(const struct list_entry *entry, void *context);
/* which or kind 0: all. In order of which, kind and value. */
bool lists_each(struct state *state, unsigned int which, unsigned int kind,
		list_take_fn *take, void *context, GError **error) MUST_USE;

/*
 * For the mail path: whether the list has it now, expired entries apart. A
 * state that cannot be read has nothing, and is in doubt (state.h). value is a
 * login, a sender as mailaddr_format() writes it, or a domain of A-labels,
 * which is also looked for under the .patterns that cover it. entry_out may be
 * NULL; its texts live in arena. Any thread.
 */
bool lists_find(struct state *state, enum list_which which,
		enum list_kind kind, struct span value, int64_t now_us,
		struct arena *arena, struct list_entry *entry_out);
/* LIST_ADDRESS, then the longest LIST_NETWORK around it. */
bool lists_find_client(struct state *state, enum list_which which,
		       const struct netaddr *addr, int64_t now_us,
		       struct arena *arena, struct list_entry *entry_out);

/* Deletes what expired; count_out (may be NULL) says how many. */
bool lists_expire(struct state *state, int64_t now_us, uint64_t *count_out,
		  GError **error) MUST_USE;

#endif
