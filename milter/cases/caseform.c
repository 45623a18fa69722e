#include <config.h>

#include "cases/caseform.h"

#include "store/prototext.h"
#include "store/state.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_words[] = {
	"none", "spam", "open-relay", "forged-sender", "virus", "harmful",
	"attack",
};

static const char *const duty_words[] = {
	"warn", "suspend", "report", "look",
};

const char *case_kind_word(enum case_kind kind)
{
	return kind_words[(size_t)kind < COUNT_OF(kind_words) ? kind : 0];
}

enum case_kind case_kind_parse(struct span word)
{
	for (size_t i = 1; i < COUNT_OF(kind_words); i++)
		if (span_is_word(word, kind_words[i]))
			return (enum case_kind)i;
	return CASE_KIND_NONE;
}

const char *case_duty_word(enum case_duty duty)
{
	return (size_t)duty < COUNT_OF(duty_words) ? duty_words[duty] : "-";
}

bool case_id_parse(struct span text, struct case_id *id_out)
{
	char copy[CASE_ID_TEXT_MAX];
	int end = 0;

	if (text.len < 9 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (strspn(copy, "0123456789-") != text.len || copy[4] != '-' ||
	    copy[5] == '-' || text.len > 14)
		return false;
	return sscanf(copy, "%4" SCNu16 "-%9" SCNu32 "%n", &id_out->year,
		      &id_out->number, &end) == 2 && (size_t)end == text.len &&
	       id_out->number > 0;
}

const char *case_id_format(struct case_id id, char *buffer)
{
	snprintf(buffer, CASE_ID_TEXT_MAX, "%04u-%04" PRIu32, id.year,
		 id.number);
	return buffer;
}

enum case_duty case_first_duty(const struct case_facts *facts)
{
	enum case_duty first = CASE_DUTIES;

	for (unsigned i = 0; i < CASE_DUTIES; i++)
		if (facts->due_us[i] && (first == CASE_DUTIES ||
		    facts->due_us[i] < facts->due_us[first]))
			first = (enum case_duty)i;
	return first;
}

bool case_suspends_on_hearsay(const struct case_facts *facts)
{
	return facts->due_us[CASE_DUTY_SUSPEND] && !facts->seen_suspend_us;
}

GBytes *caseform_pack(const struct case_facts *facts)
{
	Reeve__Case packed = REEVE__CASE__INIT;
	uint8_t *bytes;

	packed.has_state = packed.has_kind = packed.has_severity =
		packed.has_subject_kind = packed.has_subject =
		packed.has_contact = packed.has_assigned =
		packed.has_opened_us = packed.has_changed_us =
		packed.has_until_us = packed.has_incidents =
		packed.has_steps = packed.has_incident_us =
		packed.has_strikes = packed.has_seen_strikes =
		packed.has_seen_suspend_us = true;
	packed.state = facts->state;
	packed.kind = facts->kind;
	packed.severity = facts->severity;
	packed.subject_kind = facts->subject_kind;
	packed.subject = prototext_pack(facts->subject);
	packed.contact = prototext_pack(facts->contact);
	packed.assigned = prototext_pack(facts->assigned);
	packed.opened_us = facts->opened_us;
	packed.changed_us = facts->changed_us;
	packed.until_us = facts->until_us;
	packed.n_due_us = CASE_DUTIES;
	packed.due_us = (int64_t *)facts->due_us;
	packed.n_owed_us = CASE_DUTIES;
	packed.owed_us = (int64_t *)facts->owed_us;
	packed.incidents = facts->incidents;
	packed.steps = facts->steps;
	packed.incident_us = facts->incident_us;
	packed.strikes = facts->strikes;
	packed.seen_strikes = facts->seen_strikes;
	packed.seen_suspend_us = facts->seen_suspend_us;
	packed.has_reported_us = facts->reported_us != 0;
	packed.reported_us = facts->reported_us;
	packed.has_customer = facts->customer && *facts->customer;
	packed.customer = prototext_pack(facts->customer);
	bytes = g_malloc(reeve__case__get_packed_size(&packed));
	return g_bytes_new_take(bytes, reeve__case__pack(&packed, bytes));
}

bool caseform_unpack(struct span bytes, struct arena *arena,
		     struct case_facts *out)
{
	Reeve__Case *packed = reeve__case__unpack(
		NULL, bytes.len, (const uint8_t *)bytes.ptr);

	if (!packed)
		return false;
	*out = (struct case_facts){
		.state = packed->state < CASE_STATES ?
			 (enum case_state)packed->state : CASE_STATE_NONE,
		.kind = (enum case_kind)packed->kind,
		.severity = packed->severity,
		.subject_kind = (enum list_kind)packed->subject_kind,
		.subject = prototext_unpack(&packed->subject, arena),
		.contact = prototext_unpack(&packed->contact, arena),
		.assigned = prototext_unpack(&packed->assigned, arena),
		.opened_us = packed->opened_us,
		.changed_us = packed->changed_us,
		.until_us = packed->until_us,
		.incidents = packed->incidents,
		.steps = packed->steps,
		.incident_us = packed->incident_us,
		.strikes = packed->strikes,
		.seen_strikes = packed->has_seen_strikes ?
				packed->seen_strikes : packed->strikes,
		.reported_us = packed->reported_us,
		.customer = prototext_unpack(&packed->customer, arena),
	};
	for (size_t i = 0; i < MIN(packed->n_due_us, CASE_DUTIES); i++)
		out->due_us[i] = packed->due_us[i];
	for (size_t i = 0; i < MIN(packed->n_owed_us, CASE_DUTIES); i++)
		out->owed_us[i] = packed->owed_us[i];
	out->seen_suspend_us = packed->has_seen_suspend_us ?
			       packed->seen_suspend_us :
			       out->due_us[CASE_DUTY_SUSPEND];
	reeve__case__free_unpacked(packed, NULL);
	return out->state != CASE_STATE_NONE;
}

GBytes *caseform_pack_step(const struct case_step *step)
{
	Reeve__CaseStep packed = REEVE__CASE_STEP__INIT;
	uint8_t *bytes;

	packed.has_when_us = packed.has_command = packed.has_state =
		packed.has_operator_name = packed.has_note = true;
	packed.when_us = step->when_us;
	packed.command = step->command;
	packed.state = step->state;
	packed.operator_name = prototext_pack(step->operator_name);
	packed.note = prototext_pack(step->note);
	bytes = g_malloc(reeve__case_step__get_packed_size(&packed));
	return g_bytes_new_take(bytes, reeve__case_step__pack(&packed, bytes));
}

bool caseform_unpack_step(struct span bytes, struct arena *arena,
			  struct case_step *out)
{
	Reeve__CaseStep *packed = reeve__case_step__unpack(
		NULL, bytes.len, (const uint8_t *)bytes.ptr);

	if (!packed)
		return false;
	*out = (struct case_step){
		packed->when_us, (enum case_command)packed->command,
		(enum case_state)packed->state,
		prototext_unpack(&packed->operator_name, arena),
		prototext_unpack(&packed->note, arena),
	};
	reeve__case_step__free_unpacked(packed, NULL);
	return true;
}
