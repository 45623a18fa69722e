/* casematter.h - all that we have about a case, gathered for a report */
#ifndef REPORT_CASEMATTER_H
#define REPORT_CASEMATTER_H

#include "cases/casebook.h"
#include "cases/complaintbook.h"
#include "cases/customerentry.h"
#include "store/incidents.h"
#include "store/recordview.h"

#define CASEMATTER_RECORDS_MAX 1000

struct casematter_record {
	uint64_t sequence;
	const Reeve__Record *record;	/* of a message */
};

/*
 * A case does not name its records. They are those of its complaints, and those
 * of mail that came from whom it is about while its incidents lasted (an hour
 * before it was opened, ten minutes beyond the last) and of which something is
 * to be told: it was not simply accepted, something was demanded of it, or its
 * original was kept.
 */
struct casematter_wish {
	struct case_id id;
	int64_t since_us, until_us;	/* 0: as above */
	bool is_all;			/* what was simply accepted as well */
};

/* Texts and lists live in arena. */
struct casematter {
	struct case_facts facts;
	struct customer_entry customer;	/* the book's; id "" when it
					 * knows none */
	GPtrArray *steps;		/* of struct case_step *,
					 * oldest first */
	GPtrArray *incidents;		/* of struct incident * */
	GPtrArray *complaints;		/* of struct complaint_entry *,
					 * newest first */
	GPtrArray *records;		/* of struct casematter_record *,
					 * oldest first */
	GPtrArray *problems;		/* of char *: what could not be read */
	int64_t since_us, until_us;	/* where was looked */
	bool is_cut;			/* there are more than RECORDS_MAX */
	struct arena arena;
};

/* records_dir: a state directory, whose records are meant. out is to be
 * released whatever it returns. STORE_ERROR_MISSING: no such case. */
bool casematter_load(struct state *state, const char *records_dir,
		     const struct casematter_wish *wish,
		     struct casematter *out, GError **error) MUST_USE;
void casematter_release(struct casematter *matter);

#endif
