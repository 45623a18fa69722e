/* complaintform.h - a complaint as state.mdb has it */
#ifndef CASES_COMPLAINTFORM_H
#define CASES_COMPLAINTFORM_H

#include "cases/complaintbook.h"

/* Cuts what is longer than COMPLAINT_TEXT_MAX and COMPLAINT_KEPT_BYTES. The
 * number is not in it: that is the key. Free it. */
uint8_t *complaintform_pack(const struct complaint_entry *entry,
			    size_t *len_out) MUST_USE;
/* What is on disk is a stranger's: false when it is none. All lives in the
 * arena; the number is 0. */
bool complaintform_read(struct span value, struct arena *arena,
			struct complaint_entry *out) MUST_USE;

#endif
