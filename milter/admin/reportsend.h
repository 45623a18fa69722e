/* reportsend.h - where a report goes: to addresses, a file, or
 * standard output */
#ifndef ADMIN_REPORTSEND_H
#define ADMIN_REPORTSEND_H

#include "admin/admin.h"
#include "report/reportmail.h"

#define REPORTSEND_BYTES_MAX ((size_t)25 << 20)	/* what many an MTA takes */

/* The options of those that send; to be released. */
struct reportsend {
	char **to;			/* NULL: it is written */
	char *output;
	gboolean is_dry;		/* the mail is written, not sent */
	int fd;				/* -1 until opened */
};

#define REPORTSEND_ENTRIES(send) \
	{ "to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(send)->to, \
	  "Send it there, as a mail; may be given several times", \
	  "ADDRESS" }, \
	{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &(send)->is_dry, \
	  "Write the mail that --to would send", NULL }, \
	{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &(send)->output, \
	  "A new file, not standard output", "FILE" }

/* Exit status; the message is out. As the caller: before admin_load().
 * is_bytes: what is written is for no terminal. */
int reportsend_open(struct reportsend *send, const struct command *self,
		    bool is_bytes) MUST_USE;
bool reportsend_is_mail(const struct reportsend *send);
/* A whole mail: sent, or written. */
int reportsend_mail(struct reportsend *send, const struct admin *admin,
		    const struct command *self,
		    const GByteArray *mail) MUST_USE;
/* Whether others get it; and whom, in words ("" when not; free it). */
bool reportsend_is_sent(const struct reportsend *send);
char *reportsend_where(const struct reportsend *send) MUST_USE;
/* Closes what was opened; status, or why not all could be written. */
int reportsend_release(struct reportsend *send, const struct command *self,
		       int status) MUST_USE;

#endif
