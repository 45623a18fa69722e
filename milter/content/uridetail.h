/* uridetail.h - uri_detail rules: conditions that one URI must meet together */
#ifndef CONTENT_URIDETAIL_H
#define CONTENT_URIDETAIL_H

#include "content/pattern.h"
#include "message/uris.h"

struct uridetail;

/* Reads "text =~ /click/i raw !~ m{example}". NULL and the error. */
struct uridetail *uridetail_parse(const char *text, GError **error) MUST_USE;
/* Accepts NULL. */
void uridetail_free(struct uridetail *detail);

/* All that is known of each URI of a message: as written, what it is made to,
 * where it stands, what is shown for it. */
struct uridetails;

/* uris of uris_collect(), of the same text; borrowed. In the
 * arena of its mime. */
struct uridetails *uridetails_make(const GArray *uris,
				   const struct bodytext *text);
/* One that meets all conditions, as it is written; NULL: none does. */
const char *uridetail_find(const struct uridetail *detail,
			   const struct uridetails *all);

#endif
