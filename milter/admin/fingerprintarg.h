/* fingerprintarg.h - which fingerprint an operator means */
#ifndef ADMIN_FINGERPRINTARG_H
#define ADMIN_FINGERPRINTARG_H

#include "admin/admin.h"
#include "store/lists.h"

/*
 * Puts a fingerprint as text in the place of entry->value: a campaign (16
 * digits, as bulk top has it), the id of a record, a file with a message, or
 * such a text itself. The value lives in arena. An exit status, and what is
 * wrong is said.
 */
int fingerprintarg_resolve(struct admin *admin, const struct command *self,
			   struct state *state, struct arena *arena,
			   struct list_entry *entry);

#endif
