#include <config.h>

#include "report/authorityjson.h"

#include "report/abusefacts.h"
#include "report/usersjson.h"

struct writing {
	const struct authority *report;
	const struct casematter *matter;
	struct arena arena;
};

static const char *when(struct writing *on, int64_t time_us)
{
	return time_us ? abusefacts_when(time_us, &on->arena) : "";
}

static void set(struct writing *on, json_t *object, const char *name,
		const char *text)
{
	const char *safe = abusefacts_text(span_text(text), &on->arena);

	if (safe)
		json_object_set_new(object, name, json_string(safe));
}

static json_t *case_json(struct writing *on)
{
	const struct case_facts *facts = &on->matter->facts;
	json_t *object = json_object(), *due = json_object();
	json_t *deadlines = json_object();
	char id[CASE_ID_TEXT_MAX];

	set(on, object, "case", case_id_format(facts->id, id));
	set(on, object, "kind", case_kind_word(facts->kind));
	json_object_set_new(object, "severity", json_integer(facts->severity));
	set(on, object, "state", case_state_word(facts->state));
	set(on, object, "subject_kind", list_kind_word(facts->subject_kind));
	set(on, object, "subject", facts->subject);
	set(on, object, "contact", facts->contact);
	set(on, object, "opened", when(on, facts->opened_us));
	set(on, object, "last_incident", when(on, facts->incident_us));
	json_object_set_new(object, "incidents",
			    json_integer((json_int_t)facts->incidents));
	for (unsigned i = 0; i < CASE_DUTIES; i++) {
		set(on, due, case_duty_word(i), when(on, facts->due_us[i]));
		set(on, deadlines, case_duty_word(i),
		    when(on, facts->owed_us[i]));
	}
	json_object_set_new(object, "due", due);
	json_object_set_new(object, "deadlines", deadlines);
	return object;
}

static json_t *customer_json(struct writing *on)
{
	const struct customer_entry *customer = &on->matter->customer;

	return *customer->id ? usersjson_customer(customer, &on->arena) :
			       json_null();
}

static json_t *steps_json(struct writing *on)
{
	json_t *array = json_array();

	for (guint i = 0; i < on->matter->steps->len; i++) {
		const struct case_step *step = g_ptr_array_index(
			on->matter->steps, i);
		json_t *object = json_object();

		set(on, object, "time", when(on, step->when_us));
		set(on, object, "step", case_command_word(step->command));
		set(on, object, "state", case_state_word(step->state));
		set(on, object, "operator", step->operator_name);
		set(on, object, "note", step->note);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *incidents_json(struct writing *on)
{
	json_t *array = json_array();

	for (guint i = 0; i < on->matter->incidents->len; i++) {
		const struct incident *one = g_ptr_array_index(
			on->matter->incidents, i);
		json_t *object = json_object();

		set(on, object, "kind", one->kind);
		set(on, object, "key", one->key);
		set(on, object, "text", one->text);
		set(on, object, "first", when(on, one->first_us));
		set(on, object, "last", when(on, one->last_us));
		json_object_set_new(object, "count",
				    json_integer((json_int_t)one->count));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *complaints_json(struct writing *on)
{
	json_t *array = json_array();

	for (guint i = 0; i < on->matter->complaints->len; i++) {
		const struct complaint_entry *one = g_ptr_array_index(
			on->matter->complaints, i);
		json_t *object = json_object();

		json_object_set_new(object, "number",
				    json_integer((json_int_t)one->number));
		set(on, object, "form",
		    complaint_form_word(one->complaint.form));
		set(on, object, "kind", one->complaint.kind);
		set(on, object, "reporter", one->complaint.reporter);
		set(on, object, "subject", one->complaint.subject);
		set(on, object, "message_id", one->complaint.message_id);
		set(on, object, "first", when(on, one->first_us));
		set(on, object, "last", when(on, one->last_us));
		json_object_set_new(object, "count",
				    json_integer((json_int_t)one->count));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *texts_json(const GPtrArray *texts)
{
	json_t *array = json_array();

	for (guint i = 0; i < texts->len; i++)
		json_array_append_new(array, json_string(
			g_ptr_array_index(texts, i)));
	return array;
}

static json_t *record_json(struct writing *on, const Reeve__Record *record)
{
	json_t *object = json_object();
	struct abusefacts facts;

	abusefacts_init(&facts, record, on->report->reporter,
			on->report->host, &on->arena);
	set(on, object, "record", facts.record_id);
	set(on, object, "time", abusefacts_time(&facts, &on->arena));
	set(on, object, "client", facts.client);
	if (facts.client_port)
		json_object_set_new(object, "port",
				    json_integer(facts.client_port));
	set(on, object, "client_name", facts.client_name);
	set(on, object, "helo", facts.helo);
	set(on, object, "account", facts.account);
	set(on, object, "sender", facts.sender);
	json_object_set_new(object, "recipients",
			    texts_json(facts.recipients));
	set(on, object, "from", facts.from);
	set(on, object, "subject", facts.subject);
	set(on, object, "message_id", facts.message_id);
	set(on, object, "queue_id", facts.queue_id);
	set(on, object, "verdict", facts.verdict);
	json_object_set_new(object, "findings", texts_json(facts.findings));
	set(on, object, "original_sha256", facts.sha256);
	abusefacts_release(&facts);
	return object;
}

static json_t *records_json(struct writing *on)
{
	json_t *array = json_array();

	for (guint i = 0; i < on->matter->records->len; i++) {
		const struct casematter_record *one = g_ptr_array_index(
			on->matter->records, i);

		json_array_append_new(array, record_json(on, one->record));
	}
	return array;
}

json_t *authorityjson_object(const struct authority *report)
{
	struct writing on = { .report = report, .matter = report->matter };
	json_t *object = json_object(), *problems;

	arena_init(&on.arena);
	set(&on, object, "report", "authority");
	set(&on, object, "made", when(&on, report->now_us));
	set(&on, object, "organisation", report->reporter->organisation);
	set(&on, object, "contact", report->reporter->contact);
	json_object_set_new(object, "case", case_json(&on));
	json_object_set_new(object, "customer", customer_json(&on));
	json_object_set_new(object, "steps", steps_json(&on));
	json_object_set_new(object, "incidents", incidents_json(&on));
	json_object_set_new(object, "complaints", complaints_json(&on));
	set(&on, object, "records_since", when(&on, on.matter->since_us));
	set(&on, object, "records_until", when(&on, on.matter->until_us));
	json_object_set_new(object, "records_are_all",
			    json_boolean(!on.matter->is_cut));
	json_object_set_new(object, "records", records_json(&on));
	problems = texts_json(on.matter->problems);
	json_object_set_new(object, "not_read", problems);
	arena_release(&on.arena);
	return object;
}
