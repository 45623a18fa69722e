/* caseform.h - a case and its steps, as people and as the disk have them */
#ifndef CASES_CASEFORM_H
#define CASES_CASEFORM_H

#include "base/arena.h"
#include "cases/casestate.h"
#include "store/lists.h"

/* Written 2026-0001: counted per year. */
struct case_id {
	uint16_t year;
	uint32_t number;
};

#define CASE_ID_TEXT_MAX 20

/* On disk: never renumber. */
enum case_kind {
	CASE_KIND_NONE, CASE_KIND_SPAM, CASE_KIND_OPEN_RELAY,
	CASE_KIND_FORGED_SENDER, CASE_KIND_VIRUS, CASE_KIND_HARMFUL,
	CASE_KIND_ATTACK, CASE_KINDS
};

/* What is owed in a case, each with its time. On disk: new ones
 * go to the end. */
enum case_duty {
	CASE_DUTY_WARN, CASE_DUTY_SUSPEND, CASE_DUTY_REPORT,
	CASE_DUTY_END,		/* of the watch, or of the suspension:
				 * look again */
	CASE_DUTIES
};

/* Texts are "" where there is nothing. */
struct case_facts {
	struct case_id id;
	enum case_state state;
	enum case_kind kind;
	uint32_t severity;		/* 1 to 3 */
	enum list_kind subject_kind;	/* whom it is about, and who is
					 * suspended */
	const char *subject;
	const char *contact, *assigned;
	int64_t opened_us;
	int64_t changed_us;		/* the last step but notes */
	int64_t until_us;		/* of the watch or suspension;
					 * 0: open */
	int64_t due_us[CASE_DUTIES];	/* 0: not owed */
	int64_t owed_us[CASE_DUTIES];	/* the last deadline, met or not;
					 * 0: none */
	int64_t incident_us;		/* the last one */
	uint64_t incidents;
	uint32_t strikes;		/* incidents that began after a
					 * warning */
	/* The same, and CASE_DUTY_SUSPEND, without what
	 * complaints alone say. */
	uint32_t seen_strikes;
	int64_t seen_suspend_us;
	uint32_t steps;
	int64_t reported_us;		/* to the authority, the first
					 * time; 0: not */
	const char *customer;		/* whose the subject was when it was
					 * opened; "" or NULL: nobody's, or
					 * he is it */
};

struct case_step {
	int64_t when_us;
	enum case_command command;
	enum case_state state;		/* after it */
	const char *operator_name, *note;
};

const char *case_kind_word(enum case_kind kind);
enum case_kind case_kind_parse(struct span word);	/* NONE: no such word */
const char *case_duty_word(enum case_duty duty);

bool case_id_parse(struct span text, struct case_id *id_out) MUST_USE;
/* Into a buffer of CASE_ID_TEXT_MAX; returns it. */
const char *case_id_format(struct case_id id, char *buffer);

/* The one that is owed first; CASE_DUTIES: nothing is. */
enum case_duty case_first_duty(const struct case_facts *facts);

/* A suspension is owed, but nothing that was seen here calls for
 * it: complaints do. */
bool case_suspends_on_hearsay(const struct case_facts *facts);

/* The value of a table; free with g_bytes_unref(). */
GBytes *caseform_pack(const struct case_facts *facts) MUST_USE;
GBytes *caseform_pack_step(const struct case_step *step) MUST_USE;
/* False when the bytes are none. The id is not in them. Texts live in arena. */
bool caseform_unpack(struct span bytes, struct arena *arena,
		     struct case_facts *out) MUST_USE;
bool caseform_unpack_step(struct span bytes, struct arena *arena,
			  struct case_step *out) MUST_USE;

#endif
