/* spfcheck.h - check_host() of RFC 7208, by the letter */
#ifndef SENDER_SPFCHECK_H
#define SENDER_SPFCHECK_H

#include "base/arena.h"
#include "base/netaddr.h"
#include "message/auth.h"
#include "resolver/dnsanswer.h"

/* Borrowed for the call. */
struct spf_query {
	struct dns_asker dns;
	struct netaddr client;
	const char *scope;		/* "mfrom" or "helo" */
	struct span local;		/* empty: postmaster */
	const char *domain;		/* A-labels */
	const char *helo;		/* "" when none was said */
	const char *receiver;
	int64_t now_s;
	int64_t lookups, void_lookups;	/* limits: RFC 7208, 4.6.4 */
};

/*
 * Pure but for the questions it asks. False when it cannot go on without an
 * answer that is not there yet: call it again, from the start, when one has
 * come. True: *spf_out is filled, its texts in the arena. What else could be
 * needed is asked early, so that waits overlap.
 */
bool spfcheck_run(const struct spf_query *query, struct arena *arena,
		  struct auth_spf *spf_out) MUST_USE;

/* Printable ASCII only, cut: what a stranger published, fit for a reply. */
const char *spfcheck_clean(struct span text, struct arena *arena);

#endif
