/* resolver.h - one DNS cache for everything, with deadlines */
#ifndef RESOLVER_RESOLVER_H
#define RESOLVER_RESOLVER_H

#include "resolver/dnsanswer.h"

#include <pthread.h>

struct resolver;
struct resolver_settings;
struct question;

struct resolver_stats {
	int64_t questions;	/* asked by messages */
	int64_t hits;		/* answered from the cache at once */
	int64_t joined;		/* the same was being asked already */
	int64_t sent;		/* given to libunbound */
	int64_t timeouts, failures;	/* of those sent */
	int64_t evicted;	/* before their time, for room */
	int64_t entries, bytes;	/* in the cache now */
};

/*
 * One a process, and never across a fork(). settings is borrowed for the call:
 * timeout and failure_ttl are taken from it, others can be set later. Error
 * when libunbound refuses them.
 */
struct resolver *resolver_open(const struct resolver_settings *settings,
			       GError **error) MUST_USE;
/* No inquiry may be left. */
void resolver_close(struct resolver **resolver);
/* After a reload. Any thread. */
void resolver_set_times(struct resolver *resolver, int64_t timeout_ms,
			int64_t failure_ttl_ms);
void resolver_stats(struct resolver *resolver, struct resolver_stats *out);

/* Asks so that the answer is in the cache soon; waits for nothing. Any
 * thread. A name that cannot be asked is not. */
void resolver_prefetch(struct resolver *resolver, const char *name,
		       enum dns_type type);

/*
 * For inquiry.c. A question asked: answered at once from the cache, else
 * pending; the waiter is signalled when its answer comes, under the lock. The
 * caller owns a reference.
 */
struct question *resolver_ask(struct resolver *resolver, const char *name,
			      enum dns_type type, pthread_cond_t *waiter)
	MUST_USE;
/* NULL while it is pending; lives as long as the reference. */
const struct dnsanswer *question_answer(struct question *question);
/* waiter as given to resolver_ask(): it is not signalled any more. */
void question_drop(struct resolver *resolver, struct question *question,
		   pthread_cond_t *waiter);
/* Waits for a signal to waiter until then (CLOCK_MONOTONIC), unless one of
 * the questions has been answered already; false: time is up. */
bool resolver_wait(struct resolver *resolver, pthread_cond_t *waiter,
		   struct question *const *pending, size_t count,
		   int64_t until_us);
void resolver_init_waiter(pthread_cond_t *waiter);

#endif
