/* sendmail.h - hands a message to the MTA through its sendmail(1) */
#ifndef MESSAGE_SENDMAIL_H
#define MESSAGE_SENDMAIL_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

struct sendmail_mail {
	const char *program;		/* words, quoted as in a shell;
					 * none runs */
	struct span sender;		/* of the envelope; empty: <> */
	const char *const *to;		/* ends with NULL; may begin with - */
	struct span bytes;		/* whole message; lines end with LF */
};

struct sendmail_job;

enum sendmail_end {
	SENDMAIL_RUNS,
	SENDMAIL_TAKEN,
	SENDMAIL_FAILED,	/* it said so itself */
	SENDMAIL_LOST,		/* it was killed: nobody knows whether it had
				 * taken it */
};

/*
 * Starts the program, with the message in a file without a name: who reads it
 * can be as slow as he likes. NULL with error: it cannot be started.
 */
struct sendmail_job *sendmail_start(const struct sendmail_mail *mail,
				    GError **error) MUST_USE;
/*
 * Whether it is over; when so the job is freed, and the pointer NULL. An error
 * has the exit status and the first line that the program wrote, escaped. One
 * that runs for limit_ms by now (0: for ever) is killed, and lost.
 */
enum sendmail_end sendmail_poll(struct sendmail_job **job, int64_t limit_ms,
				GError **error) MUST_USE;
/* From the start to the end; true: the MTA has the message. */
bool sendmail_run(const struct sendmail_mail *mail, int64_t limit_ms,
		  GError **error) MUST_USE;

#endif
