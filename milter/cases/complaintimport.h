/* complaintimport.h - a mail to the abuse desk becomes a
 * complaint in the state */
#ifndef CASES_COMPLAINTIMPORT_H
#define CASES_COMPLAINTIMPORT_H

#include "cases/complaintmatch.h"
#include "settings/settings.h"

struct complaint_import {
	const struct settings *settings;
	struct state *state;
	const char *operator_name;	/* "": the daemon itself */
	int64_t now_us;
	struct complaint_search *search;	/* NULL: for as long as
						 * it takes */
};

struct complaint_imported {
	enum complaint_refusal refusal;
	char why[200];			/* when it is refused */
	bool is_letter;			/* refused: a letter of ours came back,
					 * which why tells */
	enum complaint_outcome outcome;	/* when not */
	uint64_t number;
	size_t record_count;
	bool is_unfinished;		/* nothing is stored: the same again
					 * goes on with import->search */
};

/* Reads, finds the records, and stores; the incident goes to incidents.h. A
 * bounce of a letter of a case is noted there (noticebounce.h). False: it could
 * not be stored; whatever the mail is, is an answer. */
bool complaintimport_take(const struct complaint_import *import,
			  struct span bytes, struct complaint_imported *out,
			  GError **error) MUST_USE;
/* The same for what is known already. */
bool complaintimport_add(const struct complaint_import *import,
			 struct complaint_entry *entry, struct arena *arena,
			 struct complaint_imported *out, GError **error)
	MUST_USE;
/* A matched one is an incident of its customer, else account, else client's
 * address, and makes a case of complaintkind_of(), if any. */
void complaintimport_note(const struct complaint_entry *entry,
			  const struct settings *settings, int64_t now_us);

#endif
