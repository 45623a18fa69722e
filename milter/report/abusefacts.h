/* abusefacts.h - what a report of abuse says of one message */
#ifndef REPORT_ABUSEFACTS_H
#define REPORT_ABUSEFACTS_H

#include "base/arena.h"
#include "report/reportsettings.h"
#include "store/record.pb-c.h"

#include <glib.h>
#include <stdint.h>

/* Texts are valid UTF-8 without control characters; NULL where
 * nothing is known. */
struct abusefacts {
	const struct report_settings *reporter;	/* borrowed */
	const char *host;		/* that took the message, or
					 * refused it */
	const char *record_id;
	int64_t time_us;		/* when it ended */
	const char *client;		/* address */
	uint32_t client_port;		/* 0: not known */
	const char *client_name, *helo, *account;
	const char *sender;		/* "<>" for the null sender */
	GPtrArray *recipients;		/* of const char * */
	const char *queue_id, *message_id, *from, *subject;
	const char *verdict;
	GPtrArray *findings;		/* of const char *: symbols */
	bool is_virus, is_trap;
	const char *sha256;		/* of the original, if one was
					 * kept: hex */
	const GByteArray *original;	/* borrowed; NULL: it was not kept */
	bool is_whole;			/* the original: no limit cut it */
	/* For who adds them; all borrowed, and NULL or false if not. */
	const GByteArray *header;	/* in place of the original: redacted */
	bool is_redacted;
	const char *case_id;
	const GPtrArray *others;	/* of char *, a line each: more of
					 * the case */
};

/* From a message's record; texts live in arena, arrays until
 * abusefacts_release(). The original is the caller's to add. */
void abusefacts_init(struct abusefacts *facts, const Reeve__Record *record,
		     const struct report_settings *reporter, const char *host,
		     struct arena *arena);
void abusefacts_release(struct abusefacts *facts);

/* A stranger's bytes, made harmless for headers and lines; NULL
 * when there are none. */
const char *abusefacts_text(struct span bytes, struct arena *arena);
/* RFC 3339, UTC. */
const char *abusefacts_when(int64_t time_us, struct arena *arena);
const char *abusefacts_time(const struct abusefacts *facts,
			    struct arena *arena);

#endif
