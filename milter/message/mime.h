/* mime.h - the parts of a message (RFC 2045, 2046), however broken it is */
#ifndef MESSAGE_MIME_H
#define MESSAGE_MIME_H

#include "message/transaction.h"

#define MIME_DEPTH_MAX 20	/* parts within parts that are taken apart */
#define MIME_PARTS_MAX 1000

enum mime_flaw {
	MIME_FLAW_DEPTH = 1 << 0,	/* nested deeper than MIME_DEPTH_MAX */
	MIME_FLAW_PARTS = 1 << 1,	/* more than MIME_PARTS_MAX */
	MIME_FLAW_NO_HEADER = 1 << 2,	/* a part without any field */
	MIME_FLAW_NO_BLANK = 1 << 3,	/* no blank line behind a
					 * part's header */
	MIME_FLAW_EPILOGUE = 1 << 4,	/* text behind the last boundary */
	MIME_FLAW_CUT = 1 << 5,		/* limits.body left its end out */
};

/* All texts live in the arena, and are never NULL unless it is said. */
struct mime_part {
	const char *type;		/* "text/html", lower case */
	const char *charset;		/* as declared; NULL: not */
	const char *name;		/* of a file; NULL: none */
	const char *other_name;		/* that the type gives; NULL:
					 * the same */
	const char *encoding;		/* of the transfer, lower case; "" */
	GArray *headers;		/* of struct header */
	struct span raw;		/* the body, lines ending in LF */
	struct span decoded;		/* see mime_decode() */
	const struct mime_part *parent;	/* NULL: the message itself */
	unsigned depth;			/* 0: the message itself */
	bool is_leaf, is_decoded;
	bool has_type;			/* it said so itself */
};

struct mime {
	struct arena *arena;
	GPtrArray *parts;		/* of struct mime_part *, as
					 * they stand */
	GPtrArray *leaves;		/* those that contain no others */
	struct span text;		/* header and body with LF, whole */
	struct span body;		/* behind the blank line */
	unsigned flaws;			/* enum mime_flaw */
};

/*
 * Takes header and body, as far as the limits kept them, apart. The result
 * lives in arena, which lives as long as the transaction; free its arrays with
 * mime_release(). GMime's own parser makes objects for each part and stops deep
 * within, so parts are found here, and only what stands in them is left to it.
 */
struct mime *mime_parse(const struct transaction *tx, struct arena *arena);
void mime_release(struct mime *mime);

/* A part's body without its transfer encoding, once; text with LF. */
struct span mime_decode(struct mime_part *part, struct arena *arena);
/* The first bytes of what the encoding stands for, line ends as they are; at
 * least so many where there are so many, and at most some more. */
GByteArray *mime_decode_bytes(const struct mime_part *part, size_t bytes);
/* The last field of that name in a part; NULL: none. */
const struct header *mime_header(const struct mime_part *part,
				 const char *name);
/* The type, but text/html where the file's name says so. */
const char *mime_effective_type(const struct mime_part *part);

#endif
