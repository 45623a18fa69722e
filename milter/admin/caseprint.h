/* caseprint.h - cases, as tables and as JSON */
#ifndef ADMIN_CASEPRINT_H
#define ADMIN_CASEPRINT_H

#include "admin/admin.h"
#include "cases/casebook.h"

/* Prints one after another; table_end() ends it. */
struct caseprint {
	bool is_json;
	int64_t now_us;
	struct table *table;
	uint64_t count, overdue;
	int limit;			/* 0: all; set behind
					 * caseprint_begin() */
	struct case_id last;		/* that was printed */
	bool is_cut;			/* there are more */
};

void caseprint_begin(struct caseprint *print, const struct admin *admin);
/* A casebook_take_fn; context is the struct caseprint. False at the limit. */
bool caseprint_take(const struct case_facts *facts, void *context);
void caseprint_end(struct caseprint *print);

/* One with all that is known and its steps. Exit status. */
int caseprint_whole(const struct admin *admin, const struct command *self,
		    struct state *state, struct case_id id);

#endif
