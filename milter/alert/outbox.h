/* outbox.h - a thread that runs programs and posts, so that
 * nobody else waits */
#ifndef ALERT_OUTBOX_H
#define ALERT_OUTBOX_H

#include "base/guard.h"

#include <glib.h>
#include <stdatomic.h>
#include <stdint.h>

#define OUTBOX_MAX 1000		/* jobs that wait; more are dropped,
				 * and logged */
#define OUTBOX_TRIES 5		/* then it is given up */

/*
 * One job. run is called on the outbox's thread, until it returns true; a false
 * is tried again after 10 s, 20 s, 40 s and so on. It has to heed
 * is_cancelled, or be short. free is called once, on whatever thread.
 */
struct outbox_job {
	const char *what;		/* for the log; borrowed for ever */
	char *once;			/* owned; a waiting job with the same
					 * one is enough, and it goes before
					 * those with NULL, of which each
					 * counts; never dropped */
	bool (*run)(void *context, const atomic_bool *is_cancelled,
		    GError **error);
	void (*free)(void *context);
	void *context;
};

/* A thread of its own; each may be called where there is none, and does nothing
 * but free the job then. tick is called there every second. */
bool outbox_open(void (*tick)(void), GError **error) MUST_USE;
/* Ends what runs, and logs how many jobs were not done. */
void outbox_close(void);
bool outbox_is_open(void);

/* Takes the job over, and returns at once. Any thread. */
void outbox_put(const struct outbox_job *job);

/* Since the start. Any thread. */
struct outbox_counts { uint64_t done, failed, dropped, waiting; };
struct outbox_counts outbox_counts(void);

#endif
