#include <config.h>

#include "cases/noticefacts.h"

#include "cases/casebook.h"
#include "cases/casecustomer.h"
#include "cases/noticesample.h"

#include <inttypes.h>
#include <string.h>

#define FINDINGS_MAX 5
#define FINDING_TEXT_MAX 300	/* bytes */
#define REMARK_MAX 4000
#define DAEMON "mailreeve"

struct collecting {
	const struct notice_ask *ask;
	const struct notice_language *language;
	struct arena *arena;
	GPtrArray *findings;
	int64_t warned_us;
};

const char *noticefacts_plain(struct span bytes, size_t bytes_max,
			      bool has_lines, struct arena *arena)
{
	struct span shown = span_first(bytes, bytes_max);
	g_autofree char *raw = g_strndup(shown.len ? shown.ptr : "",
					 shown.len);
	g_autofree char *valid = g_utf8_make_valid(raw, -1);
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar c = g_utf8_get_char(at);
		bool is_kept = g_unichar_isprint(c) ||
			       (has_lines && c == '\n');

		g_string_append_unichar(out, is_kept ? c : ' ');
	}
	if (shown.len < bytes.len)
		g_string_append(out, "...");
	return arena_text(arena, g_strstrip(out->str));
}

static const char *word(const struct collecting *on, const char *group,
			struct span name)
{
	return notice_word(on->language, arena_printf(
		on->arena, "%s.%.*s", group, (int)name.len, name.ptr));
}

/* What the daemon noted when an incident joined:
 * "limit: account alice: ...". */
static void take_incident(struct collecting *on, const struct case_step *step)
{
	struct span note = span_text(step->note);
	ptrdiff_t colon = span_find(note, ':');
	struct span kind = span_first(note, colon > 0 ? (size_t)colon : 0);
	struct span text = span_trim(span_from(note, kind.len + 1));
	const char *what = word(on, "finding", kind);
	bool is_private = span_is(kind, "complaint");

	if (!kind.len)
		return;
	if (!*what)
		what = word(on, "finding", span_text("other"));
	g_ptr_array_add(on->findings, g_strdup_printf("%s  %s%s%s",
		noticesample_time(on->ask, step->when_us, on->arena), what,
		is_private ? "" : ": ", is_private ? "" :
		noticefacts_plain(text, FINDING_TEXT_MAX, false, on->arena)));
	if (on->findings->len > FINDINGS_MAX)
		g_ptr_array_remove_index(on->findings, 0);
}

static bool take_step(const struct case_step *step, void *context)
{
	struct collecting *on = context;

	if (step->command == CASE_COMMAND_WARN)
		on->warned_us = step->when_us;
	if ((step->command == CASE_COMMAND_OPEN ||
	     step->command == CASE_COMMAND_NOTE) &&
	    strcmp(step->operator_name, DAEMON) == 0 &&
	    !g_str_has_prefix(step->note, NOTICE_STEP))
		take_incident(on, step);
	return true;
}

static const char *lines_of(const struct collecting *on)
{
	g_ptr_array_add(on->findings, NULL);
	g_autofree char *all = g_strjoinv("\n",
					  (char **)on->findings->pdata);

	return arena_text(on->arena, all);
}

static const char *about(const struct collecting *on,
			 const struct case_facts *facts)
{
	const char *form = word(on, "about", span_text(
		list_kind_word(facts->subject_kind)));
	const char *value = noticefacts_plain(span_text(facts->subject),
					      LIST_VALUE_MAX, false, on->arena);
	size_t before = strcspn(form, "%");

	return form[before] ? arena_printf(on->arena, "%.*s%s%s", (int)before,
					   form, value, form + before + 1) :
			      arena_printf(on->arena, "%s %s", form, value);
}

static const char *name_of(const struct collecting *on,
			   const struct case_facts *facts)
{
	struct customer_entry entry;

	if (casecustomer_find(on->ask->state, facts->subject_kind,
			      facts->subject, on->arena, &entry) &&
	    *entry.name)
		return noticefacts_plain(span_text(entry.name),
					 FINDING_TEXT_MAX, false, on->arena);
	return notice_word(on->language, "customer");
}

/* Until when he is asked to act: when he would be suspended, else as long as
 * one with a virus has. */
static int64_t by_us(const struct case_settings *settings,
		     const struct case_facts *facts, int64_t now_us)
{
	int64_t due_us = facts->due_us[CASE_DUTY_SUSPEND];

	return due_us > now_us ? due_us :
	       calendar_add_days(settings->calendar, now_us,
				 settings->cut_days);
}

static void set_times(const struct collecting *on,
		      const struct case_facts *facts, const char *values[])
{
	const struct case_settings *settings =
		case_settings_of(on->ask->settings);
	int64_t now_us = on->ask->now_us;
	const struct { enum notice_variable variable; int64_t us; } times[] = {
		{ NOTICE_BY, by_us(settings, facts, now_us) },
		{ NOTICE_DATE, now_us },
		{ NOTICE_OPENED, facts->opened_us },
		{ NOTICE_WARNED, on->warned_us ? on->warned_us :
						 facts->opened_us },
	};

	for (size_t i = 0; i < COUNT_OF(times); i++)
		values[times[i].variable] = noticesample_time(
			on->ask, times[i].us, on->arena);
	values[NOTICE_UNTIL] = facts->until_us ? noticesample_time(
		on->ask, facts->until_us, on->arena) :
		notice_word(on->language, "open");
}

void noticefacts_collect(const struct notice_ask *ask,
			 const struct case_facts *facts, const char *remark,
			 const struct notice_language *language,
			 struct arena *arena,
			 const char *values[NOTICE_VARIABLES])
{
	g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
	struct collecting on = { ask, language, arena, findings, 0 };
	const char *contact = case_settings_of(ask->settings)->contact;
	const char *name = notice_settings_of(ask->settings)->name;
	g_autoptr(GError) why = NULL;
	char id[CASE_ID_TEXT_MAX];

	/* One whose steps cannot be read has none to tell. */
	if (!casebook_each_step(ask->state, facts->id, take_step, &on, &why))
		g_ptr_array_set_size(findings, 0);
	set_times(&on, facts, values);
	values[NOTICE_ABOUT] = about(&on, facts);
	values[NOTICE_CASE] = arena_text(arena, case_id_format(facts->id, id));
	values[NOTICE_CONTACT] = contact;
	values[NOTICE_DESK] = name;
	values[NOTICE_FINDINGS] = lines_of(&on);
	values[NOTICE_INCIDENTS] = facts->incidents ? arena_printf(
		arena, "%" PRIu64, facts->incidents) : "";
	values[NOTICE_KIND] = word(&on, "kind", span_text(
		case_kind_word(facts->kind)));
	values[NOTICE_NAME] = name_of(&on, facts);
	values[NOTICE_REMARK] = noticefacts_plain(span_text(remark),
						  REMARK_MAX, true, arena);
	values[NOTICE_SAMPLES] = noticesample_text(ask, facts, language,
						   arena);
}
