/* clamdreply.h - what clamd answers */
#ifndef CONTENT_CLAMDREPLY_H
#define CONTENT_CLAMDREPLY_H

#include "base/span.h"

#define CLAMDREPLY_TEXT_SIZE 128

enum clamdreply_kind {
	CLAMDREPLY_CLEAN,
	CLAMDREPLY_FOUND,	/* text is the virus's name */
	CLAMDREPLY_TOO_LONG,	/* past its StreamMaxLength: nothing was
				 * scanned */
	CLAMDREPLY_ERROR,	/* it could not scan; text is what it says */
	CLAMDREPLY_NONSENSE,	/* text is its beginning */
};

/* text is printable ASCII, cut where it is too long, and may be empty but for
 * CLAMDREPLY_FOUND. */
struct clamdreply {
	enum clamdreply_kind kind;
	char text[CLAMDREPLY_TEXT_SIZE];
};

/* One answer to INSTREAM, without the NUL behind it. Pure; any thread. */
struct clamdreply clamdreply_parse(struct span line);

#endif
