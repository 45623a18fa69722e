#include <config.h>

#include "cases/noticeclock.h"

#include "base/clock.h"
#include "base/log.h"
#include "cases/noticepost.h"
#include "store/audit.h"

#define OURSELVES "mailreeve"
#define SCAN_EVERY_US (INT64_C(10) * G_USEC_PER_SEC)
#define END_WAIT_US (INT64_C(5) * G_USEC_PER_SEC)
#define END_LOOK_US 10000
#define SCANNED_MAX 1000	/* cases in a scan; the next begins
				 * behind them */

/* What is on its way. */
static struct {
	struct sendmail_job *job;
	struct case_id id;
	uint32_t number;
} post;

static int64_t scanned_us;
static guint passed[NOTICE_KINDS];	/* cases that scans before this one
					 * looked at */

static void tell_trouble(const struct notice_entry *entry, const GError *why)
{
	char id[CASE_ID_TEXT_MAX];

	log_event(NULL, LOG_WARNING, "letter_failed",
		  "case=%s what=%s why=\"%s\"", case_id_format(entry->id, id),
		  notice_kind_word(entry->kind), why->message);
}

/* The audit first: what cannot be written down is not done. */
static bool note(const struct notice_ask *ask,
		 const struct notice_entry *entry)
{
	char id[CASE_ID_TEXT_MAX];
	g_autofree char *what = g_strdup_printf("%s to %s", notice_kind_word(
		entry->kind), entry->to);
	const struct audit_entry audit = {
		.when_us = ask->now_us, .operator_name = OURSELVES,
		.action = "case letter",
		.subject = case_id_format(entry->id, id), .reason = what,
	};
	g_autoptr(GError) why = NULL;

	if (audit_note(ask->state, &audit, &why))
		return true;
	tell_trouble(entry, why);
	return false;
}

bool noticeclock_prepare(const struct notice_ask *ask, struct case_id id,
			 enum case_command command, struct arena *arena,
			 struct notice_entry *out)
{
	g_autoptr(GError) why = NULL;
	struct case_facts facts;
	enum notice_kind kind;

	if (!notice_settings_of(ask->settings)->is_on ||
	    !casebook_get(ask->state, id, &facts, arena, NULL))
		return false;
	kind = notice_kind_for(ask, &facts, command);
	*out = (struct notice_entry){ .id = id, .kind = kind };
	if (kind == NOTICE_KIND_NONE)
		return false;
	if (!notice_prepare(ask, &facts, kind, NULL, NULL, arena, out, &why)) {
		tell_trouble(out, why);
		return false;
	}
	out->operator_name = OURSELVES;
	return true;
}

static void tell_end(const struct notice_entry *entry, const char *failed)
{
	g_autofree char *to = log_text(span_text(entry->to));
	char id[CASE_ID_TEXT_MAX];

	log_event(NULL, failed ? LOG_WARNING : LOG_NOTICE, failed ?
		  "letter_failed" : "letter_sent", "case=%s what=%s to=%s "
		  "tries=%u%s%s", case_id_format(entry->id, id),
		  notice_kind_word(entry->kind), to, entry->tries,
		  failed ? " why=" : "", failed ? failed : "");
}

static void end(const struct notice_ask *ask, struct notice_entry *entry,
		const char *failed, struct arena *arena)
{
	const struct notice_outcome outcome = { failed, OURSELVES, NULL };
	g_autoptr(GError) why = NULL;
	struct case_facts facts;

	if (noticepost_end(ask, entry, &outcome, &facts, arena, &why))
		tell_end(entry, failed);
	else
		tell_trouble(entry, why);
}

/* True: nothing is on its way any more. */
static bool look_after(const struct notice_ask *ask, struct arena *arena)
{
	g_autoptr(GError) why = NULL;
	struct notice_entry entry;
	enum sendmail_end how;

	if (!post.job)
		return true;
	how = sendmail_poll(&post.job, NOTICEPOST_LIMIT_MS, &why);
	if (how == SENDMAIL_RUNS)
		return false;
	if (noticebook_get(ask->state, post.id, post.number, arena, &entry))
		end(ask, &entry, how == SENDMAIL_TAKEN ? NULL : why->message,
		    arena);
	return true;
}

static bool take_warning(const struct case_step *step, void *context)
{
	if (step->command == CASE_COMMAND_WARN)
		*(int64_t *)context = step->when_us;
	return true;
}

/* Somebody warned otherwise, or the case took another turn,
 * since it was written. */
static bool is_true(const struct notice_ask *ask,
		    const struct case_facts *facts,
		    const struct notice_entry *entry)
{
	int64_t warned_us = 0;

	if (!notice_fits(facts, entry->kind))
		return false;
	return entry->command != CASE_COMMAND_WARN ||
	       !casebook_each_step(ask->state, entry->id, take_warning,
				   &warned_us, NULL) ||
	       warned_us <= entry->created_us;
}

static void drop(const struct notice_ask *ask, struct notice_entry *entry)
{
	g_autoptr(GError) why = NULL;
	char id[CASE_ID_TEXT_MAX];

	entry->state = NOTICE_STATE_DROPPED;
	entry->ended_us = ask->now_us;
	if (!noticebook_save(ask->state, entry, &why))
		tell_trouble(entry, why);
	else
		log_event(NULL, LOG_NOTICE, "letter_dropped", "case=%s what=%s "
			  "the case went on", case_id_format(entry->id, id),
			  notice_kind_word(entry->kind));
}

static void start(const struct notice_ask *ask,
		  const struct case_facts *facts, struct notice_entry *entry,
		  struct arena *arena)
{
	g_autoptr(GError) why = NULL;
	struct notice_mail mail;

	notice_mail_init(&mail, ask, facts, entry, arena);
	post.id = entry->id;
	post.number = entry->number;
	post.job = sendmail_start(&mail.mail, &why);
	if (!post.job)
		end(ask, entry, why->message, arena);
	notice_mail_release(&mail);
}

static void send_next(const struct notice_ask *ask, struct arena *arena)
{
	g_autoptr(GError) why = NULL;
	struct notice_entry entry;
	struct case_facts facts;

	if (!noticebook_next(ask->state, ask->now_us, arena, &entry))
		return;
	if (!casebook_get(ask->state, entry.id, &facts, arena, NULL) ||
	    !is_true(ask, &facts, &entry)) {
		drop(ask, &entry);
		return;
	}
	if (!note(ask, &entry))
		return;
	if (noticebook_claim(ask->state, &entry,
			     ask->now_us + NOTICEPOST_CLAIM_US, &why))
		start(ask, &facts, &entry, arena);
	else if (why)
		tell_trouble(&entry, why);
}

/* What is asked of the letters that a case has. */
struct have {
	enum notice_kind kind;
	const char *to;
	int64_t since_us;
	bool is_any;
};

/* A warning that was sent settled what was owed then: what is
 * owed now came later. */
static bool take_letter(const struct notice_entry *entry, void *context)
{
	struct have *have = context;
	bool is_waiting = entry->state == NOTICE_STATE_WAITING;
	bool is_past = entry->state == NOTICE_STATE_DROPPED ||
		       (entry->state == NOTICE_STATE_SENT &&
			entry->kind == NOTICE_KIND_WARNING);

	have->is_any |= entry->kind == have->kind && !is_past &&
			(is_waiting || (entry->created_us >= have->since_us &&
			 g_ascii_strcasecmp(entry->to, have->to) == 0));
	return true;
}

static bool is_due_warning(const struct notice_ask *ask,
			   const struct case_facts *facts)
{
	int64_t after_us = notice_settings_of(
		ask->settings)->warn_after_ms * 1000;

	return facts->due_us[CASE_DUTY_WARN] &&
	       notice_fits(facts, NOTICE_KIND_WARNING) &&
	       facts->opened_us + after_us <= ask->now_us;
}

static bool is_due_reminder(const struct notice_ask *ask,
			    const struct case_facts *facts)
{
	int64_t before_us = notice_settings_of(
		ask->settings)->remind_ms * 1000;
	int64_t due_us = facts->due_us[CASE_DUTY_SUSPEND];

	return due_us > ask->now_us && due_us - before_us <= ask->now_us &&
	       !facts->due_us[CASE_DUTY_WARN] &&
	       facts->state != CASE_STATE_OPEN &&
	       notice_fits(facts, NOTICE_KIND_REMINDER);
}

static void write_one(const struct notice_ask *ask, struct case_id id,
		      enum notice_kind kind, struct arena *arena)
{
	struct have have = { .kind = kind };
	struct notice_entry entry = { .id = id, .kind = kind };
	g_autoptr(GError) why = NULL;
	struct case_facts facts;

	if (!casebook_get(ask->state, id, &facts, arena, &why) ||
	    !notice_prepare(ask, &facts, kind, NULL, NULL, arena, &entry,
			    &why))
		return;		/* case due tells what is left undone */
	have.to = entry.to;
	if (kind == NOTICE_KIND_REMINDER)
		have.since_us = facts.due_us[CASE_DUTY_SUSPEND] -
			notice_settings_of(ask->settings)->remind_ms * 1000;
	entry.operator_name = OURSELVES;
	if (kind == NOTICE_KIND_WARNING)
		entry.command = CASE_COMMAND_WARN;
	if (!noticebook_each(ask->state, id, take_letter, &have, &why) ||
	    (!have.is_any && !noticebook_save(ask->state, &entry, &why)))
		tell_trouble(&entry, why);
}

struct scan {
	const struct notice_ask *ask;
	bool (*is_due)(const struct notice_ask *ask,
		       const struct case_facts *facts);
	GArray *ids;
	guint pass;			/* so many of them first */
};

static bool take_case(const struct case_facts *facts, void *context)
{
	struct scan *scan = context;

	if (!scan->is_due(scan->ask, facts))
		return true;
	if (scan->pass)
		scan->pass--;
	else
		g_array_append_val(scan->ids, facts->id);
	return scan->ids->len < SCANNED_MAX;
}

/* Those to whom nobody can write stay due: they are not to keep
 * it from the others. */
static void write_due(struct scan *scan, int64_t until_us,
		      enum notice_kind kind, struct arena *arena)
{
	g_autoptr(GError) why = NULL;

	scan->ids = g_array_new(FALSE, FALSE, sizeof(struct case_id));
	scan->pass = passed[kind];
	if (!casebook_each_due(scan->ask->state, until_us, take_case, scan,
			       &why))
		log_event(NULL, LOG_WARNING, "letters_unknown", "why=\"%s\"",
			  why->message);
	for (guint i = 0; i < scan->ids->len; i++)
		write_one(scan->ask, g_array_index(scan->ids, struct case_id,
						   i), kind, arena);
	passed[kind] = scan->ids->len < SCANNED_MAX ? 0 :
		       passed[kind] + SCANNED_MAX;
	g_array_unref(scan->ids);
}

static void write_all(const struct notice_ask *ask, struct arena *arena)
{
	const struct notice_settings *settings = notice_settings_of(
		ask->settings);
	const struct case_settings *cases = case_settings_of(ask->settings);
	struct scan warnings = { ask, is_due_warning, NULL, 0 };
	struct scan reminders = { ask, is_due_reminder, NULL, 0 };

	if (settings->auto_warn &&
	    calendar_is_working(cases->calendar, ask->now_us))
		write_due(&warnings, INT64_MAX, NOTICE_KIND_WARNING, arena);
	if (settings->is_on && settings->remind_ms)
		write_due(&reminders, ask->now_us + settings->remind_ms * 1000,
			  NOTICE_KIND_REMINDER, arena);
}

void noticeclock_run(const struct notice_ask *ask)
{
	struct arena arena;

	arena_init(&arena);
	if (ask->now_us < scanned_us ||
	    ask->now_us >= scanned_us + SCAN_EVERY_US) {
		scanned_us = ask->now_us;
		write_all(ask, &arena);
	}
	if (look_after(ask, &arena))
		send_next(ask, &arena);
	arena_release(&arena);
}

void noticeclock_end(const struct notice_ask *ask)
{
	int64_t until_us = clock_monotonic_us() + END_WAIT_US;
	struct arena arena;

	arena_init(&arena);
	while (!look_after(ask, &arena) && clock_monotonic_us() < until_us)
		g_usleep(END_LOOK_US);
	arena_release(&arena);
}
