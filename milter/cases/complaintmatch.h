/* complaintmatch.h - which of our records a complaint is about */
#ifndef CASES_COMPLAINTMATCH_H
#define CASES_COMPLAINTMATCH_H

#include "cases/complaintbook.h"

/* How far the questions for one complaint have come; zeroed, it begins. */
struct complaint_search {
	int64_t until_us;		/* by clock_monotonic_us(): no question
					 * is begun after it but one; 0: for as
					 * long as it takes */
	size_t asked;
	bool is_over;			/* else the next call goes on */
};

/*
 * By Message-ID; else by a queue id of its Received fields together with
 * sender, recipient or client; else by sender, recipient and time, when there
 * is just one. What is in a complaint is a stranger's word, so one fact alone
 * is enough only where it cannot be guessed. Each question is one search; what
 * it found says nothing until search->is_over. None found is no error. Texts
 * live in the arena.
 */
bool complaintmatch_find(const char *state_dir,
			 const struct complaint *complaint,
			 struct complaint_search *search, struct arena *arena,
			 struct complaint_match *match_out, GError **error)
	MUST_USE;
/* The record that an operator names. STORE_ERROR_MISSING when there is none. */
bool complaintmatch_record(const char *state_dir, uint64_t id,
			   struct arena *arena,
			   struct complaint_match *match_out, GError **error)
	MUST_USE;

#endif
