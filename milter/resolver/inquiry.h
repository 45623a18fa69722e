/* inquiry.h - all the DNS questions of one message, within one budget */
#ifndef RESOLVER_INQUIRY_H
#define RESOLVER_INQUIRY_H

#include "resolver/dnsanswer.h"

#define INQUIRY_RESERVE 300

struct inquiry;
struct resolver;
struct resolver_settings;

/*
 * Questions that are asked at once and collected when needed, so that their
 * waits overlap. budget and questions are taken from the settings. One thread
 * at a time. NULL for a resolver of NULL.
 */
struct inquiry *inquiry_new(struct resolver *resolver,
			    const struct resolver_settings *settings) MUST_USE;
/* Accepts NULL. Answers that it gave end with it. */
void inquiry_free(struct inquiry *inquiry);

/*
 * NULL: the answer is not there yet, ask again after inquiry_wait(). Never
 * blocks. A name that cannot be asked gives NXDOMAIN; a question past the limit
 * NODATA, since a message that asks too much must not pass for one whose DNS is
 * in trouble; one that is still open when the budget is spent, and any question
 * of an inquiry that is NULL, TIMEOUT.
 */
const struct dnsanswer *inquiry_ask(struct inquiry *inquiry, const char *name,
				    enum dns_type type);
struct dns_asker inquiry_asker(struct inquiry *inquiry);
/* One whose questions have room of their own, INQUIRY_RESERVE more, so that
 * others cannot use it up: for what decides about the message. */
struct dns_asker inquiry_reserved_asker(struct inquiry *inquiry);

/* Blocks until one more of the open questions is answered, or the budget is
 * spent: then all of them are. False when none was open. */
bool inquiry_wait(struct inquiry *inquiry);

/* Time spent waiting so far. */
int64_t inquiry_waited_us(const struct inquiry *inquiry);
/* The budget was spent, or the limit of questions reached. */
bool inquiry_is_exhausted(const struct inquiry *inquiry);

#endif
