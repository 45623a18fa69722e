/* dmarctargets.h - who is to get a domain's aggregate reports,
 * as the DNS says now */
#ifndef REPORT_DMARCTARGETS_H
#define REPORT_DMARCTARGETS_H

#include "base/arena.h"
#include "resolver/dnsanswer.h"
#include "settings/settings.h"

#include <glib.h>
#include <stdint.h>

struct dmarctarget {
	const char *address;
	uint64_t most_bytes;		/* of the whole mail; 0: no limit */
};

/* Asks and waits for the answer; it lives as long as the asker. */
typedef const struct dnsanswer *dmarctargets_ask_fn(void *asker,
						    const char *name);

struct dmarctargets {
	bool is_settled;		/* false: the DNS is in trouble,
					 * ask later */
	GArray *found;			/* of struct dmarctarget; texts in
					 * the arena */
	GString *why;			/* of each that was left out, "; "
					 * between */
};

/*
 * The policy of domain, anew, with rua= of its record, and for each address in
 * another organisation whether that wants them (RFC 7489, 7.1), which may name
 * another address there instead. At most as many as dmarc_reports.destinations.
 * ask is for TXT records.
 */
struct dmarctargets dmarctargets_find(const struct settings *settings,
				      const char *domain,
				      dmarctargets_ask_fn *ask, void *asker,
				      struct arena *arena) MUST_USE;
void dmarctargets_release(struct dmarctargets *targets);

#endif
