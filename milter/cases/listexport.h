/* listexport.h - who is warned, watched or suspended, as files
 * for other programs */
#ifndef CASES_LISTEXPORT_H
#define CASES_LISTEXPORT_H

#include "cases/casestate.h"
#include "store/lists.h"

enum listexport_format {
	LISTEXPORT_PLAIN,	/* kind, value and case */
	LISTEXPORT_POSTFIX,	/* access(5) */
	LISTEXPORT_NFTABLES,	/* a file for nft -f: one table, two sets */
	LISTEXPORT_RADIUS,	/* a users file, of who is suspended alone */
	LISTEXPORT_FORMATS
};

struct listexport {
	enum case_state state;		/* warned, watched or suspended */
	enum listexport_format format;
	enum list_kind kind;		/* 0: all that the format can have */
};

const char *listexport_format_word(enum listexport_format format);
/* NULL, or what is wrong with what is asked for, as a sentence. */
const char *listexport_refuse(const struct listexport *what);

/* As of now; the caller's. A value that would break the format is left out, and
 * a comment names its case. */
GString *listexport_text(struct state *state, const struct listexport *what,
			 int64_t now_us, GError **error) MUST_USE;

#endif
