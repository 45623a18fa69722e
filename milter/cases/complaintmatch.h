/* complaintmatch.h - which of our records a complaint is about */
#ifndef CASES_COMPLAINTMATCH_H
#define CASES_COMPLAINTMATCH_H

#include "cases/complaintbook.h"

/*
 * By Message-ID; else by a queue id of its Received fields together with sender,
 * recipient or client; else by sender, recipient and time, when there is just one.
 * What is in a complaint is a stranger's word, so one fact alone is enough only
 * where it cannot be guessed. None found is no error. Texts live in the arena.
 */
bool complaintmatch_find(const char *state_dir,
			 const struct complaint *complaint,
			 struct arena *arena, struct complaint_match *match_out,
			 GError **error) MUST_USE;
/* The record that an operator names. STORE_ERROR_MISSING when there is none. */
bool complaintmatch_record(const char *state_dir, uint64_t id,
			   struct arena *arena,
			   struct complaint_match *match_out, GError **error)
	MUST_USE;

#endif
