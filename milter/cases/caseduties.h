/* caseduties.h - what a case owes, and by when */
#ifndef CASES_CASEDUTIES_H
#define CASES_CASEDUTIES_H

#include "cases/caseform.h"
#include "cases/casesettings.h"

/* Of a new case of that kind: 1 to 3. */
unsigned caseduties_severity(enum case_kind kind);

/*
 * Whose word it is. Anybody who ever had mail of a customer's can complain
 * about it, as often as he likes: what complaints call for is owed, and people
 * are told; the daemon itself suspends for what was seen here, or what an
 * operator says.
 */
enum case_witness { CASE_WITNESS_US, CASE_WITNESS_COMPLAINT };

/* Of a new case, as of facts->opened_us: by kind. Pure, as below. */
void caseduties_begin(struct case_facts *facts, enum case_witness witness,
		      const struct case_settings *settings);
/*
 * After a command at now_us: what it settled goes, what it begins comes.
 * facts->state is the new one; until_us (of a watch or suspension; 0: as the
 * settings say, or without end) is put into the facts.
 */
void caseduties_after(struct case_facts *facts, enum case_command command,
		      int64_t until_us, int64_t now_us,
		      const struct case_settings *settings);

/*
 * An incident that makes cases of that kind joined: the case is of the graver
 * of both kinds from now on, and owes what that one owes.
 */
void caseduties_raise(struct case_facts *facts, enum case_kind kind,
		      enum case_witness witness, int64_t now_us,
		      const struct case_settings *settings);

/* The warning did not arrive: where one can still warn, it is owed again. */
void caseduties_undelivered(struct case_facts *facts, int64_t now_us,
			    const struct case_settings *settings);

/* One more strike: it may be time to suspend. A watch begins anew, and of what
 * is no remedy he is to be warned. */
void caseduties_strike(struct case_facts *facts, enum case_witness witness,
		       int64_t now_us, const struct case_settings *settings);

#endif
