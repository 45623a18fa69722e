/* customerform.h - a customer as the disk has him */
#ifndef CASES_CUSTOMERFORM_H
#define CASES_CUSTOMERFORM_H

#include "cases/customerentry.h"

/* The value of a table, in arena. */
struct span customerform_pack(const struct customer_entry *entry,
			      struct arena *arena);
/* What is on disk is a stranger's: false when the bytes are none. In arena. */
bool customerform_unpack(struct span value, struct arena *arena,
			 struct customer_entry *out) MUST_USE;

#endif
