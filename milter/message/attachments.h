/* attachments.h - the files in a message: their names, types,
 * and what is in them */
#ifndef MESSAGE_ATTACHMENTS_H
#define MESSAGE_ATTACHMENTS_H

#include "message/mime.h"
#include "message/packed.h"

struct attachment {
	const struct mime_part *part;	/* its type is the declared one */
	const char *name;		/* valid UTF-8; "": none */
	const char *other_name;		/* NULL, or another that is
					 * given, too */
	enum filetype type;		/* by its bytes */
	bool has_macro;			/* an office file with a
					 * program in it */
};

struct attachments {
	GArray *all;			/* of struct attachment, outer
					 * ones first */
	struct packed packed;		/* what is inside archives */
};

/*
 * Each part that contains no others, and has a file's name, or is said to be an
 * attachment, or is no text; and messages that have a file's name. Texts live
 * in the arena of mime, which is borrowed for as long. Takes as long as limits
 * say at most; any thread.
 */
struct attachments *attachments_collect(const struct mime *mime,
					const struct limits *limits);
void attachments_free(struct attachments *attachments);

/* Which limits the archives met: "depth, time"; in the arena. */
const char *attachments_limits_met(const struct attachments *attachments);

#endif
