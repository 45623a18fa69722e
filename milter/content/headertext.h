/* headertext.h - header fields in the forms in which rules ask for them */
#ifndef CONTENT_HEADERTEXT_H
#define CONTENT_HEADERTEXT_H

#include "content/ruleset.h"
#include "message/mailbox.h"
#include "message/mime.h"
#include "message/received.h"

/* What was made of a field already; NULL: not yet. */
struct field_memory {
	const char *decoded;
	const struct mailbox_list *boxes;
};

/* A message's header, and what is made of it. */
struct header_source {
	const struct transaction *tx;
	struct arena *arena;
	struct relays relays;		/* see received_collect() */
	struct field_memory *fields;	/* by place in the header */
	GString *room;			/* in which a text is put together */
};

struct header_source headertext_source(const struct transaction *tx,
				       const GPtrArray *origins,
				       struct arena *arena);

/* What is not in the arena. */
void headertext_release(struct header_source *source);

/* The addresses in a field of its. */
struct mailbox_list headertext_boxes(const struct header_source *source,
				     const struct header *header);

/* Which names a message's fields have, by hash: most specs ask for one
 * that is not there. */
struct header_names {
	uint64_t bits[4];
};

/* Copies the name. */
void headertext_set_name(struct header_spec *spec, const char *name);
struct header_names headertext_names(const GArray *headers);
/* False: headertext_get() would find nothing. */
bool headertext_may_have(const struct header_names *names,
			 const struct header_spec *spec);

/*
 * What "Name", "Name:raw", "Name:addr", "Name:name", "ALL", "ALL-EXTERNAL",
 * "ToCc", "MESSAGEID", "EnvelopeFrom" or "X-Spam-Relays-External" (and their
 * like) stands for: the values of all fields of that name, each with LF behind
 * it; of addresses the first, bare. In the arena; false: there is none.
 */
bool headertext_get(const struct header_source *source,
		    const struct header_spec *spec, struct span *text_out);
/* The same of one part's own fields. */
bool headertext_of_part(const struct mime_part *part,
			const struct header_spec *spec, struct arena *arena,
			struct span *text_out);

#endif
