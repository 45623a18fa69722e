#include <config.h>

#include "admin/caseprint.h"

#include "admin/casenotice.h"
#include "admin/jsontext.h"
#include "admin/table.h"
#include "base/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

static const char *const titles[] = {
	"case", "state", "kind", "severity", "about", "due", "by", "assigned",
	"contact", NULL,
};

void caseprint_begin(struct caseprint *print, const struct admin *admin)
{
	*print = (struct caseprint){
		.is_json = admin->is_json, .now_us = clock_now_us(),
	};
	if (!print->is_json)
		print->table = table_new(titles);
}

static json_t *times_by_duty(const int64_t *times_us)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < CASE_DUTIES; i++)
		if (times_us[i])
			json_object_set_new(object, case_duty_word(i),
					    json_integer(times_us[i]));
	return object;
}

static json_t *json_of(const struct case_facts *facts)
{
	char id[CASE_ID_TEXT_MAX];
	json_t *due = times_by_duty(facts->due_us);
	json_t *deadlines = times_by_duty(facts->owed_us);

	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:I, s:I,"
			 " s:I, s:I, s:I, s:o, s:I, s:o}",
		"case", case_id_format(facts->id, id),
		"state", case_state_word(facts->state),
		"kind", case_kind_word(facts->kind),
		"severity", (json_int_t)facts->severity,
		"subject_kind", list_kind_word(facts->subject_kind),
		"subject", jsontext_new(facts->subject),
		"contact", jsontext_new(facts->contact),
		"assigned", jsontext_new(facts->assigned),
		"opened_us", (json_int_t)facts->opened_us,
		"changed_us", (json_int_t)facts->changed_us,
		"until_us", (json_int_t)facts->until_us,
		"incidents", (json_int_t)facts->incidents,
		"incident_us", (json_int_t)facts->incident_us,
		"due", due,
		"seen_suspend_us", (json_int_t)facts->seen_suspend_us,
		"deadlines", deadlines);
}

static void dump(json_t *object)
{
	if (object) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(object);
}

static void add_due(struct caseprint *print, const struct case_facts *facts,
		    enum case_duty duty)
{
	bool is_over = duty != CASE_DUTIES &&
		       facts->due_us[duty] < print->now_us;
	bool is_hearsay = duty == CASE_DUTY_SUSPEND &&
			  case_suspends_on_hearsay(facts);
	g_autofree char *when = duty == CASE_DUTIES ? g_strdup("-") :
				admin_format_time(facts->due_us[duty]);

	table_add(print->table, is_over ? TABLE_BAD : TABLE_PLAIN, "%s%s",
		  case_duty_word(duty), is_hearsay ? " (complaints)" : "");
	table_add(print->table, is_over ? TABLE_BAD : TABLE_PLAIN, "%s%s",
		  when, is_over ? " (overdue)" : "");
}

bool caseprint_take(const struct case_facts *facts, void *context)
{
	struct caseprint *print = context;
	enum case_duty duty = case_first_duty(facts);
	char id[CASE_ID_TEXT_MAX];

	print->is_cut = print->limit && print->count >= (uint64_t)print->limit;
	if (print->is_cut)
		return false;
	print->last = facts->id;
	print->count++;
	if (duty != CASE_DUTIES && facts->due_us[duty] < print->now_us)
		print->overdue++;
	if (print->is_json) {
		dump(json_of(facts));
		return true;
	}
	table_add(print->table, TABLE_PLAIN, "%s",
		  case_id_format(facts->id, id));
	table_add(print->table, TABLE_PLAIN, "%s",
		  case_state_word(facts->state));
	table_add(print->table, TABLE_PLAIN, "%s",
		  case_kind_word(facts->kind));
	table_add(print->table, TABLE_PLAIN, "%" PRIu32, facts->severity);
	table_add(print->table, TABLE_PLAIN, "%s %s",
		  list_kind_word(facts->subject_kind), facts->subject);
	add_due(print, facts, duty);
	table_add(print->table, TABLE_PLAIN, "%s", facts->assigned);
	table_add(print->table, TABLE_PLAIN, "%s", facts->contact);
	return true;
}

void caseprint_end(struct caseprint *print)
{
	if (print->table)
		table_print(print->table);
	g_clear_pointer(&print->table, table_free);
}

static bool take_step(const struct case_step *step, void *context)
{
	struct table *table = context;
	g_autofree char *when = admin_format_time(step->when_us);

	table_add(table, TABLE_PLAIN, "%s", when);
	table_add(table, TABLE_PLAIN, "%s", case_command_word(step->command));
	table_add(table, TABLE_PLAIN, "%s", case_state_word(step->state));
	table_add(table, TABLE_PLAIN, "%s", step->operator_name);
	table_add(table, TABLE_PLAIN, "%s", step->note);
	return true;
}

static bool take_step_json(const struct case_step *step, void *context)
{
	json_array_append_new(context, json_pack(
		"{s:I, s:s, s:s, s:o, s:o}",
		"when_us", (json_int_t)step->when_us,
		"step", case_command_word(step->command),
		"state", case_state_word(step->state),
		"operator", jsontext_new(step->operator_name),
		"note", jsontext_new(step->note)));
	return true;
}

static bool print_json(struct state *state, const struct case_facts *facts,
		       GError **error)
{
	json_t *object = json_of(facts), *steps = json_array();
	bool is_good = casebook_each_step(state, facts->id, take_step_json,
					  steps, error);

	json_object_set_new(object, "steps", steps);
	json_object_set_new(object, "letters",
			    casenotice_json(state, facts->id));
	if (is_good)
		dump(object);
	else
		json_decref(object);
	return is_good;
}

static void add_met(struct caseprint *print, const struct case_facts *facts,
		    enum case_duty duty)
{
	g_autofree char *when = admin_format_time(facts->owed_us[duty]);

	table_add(print->table, TABLE_PLAIN, "%s", case_duty_word(duty));
	table_add(print->table, TABLE_PLAIN, "%s (settled)", when);
}

/* Each duty on a line of its own, also those that nothing is
 * owed of any more. */
static void print_facts(const struct case_facts *facts)
{
	static const char *const due_titles[] = { "due", "by", NULL };
	struct caseprint print = { .now_us = clock_now_us(),
				   .table = table_new(titles) };

	caseprint_take(facts, &print);
	caseprint_end(&print);
	print.table = table_new(due_titles);
	for (unsigned i = 0; i < CASE_DUTIES; i++)
		if (facts->due_us[i])
			add_due(&print, facts, (enum case_duty)i);
		else if (facts->owed_us[i])
			add_met(&print, facts, (enum case_duty)i);
	putchar('\n');
	table_print(print.table);
	table_free(print.table);
}

static bool print_text(struct state *state, const struct case_facts *facts,
		       GError **error)
{
	static const char *const step_titles[] = {
		"when", "step", "state", "by", "note", NULL,
	};
	struct table *table = table_new(step_titles);
	bool is_good = casebook_each_step(state, facts->id, take_step, table,
					  error);

	if (is_good) {
		print_facts(facts);
		putchar('\n');
		table_print(table);
		is_good = casenotice_print(state, facts->id, error);
	}
	table_free(table);
	return is_good;
}

int caseprint_whole(const struct admin *admin, const struct command *self,
		    struct state *state, struct case_id id)
{
	g_autoptr(GError) why = NULL;
	struct case_facts facts;
	struct arena arena;
	bool is_good;

	arena_init(&arena);
	is_good = casebook_get(state, id, &facts, &arena, &why) &&
		  (admin->is_json ? print_json(state, &facts, &why) :
				    print_text(state, &facts, &why));
	arena_release(&arena);
	return is_good ? EX_OK : admin_fail_store(self, why);
}
