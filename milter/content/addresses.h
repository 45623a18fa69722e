/* addresses.h - whom a message says that it is from, and for */
#ifndef CONTENT_ADDRESSES_H
#define CONTENT_ADDRESSES_H

#include "content/headertext.h"

#define ADDRESSES_MAX 1000	/* of one message's fields, and as many of its
				 * senders or recipients */

/* All that stand in the fields of that name ("EnvelopeFrom" too), in lower
 * case, once each. NULL ends them; in the source's arena. */
const char *const *addresses_of(const struct header_source *source,
				const char *name);

/* Of From and the envelope; of Resent-From alone, where it is there. */
const char *const *addresses_senders(const struct header_source *source);
/* Of To, Cc, and what MTAs write of the envelope. */
const char *const *addresses_recipients(const struct header_source *source);

#endif
