/* evidenceproof.h - what somebody else needs to check a record by himself */
#ifndef ADMIN_EVIDENCEPROOF_H
#define ADMIN_EVIDENCEPROOF_H

#include "admin/evidencefind.h"

#include <jansson.h>

/* A new reference: recordsproof.h, and the original's hash. NULL with error. */
json_t *evidenceproof_object(const char *state_dir,
			     const struct evidencefind_item *item,
			     GError **error) MUST_USE;
/* What is in the folder of an export, for people; free it. */
char *evidenceproof_readme(const struct evidencefind_item *item) MUST_USE;

#endif
