/* incidents.h - what the abuse desk should know of, in state.mdb */
#ifndef STORE_INCIDENTS_H
#define STORE_INCIDENTS_H

#include "store/lists.h"
#include "store/state.h"

/*
 * An incident is of a kind ("limit"), about a key ("account-messages alice"),
 * and lasts: what happens again before it was quiet for a while joins it, so
 * that a flood is one incident with a count, not a thousand.
 */
struct incident {
	const char *kind, *key;
	const char *text;		/* the latest sentence */
	int64_t first_us, last_us;
	uint64_t count;
	struct incident_subject {
		enum list_kind kind;
		const char *value;	/* "" or NULL: none of ours */
	} subject;			/* who did it, for a case about him */
	bool is_in_case;
	int64_t caused_us;		/* when that mail was; 0: at first_us */
	unsigned case_kind;		/* of the case that it makes, as cases/
					 * has it; 0: by kind */
};

#define INCIDENT_KEY_MAX 300	/* bytes; kinds are ours and short */
#define INCIDENTS_WAITING_MAX 10000
#define INCIDENTS_MAX 1000000
#define INCIDENTS_EXPIRED_MOST 10000	/* in one write */
#define INCIDENTS_KEEP_US (INT64_C(90) * 86400 * 1000000)

/*
 * From the mail path: queues, in memory, and returns at once. Any thread. All
 * of a kind and key that wait are one. Past INCIDENTS_WAITING_MAX of them what
 * is new is dropped, and counted: a stranger could fill memory otherwise.
 */
void incidents_note(const char *kind, const char *key, const char *text,
		    int64_t quiet_us, int64_t now_us);
/* The same about one of ours, which is to be (in) a case. */
void incidents_note_about(struct incident_subject subject, const char *kind,
			  const char *key, const char *text, int64_t quiet_us,
			  int64_t now_us);
/* The same, all but is_in_case being filled in: of what was told
 * later than it was. */
void incidents_note_late(const struct incident *incident, int64_t quiet_us);
/* Within a write of the caller's: it is in a case now. */
bool incidents_set_in_case(struct state_txn *txn,
			   const struct incident *incident, GError **error)
	MUST_USE;
/*
 * From a timer: writes what waits. A log line (warning, "incident") tells each
 * that is new. False: it still waits. Past INCIDENTS_MAX on disk new ones are
 * only logged.
 */
bool incidents_flush(struct state *state, GError **error) MUST_USE;
/* Who is told of each that is new, once it is on disk; NULL: nobody. Borrowed
 * for the call, on the thread that writes. */
typedef void incidents_listener_fn(const struct incident *incident);
void incidents_set_listener(incidents_listener_fn *listener);
/* Those whose last time is older than INCIDENTS_KEEP_US; INCIDENTS_EXPIRED_MOST
 * of them, and the rest at the next calls. */
bool incidents_expire(struct state *state, int64_t now_us, GError **error)
	MUST_USE;

/* Borrowed for the call; false ends. All, the one that was last
 * seen last first. */
typedef bool incident_take_fn(const struct incident *incident, void *context);
bool incidents_each(struct state *state, incident_take_fn *take,
		    void *context, GError **error) MUST_USE;
/* The same, of those that were last seen before then (all: INT64_MAX), and of a
 * kind alone (NULL: any). What is read costs, not what is there. */
bool incidents_each_before(struct state *state, int64_t before_us,
			   const char *kind, incident_take_fn *take,
			   void *context, GError **error) MUST_USE;
/* Those about one of ours that are in no case yet, the first to begin first. */
bool incidents_each_waiting(struct state *state, incident_take_fn *take,
			    void *context, GError **error) MUST_USE;

#endif
