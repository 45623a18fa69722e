#include <config.h>

#include "report/monthlydesk.h"

#include "cases/casebook.h"
#include "cases/complaintbook.h"
#include "cases/customerbook.h"
#include "report/monthlyduty.h"
#include "store/incidents.h"

#include <stdlib.h>
#include <string.h>

struct monthlydesk {
	const struct month *month;
	uint64_t counts[MONTHLYDESK_COUNTS][MONTH_DAYS_MAX];
	uint64_t customers;
	struct monthlyduty duties[CASE_DUTY_END];
	uint64_t opened[CASE_KINDS], ended[CASE_KINDS];
	GHashTable *complaints, *incidents;	/* kind -> uint64_t */
};

struct reading {
	struct monthlydesk *desk;
	int64_t now_us;
	GArray *cases;			/* of struct case_facts,
					 * without texts */
};

static GHashTable *new_table(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void count_name(GHashTable *table, const char *name)
{
	uint64_t *number = g_hash_table_lookup(table, name);

	if (!number) {
		number = g_new0(uint64_t, 1);
		g_hash_table_insert(table, g_strdup(name), number);
	}
	++*number;
}

/* False: it was in another month. */
static bool count(struct monthlydesk *desk, enum monthlydesk_count which,
		  int64_t time_us)
{
	int day = month_day_of(desk->month, time_us);

	if (day < 0)
		return false;
	desk->counts[which][day]++;
	return true;
}

static bool take_complaint(const struct complaint_entry *entry, void *context)
{
	struct monthlydesk *desk = ((struct reading *)context)->desk;

	if (!count(desk, MONTHLYDESK_COMPLAINTS, entry->first_us))
		return true;
	count_name(desk->complaints, entry->complaint.kind);
	if (entry->match.record_count)
		count(desk, MONTHLYDESK_MATCHED, entry->first_us);
	return true;
}

static bool take_incident(const struct incident *incident, void *context)
{
	struct monthlydesk *desk = ((struct reading *)context)->desk;

	if (count(desk, MONTHLYDESK_INCIDENTS, incident->first_us))
		count_name(desk->incidents, incident->kind);
	return true;
}

static bool take_customer(const struct customer_entry *entry, void *context)
{
	struct monthlydesk *desk = ((struct reading *)context)->desk;

	desk->customers++;
	count(desk, MONTHLYDESK_NEW_CUSTOMERS, entry->created_us);
	return true;
}

static bool take_case(const struct case_facts *facts, void *context)
{
	struct reading *on = context;

	if (facts->opened_us < on->desk->month->begins_us[
			on->desk->month->days])
		g_array_append_val(on->cases, *facts);
	return true;
}

/* When each command was first given. */
struct walking {
	struct reading *on;
	int64_t first_us[CASE_COMMANDS];
};

static bool take_step(const struct case_step *step, void *context)
{
	static const struct {
		enum case_command command;
		enum monthlydesk_count which;
	} steps[] = {
		{ CASE_COMMAND_WARN, MONTHLYDESK_WARNINGS },
		{ CASE_COMMAND_SUSPEND, MONTHLYDESK_SUSPENSIONS },
		{ CASE_COMMAND_RESUME, MONTHLYDESK_RESUMPTIONS },
		{ CASE_COMMAND_TERMINATE, MONTHLYDESK_TERMINATIONS },
		{ CASE_COMMAND_CLOSE, MONTHLYDESK_CLOSED },
	};
	struct walking *walking = context;

	if (step->command < CASE_COMMANDS &&
	    !walking->first_us[step->command])
		walking->first_us[step->command] = step->when_us;
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (steps[i].command == step->command)
			count(walking->on->desk, steps[i].which,
			      step->when_us);
	return true;
}

/* The first of those commands; 0: none. */
static int64_t first_of(const struct walking *walking,
			const enum case_command *commands, size_t command_count)
{
	int64_t first_us = 0;

	for (size_t i = 0; i < command_count; i++) {
		int64_t time_us = walking->first_us[commands[i]];

		if (time_us && (!first_us || time_us < first_us))
			first_us = time_us;
	}
	return first_us;
}

static void add_duties(struct walking *walking, const struct case_facts *facts)
{
	static const enum case_command ends[] = {
		CASE_COMMAND_REMEDY, CASE_COMMAND_CLOSE,
		CASE_COMMAND_TERMINATE,
	}, warned[] = {
		/* Who is suspended needs no warning any more. */
		CASE_COMMAND_WARN, CASE_COMMAND_WATCH, CASE_COMMAND_SUSPEND,
	}, suspended[] = { CASE_COMMAND_SUSPEND };
	struct reading *on = walking->on;
	struct monthlyduty *duties = on->desk->duties;
	const int64_t *due_us = facts->owed_us;
	int64_t opened_us = facts->opened_us;
	int64_t end_us = first_of(walking, ends, COUNT_OF(ends));

	monthlyduty_add(&duties[CASE_DUTY_WARN], &(struct monthlyduty_case){
		opened_us, due_us[CASE_DUTY_WARN],
		first_of(walking, warned, COUNT_OF(warned)), end_us },
		on->now_us);
	monthlyduty_add(&duties[CASE_DUTY_SUSPEND],
			&(struct monthlyduty_case){
		opened_us, due_us[CASE_DUTY_SUSPEND],
		first_of(walking, suspended, COUNT_OF(suspended)), end_us },
		on->now_us);
	monthlyduty_add(&duties[CASE_DUTY_REPORT],
			&(struct monthlyduty_case){
		opened_us, due_us[CASE_DUTY_REPORT], facts->reported_us, 0 },
		on->now_us);
}

static bool read_case(struct reading *on, struct state *state,
		      const struct case_facts *facts, GError **error)
{
	struct monthlydesk *desk = on->desk;
	struct walking walking = { .on = on };

	if (!casebook_each_step(state, facts->id, take_step, &walking, error))
		return false;
	if (facts->reported_us)
		count(desk, MONTHLYDESK_REPORTS, facts->reported_us);
	if (!count(desk, MONTHLYDESK_CASES, facts->opened_us))
		return true;
	if (facts->kind < CASE_KINDS) {
		desk->opened[facts->kind]++;
		desk->ended[facts->kind] += !casestate_is_live(facts->state);
	}
	add_duties(&walking, facts);
	return true;
}

static bool read_cases(struct reading *on, struct state *state, GError **error)
{
	bool is_good;

	on->cases = g_array_new(FALSE, FALSE, sizeof(struct case_facts));
	is_good = casebook_each(state, CASE_STATE_NONE, take_case, on, error);
	for (guint i = 0; is_good && i < on->cases->len; i++)
		is_good = read_case(on, state, &g_array_index(
			on->cases, struct case_facts, i), error);
	g_array_unref(on->cases);
	return is_good;
}

struct monthlydesk *monthlydesk_new(struct state *state,
				    const struct month *month, int64_t now_us,
				    GError **error)
{
	struct monthlydesk *desk = g_new0(struct monthlydesk, 1);
	struct reading on = { desk, now_us, NULL };

	desk->month = month;
	desk->complaints = new_table();
	desk->incidents = new_table();
	for (size_t i = 0; i < COUNT_OF(desk->duties); i++)
		monthlyduty_init(&desk->duties[i]);
	if (complaintbook_each(state, false, take_complaint, &on, error) &&
	    incidents_each(state, take_incident, &on, error) &&
	    customerbook_each(state, NULL, take_customer, &on, error) &&
	    read_cases(&on, state, error))
		return desk;
	monthlydesk_free(desk);
	return NULL;
}

void monthlydesk_free(struct monthlydesk *desk)
{
	if (!desk)
		return;
	for (size_t i = 0; i < COUNT_OF(desk->duties); i++)
		monthlyduty_release(&desk->duties[i]);
	g_hash_table_unref(desk->complaints);
	g_hash_table_unref(desk->incidents);
	g_free(desk);
}

uint64_t monthlydesk_count_of(const struct monthlydesk *desk,
			      enum monthlydesk_count which, int first_day,
			      int last_day)
{
	uint64_t sum = 0;

	for (int day = first_day; day < last_day; day++)
		sum += desk->counts[which][day];
	return sum;
}

uint64_t monthlydesk_count(const struct monthlydesk *desk,
			   enum monthlydesk_count which)
{
	return monthlydesk_count_of(desk, which, 0, desk->month->days);
}

uint64_t monthlydesk_customers(const struct monthlydesk *desk)
{
	return desk->customers;
}

static void tell_cases(const struct monthlydesk *desk, struct figures *figures)
{
	static const struct figures_column columns[] = {
		{ "kind", "Kind", FIGURES_TEXT, false },
		{ "opened", "Opened", FIGURES_COUNT, false },
		{ "ended", "Over by now", FIGURES_COUNT, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};

	figures_begin(figures, "cases", "Cases by kind", columns);
	for (int kind = CASE_KIND_SPAM; kind < CASE_KINDS; kind++) {
		figures_add_text(figures, case_kind_word(
			(enum case_kind)kind));
		figures_add_number(figures, (double)desk->opened[kind]);
		figures_add_number(figures, (double)desk->ended[kind]);
	}
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void tell_names(GHashTable *table, struct figures *figures)
{
	guint name_count;
	g_autofree char **names = (char **)g_hash_table_get_keys_as_array(
		table, &name_count);

	qsort(names, name_count, sizeof *names, by_text);
	for (guint i = 0; i < name_count; i++) {
		const uint64_t *number = g_hash_table_lookup(table, names[i]);

		figures_add_text(figures, names[i]);
		figures_add_number(figures, (double)*number);
	}
}

void monthlydesk_tell(const struct monthlydesk *desk, struct figures *figures)
{
	static const struct figures_column complaints[] = {
		{ "kind", "Kind", FIGURES_TEXT, false },
		{ "complaints", "Complaints", FIGURES_COUNT, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	}, incidents[] = {
		{ "kind", "Kind", FIGURES_TEXT, false },
		{ "incidents", "Incidents", FIGURES_COUNT, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};

	monthlyduty_begin(figures);
	monthlyduty_tell(&desk->duties[CASE_DUTY_WARN], "warn", figures);
	monthlyduty_tell(&desk->duties[CASE_DUTY_SUSPEND], "suspend", figures);
	monthlyduty_tell(&desk->duties[CASE_DUTY_REPORT], "report", figures);
	tell_cases(desk, figures);
	figures_begin(figures, "complaints_by_kind", "Complaints by kind",
		      complaints);
	tell_names(desk->complaints, figures);
	figures_begin(figures, "incidents_by_kind", "Incidents by kind",
		      incidents);
	tell_names(desk->incidents, figures);
}
