#include <config.h>

#include "cases/casealerts.h"

#include "alert/alerts.h"
#include "alert/alertsettings.h"
#include "cases/casetold.h"

#define LOOK_EVERY_US INT64_C(2000000)
#define NEW_MAX 1000		/* cases at once; the rest at the next look */

/* By the daemon's one timer alone. */
static struct casetold told;
static bool is_loaded;

static json_t *text_value(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	return json_string(valid);
}

static json_t *due_of(const struct case_facts *facts)
{
	json_t *due = json_object();

	for (unsigned i = 0; i < CASE_DUTIES; i++)
		if (facts->due_us[i])
			json_object_set_new(due, case_duty_word(i),
					    json_integer(facts->due_us[i]));
	return due;
}

static json_t *detail_of(const struct case_facts *facts)
{
	json_t *object = json_object(), *detail = json_object();
	char id[CASE_ID_TEXT_MAX];

	json_object_set_new(object, "case", json_string(
		case_id_format(facts->id, id)));
	json_object_set_new(object, "state", json_string(
		case_state_word(facts->state)));
	json_object_set_new(object, "kind", json_string(
		case_kind_word(facts->kind)));
	json_object_set_new(object, "severity", json_integer(facts->severity));
	json_object_set_new(object, "subject_kind", json_string(
		list_kind_word(facts->subject_kind)));
	json_object_set_new(object, "subject", text_value(facts->subject));
	json_object_set_new(object, "contact", text_value(facts->contact));
	json_object_set_new(object, "assigned", text_value(facts->assigned));
	json_object_set_new(object, "incidents", json_integer(
		(json_int_t)facts->incidents));
	json_object_set_new(object, "due", due_of(facts));
	json_object_set_new(detail, "case", object);
	return detail;
}

static char *about(const struct case_facts *facts)
{
	char id[CASE_ID_TEXT_MAX];

	return g_strdup_printf("case %s (%s, severity %u) about %s %s",
		case_id_format(facts->id, id), case_kind_word(facts->kind),
		facts->severity, list_kind_word(facts->subject_kind),
		facts->subject);
}

static char *time_text(int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);

	return g_date_time_format(time, "%Y-%m-%d %H:%M UTC");
}

void casealerts_step(const struct case_facts *facts,
		     enum case_command command, const char *why)
{
	g_autofree char *what = about(facts);
	g_autofree char *text = g_strdup_printf("%s: %s, %s", what,
						case_command_word(command),
						why);
	char id[CASE_ID_TEXT_MAX];
	g_autofree char *key = g_strdup_printf("%s %s",
		case_id_format(facts->id, id), case_command_word(command));

	alerts_raise("case_step", key, text, detail_of(facts));
}

static void raise_duty(const char *kind, const struct case_facts *facts,
		       enum case_duty duty)
{
	g_autofree char *what = about(facts);
	g_autofree char *when = time_text(facts->due_us[duty]);
	bool is_hearsay = duty == CASE_DUTY_SUSPEND &&
			  case_suspends_on_hearsay(facts);
	g_autofree char *text = g_strdup_printf("%s: %s is due by %s%s", what,
		case_duty_word(duty), when, is_hearsay ? ", on complaints "
		"alone: an operator decides (reevectl case suspend)" : "");
	json_t *detail = detail_of(facts);
	char id[CASE_ID_TEXT_MAX];
	g_autofree char *key = g_strdup_printf("%s %s",
		case_id_format(facts->id, id), case_duty_word(duty));

	json_object_set_new(detail, "duty", json_string(case_duty_word(duty)));
	json_object_set_new(detail, "due_us",
			    json_integer(facts->due_us[duty]));
	alerts_raise(kind, key, text, detail);
}

struct looking {
	int64_t now_us, before_us;
	bool is_any;
};

static bool take_due(const struct case_facts *facts, void *context)
{
	struct looking *on = context;

	for (unsigned i = 0; i < CASE_DUTIES; i++) {
		int64_t due_us = facts->due_us[i];
		bool is_due = due_us > told.until_us && due_us <= on->now_us;
		bool is_soon = due_us > on->now_us &&
			       due_us > told.until_us + on->before_us &&
			       due_us <= on->now_us + on->before_us;

		if (!due_us || (!is_due && !is_soon))
			continue;
		raise_duty(is_due ? "case_due" : "case_soon", facts,
			   (enum case_duty)i);
		on->is_any = true;
	}
	return true;
}

static bool look_at_due(struct caseact *act, struct looking *on)
{
	g_autoptr(GError) why = NULL;

	told.until_us = MIN(told.until_us, on->now_us);
	if (!casebook_each_due(act->state, on->now_us + on->before_us,
			       take_due, on, &why)) {
		caseact_tell_trouble(why);
		return false;
	}
	told.until_us = on->now_us;
	return true;
}

static void raise_opened(struct caseact *act, struct case_id id)
{
	struct case_facts facts;
	g_autofree char *text = NULL;
	char word[CASE_ID_TEXT_MAX];

	if (!casebook_get(act->state, id, &facts, &act->arena, NULL))
		return;
	text = about(&facts);
	alerts_raise("case_opened", case_id_format(id, word), text,
		     detail_of(&facts));
}

/* Numbers begin anew each year. */
static void look_at_new(struct caseact *act, struct looking *on)
{
	struct case_id newest = casetold_newest(act->state, act->now_us);
	unsigned count = 0;

	if (newest.year != told.newest.year)
		told.newest = (struct case_id){ newest.year, 0 };
	while (told.newest.number < newest.number && count++ < NEW_MAX) {
		told.newest.number++;
		raise_opened(act, told.newest);
		on->is_any = true;
	}
}

void casealerts_run(struct caseact *act, const struct settings *settings)
{
	struct looking on = { act->now_us, alert_settings_of(settings)->
			      before_ms * 1000, false };
	g_autoptr(GError) why = NULL;

	if (!is_loaded)
		casetold_load(act->state, act->now_us, &told);
	is_loaded = true;
	if (act->now_us >= told.until_us &&
	    act->now_us - told.until_us < LOOK_EVERY_US)
		return;
	look_at_new(act, &on);
	if (look_at_due(act, &on) && on.is_any &&
	    !casetold_save(act->state, &told, &why))
		caseact_tell_trouble(why);
}
