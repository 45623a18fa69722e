/* casenotice.h - letters to customers, by the verbs of case */
#ifndef ADMIN_CASENOTICE_H
#define ADMIN_CASENOTICE_H

#include "admin/admin.h"
#include "cases/casebook.h"

#include <jansson.h>

/* What an operator asks of the letter that a step sends. */
struct casenotice {
	gboolean is_wanted, is_unwanted;	/* neither: cases.notices */
	gboolean is_dry;			/* show it, and do nothing */
	char *remark, *language;		/* NULL: none, the customer's */
};

/* The options of the above; an entry each. */
#define CASENOTICE_ENTRIES(letter) \
	{ "notice", 0, 0, G_OPTION_ARG_NONE, &(letter)->is_wanted, \
	  "Send a letter about it, though cases.notices is off", NULL }, \
	{ "no-notice", 0, 0, G_OPTION_ARG_NONE, &(letter)->is_unwanted, \
	  "Send no letter: it was told otherwise", NULL }, \
	CASENOTICE_LETTER_ENTRIES(letter)
#define CASENOTICE_LETTER_ENTRIES(letter) \
	{ "dry-run", 'n', 0, G_OPTION_ARG_NONE, &(letter)->is_dry, \
	  "Show the letter, and do nothing", NULL }, \
	{ "remark", 0, 0, G_OPTION_ARG_STRING, &(letter)->remark, \
	  "Words of yours in the letter", "TEXT" }, \
	{ "language", 0, 0, G_OPTION_ARG_STRING, &(letter)->language, \
	  "Of the letter, whatever is the customer's", "TAG" }

void casenotice_release(struct casenotice *letter);

/*
 * The step, with its letter when there is one to be sent. A warning is sent
 * first: the step is only done when the MTA has it. All others are done first,
 * and tried again by the daemon when the letter fails. facts_out: the case
 * then. Exit status; when it is EX_OK and *is_done_out false, the letter was
 * only shown.
 */
int casenotice_step(struct admin *admin, const struct command *self,
		    struct state *state, struct case_id id,
		    const struct casenotice *letter,
		    struct case_change *wanted, struct case_facts *facts_out,
		    bool *is_done_out, struct arena *arena) MUST_USE;

/* The verb "case notice". */
int casenotice_run(struct admin *admin, const struct command *self, int argc,
		   char **argv);

/* The letters of a case, as a table, when it has any; and as an
 * array for JSON. */
bool casenotice_print(struct state *state, struct case_id id, GError **error)
	MUST_USE;
json_t *casenotice_json(struct state *state, struct case_id id);

#endif
