/* evidencefolder.h - a record, its original and its proof as a
 * folder of a ZIP */
#ifndef ADMIN_EVIDENCEFOLDER_H
#define ADMIN_EVIDENCEFOLDER_H

#include "admin/evidencefind.h"
#include "admin/evidencezip.h"

/* README.txt, original.eml, facts.json and proof.json below folder. */
bool evidencefolder_add(struct evidencezip *zip, const char *folder,
			const char *state_dir,
			const struct evidencefind_item *item,
			const GByteArray *original, GError **error) MUST_USE;
/* Of a record without an original: facts.json and proof.json. */
bool evidencefolder_add_record(struct evidencezip *zip, const char *folder,
			       const char *state_dir,
			       const struct search_hit *hit, GError **error)
	MUST_USE;

#endif
