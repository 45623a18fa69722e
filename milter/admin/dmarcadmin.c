#include <config.h>

#include "admin/dmarcadmin.h"

#include "admin/auditlog.h"
#include "admin/table.h"
#include "base/clock.h"
#include "message/mailaddr.h"
#include "report/dmarcdelivery.h"
#include "report/dmarcsettings.h"
#include "report/dmarcxml.h"
#include "report/reportsettings.h"
#include "resolver/resolversettings.h"
#include "settings/global.h"
#include "store/day.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* What was asked for, and one run of it. */
struct asking {
	const struct admin *admin;
	const struct command *self;
	struct dmarcsender sender;
	char *day_text, *domain_text, *folder, *reason;
	gboolean is_to_send, is_dry, is_again;
	int64_t day;
	const char *domain;		/* NULL: all */
	struct arena arena;
	struct table *table;
	unsigned shown, waiting;
};

static const char *const titles[] = {
	"DOMAIN", "MESSAGES", "ROWS", "TO", "STATE", "WHY", NULL,
};

static json_t *target_object(const struct dmarcoutbox_target *target)
{
	json_t *object = json_pack("{s:s, s:s}", "address", target->address,
		"state", dmarcoutbox_state_word(target->state));

	if (target->most_bytes)
		json_object_set_new(object, "most_bytes", json_integer(
			(json_int_t)target->most_bytes));
	if (target->when_us)
		json_object_set_new(object, "time_us",
				    json_integer(target->when_us));
	if (target->why && *target->why)
		json_object_set_new(object, "why", json_string(target->why));
	return object;
}

static void show_object(const struct dmarcoutbox_report *report,
			const char *state)
{
	char day[DAY_TEXT_MAX];
	json_t *targets = json_array();
	json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "day",
		day_format(report->day, day), "domain", report->domain,
		"messages", (json_int_t)report->messages, "rows",
		(json_int_t)report->rows, "left_out",
		(json_int_t)report->left_out, "state", state);

	for (size_t i = 0; i < report->target_count; i++)
		json_array_append_new(targets, target_object(
			&report->targets[i]));
	json_object_set_new(object, "to", targets);
	if (report->next_us)
		json_object_set_new(object, "next_us",
				    json_integer(report->next_us));
	if (report->why && *report->why)
		json_object_set_new(object, "why", json_string(report->why));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static enum table_style style_of(enum dmarcoutbox_state state)
{
	return state == DMARCOUTBOX_SENT ? TABLE_GOOD :
	       state == DMARCOUTBOX_WAITING ? TABLE_PLAIN : TABLE_BAD;
}

static void show_row(struct asking *on,
		     const struct dmarcoutbox_report *report,
		     const struct dmarcoutbox_target *target,
		     const char *state)
{
	const char *why = target && target->why && *target->why ?
			  target->why : report->why;

	table_add(on->table, TABLE_PLAIN, "%s", report->domain);
	table_add(on->table, TABLE_PLAIN, "%" PRIu64, report->messages);
	table_add(on->table, TABLE_PLAIN, "%" PRIu64, report->rows);
	table_add(on->table, TABLE_PLAIN, "%s", target ? target->address : "");
	table_add(on->table, target ? style_of(target->state) : TABLE_DIM,
		  "%s", state);
	table_add(on->table, TABLE_DIM, "%s", why ? why : "");
}

/* A line for each who is to get it, or one. word: where its own
 * state says nothing. */
static void show(struct asking *on, const struct dmarcoutbox_report *report,
		 const char *word)
{
	if (on->admin->is_json) {
		show_object(report, word);
		return;
	}
	for (size_t i = 0; i < report->target_count; i++)
		show_row(on, report, &report->targets[i],
			 dmarcoutbox_state_word(report->targets[i].state));
	if (!report->target_count)
		show_row(on, report, NULL, word);
}

static const char *word_of(const struct dmarcoutbox_report *report)
{
	if (report->next_us)
		return "waiting";
	return report->target_count ? "over" : "nobody takes it";
}

/* From the sender: one report was looked at. */
static void show_sent(const struct dmarcoutbox_report *report, void *context)
{
	struct asking *on = context;

	if (report->next_us)
		on->waiting++;
	on->shown++;
	show(on, report, word_of(report));
}

static int fail_with(const struct asking *on, const GError *why)
{
	return admin_fail_store(on->self, why);
}

static void put_targets(struct asking *on, struct dmarcoutbox_report *report)
{
	struct dmarctargets targets = dmarcdelivery_targets(
		&on->sender, report->domain, &on->arena);

	report->why = arena_text(&on->arena, targets.why->str);
	report->target_count = targets.found->len;
	report->targets = arena_new_n(&on->arena, struct dmarcoutbox_target,
				      targets.found->len);
	for (guint i = 0; i < targets.found->len; i++) {
		const struct dmarctarget *target = &g_array_index(
			targets.found, struct dmarctarget, i);

		report->targets[i] = (struct dmarcoutbox_target){
			.address = target->address,
			.most_bytes = target->most_bytes,
		};
	}
	dmarctargets_release(&targets);
}

/* As it is in the outbox, or would be. */
static int show_one(struct asking *on, const struct dmarcday_report *report)
{
	struct dmarcoutbox_report entry = {
		.day = on->day, .domain = report->domain,
		.messages = report->messages, .rows = report->rows->len,
		.left_out = report->left_out,
	};
	g_autoptr(GError) why = NULL;
	bool is_there = on->sender.state && dmarcoutbox_find(
		on->sender.state, on->day, report->domain, &on->arena, &entry,
		&why);

	if (why)
		return fail_with(on, why);
	if (on->is_dry)
		put_targets(on, &entry);
	show(on, &entry, is_there ? word_of(&entry) : "not sent");
	return EX_OK;
}

static int write_one(struct asking *on, const struct dmarcday_report *report)
{
	const struct settings *settings = on->admin->settings;
	GByteArray *packed = dmarcxml_pack(report, on->day,
					   dmarcsettings_of(settings));
	char name[DMARC_FILE_NAME_MAX];
	g_autofree char *path = g_build_filename(on->folder,
		dmarcxml_file_name(on->day, report->domain,
				   report_settings_of(settings)->domain,
				   name), NULL);
	g_autoptr(GError) why = NULL;
	bool is_good = g_file_set_contents(path, (const char *)packed->data,
					   (gssize)packed->len, &why);

	g_byte_array_unref(packed);
	if (!is_good)
		return admin_fail(on->self, EX_CANTCREAT, "%s", why->message);
	printf("%s\n", path);
	return EX_OK;
}

/* Records are read, nothing is sent. */
static int look(struct asking *on)
{
	g_autoptr(GError) why = NULL;
	struct dmarcday *counted = dmarcsender_day(&on->sender, on->day, &why);
	g_autoptr(GPtrArray) reports = NULL;
	int status = EX_OK;

	if (!counted)
		return fail_with(on, why);
	reports = dmarcday_reports(counted);
	for (guint i = 0; i < reports->len && status == EX_OK; i++) {
		const struct dmarcday_report *report = reports->pdata[i];

		if (on->domain && !g_str_equal(on->domain, report->domain))
			continue;
		on->shown++;
		status = on->folder ? write_one(on, report) :
				      show_one(on, report);
	}
	dmarcday_free(counted);
	return status;
}

/* Without a day or a domain all that the daemon would do. */
static int send_asked(struct asking *on)
{
	g_autoptr(GError) why = NULL;
	int held = dmarcoutbox_lock(on->sender.state_dir, &why);
	bool is_good = held >= 0;

	if (is_good && !on->day_text && !on->domain)
		is_good = dmarcsender_make_due(&on->sender, &why) &&
			  dmarcsender_send_due(&on->sender, &why);
	else if (is_good)
		is_good = dmarcsender_send_day(&on->sender, on->day,
					       on->domain, on->is_again, &why);
	if (held >= 0)
		close(held);
	if (!is_good)
		return fail_with(on, why);
	if (on->waiting)
		return admin_fail(on->self, EX_TEMPFAIL, "%u of %u wait for "
				  "another try", on->waiting, on->shown);
	return EX_OK;
}

static int open_all(struct asking *on)
{
	const struct settings *settings = on->admin->settings;
	g_autoptr(GError) why = NULL;

	on->sender = (struct dmarcsender){
		.settings = settings, .tell = show_sent, .context = on,
		.state_dir = global_settings_of(settings)->state_dir,
	};
	on->sender.state = state_open(on->sender.state_dir, STATE_CREATE,
				      &why);
	if (on->sender.state && (on->is_to_send || on->is_dry))
		on->sender.resolver = resolver_open(
			resolver_settings_of(settings), &why);
	return why ? fail_with(on, why) : EX_OK;
}

static int act(struct asking *on)
{
	int status = open_all(on);

	on->table = table_new(titles);
	if (status == EX_OK)
		status = on->is_to_send ? send_asked(on) : look(on);
	if (on->shown && !on->folder && !on->admin->is_json)
		table_print(on->table);
	table_free(on->table);
	resolver_close(&on->sender.resolver);
	state_close(&on->sender.state);
	if (status == EX_OK && on->domain && !on->shown)
		return admin_fail(on->self, EX_DATAERR, "no report for %s: no "
				  "message of that day is of a domain that "
				  "wants one", on->domain);
	return status;
}

static int check(struct asking *on, int argc)
{
	int64_t today = day_of_us(clock_now_us());
	int status;

	on->day = today - 1;
	status = admin_take_day(on->self, "--day", on->day_text, &on->day);
	if (status != EX_OK)
		return status;
	if (argc > 1)
		return admin_fail(on->self, EX_USAGE, "it takes no argument "
				  "but its options");
	if (on->domain_text) {
		on->domain = mailaddr_domain_ascii(span_text(on->domain_text),
						   &on->arena);
		if (!on->domain)
			return admin_fail(on->self, EX_USAGE, "--domain: \"%s\" "
					  "is no domain", on->domain_text);
	}
	if (on->is_to_send + on->is_dry + (on->folder != NULL) > 1)
		return admin_fail(on->self, EX_USAGE, "one of --send, "
				  "--dry-run and --output at a time");
	if (on->is_again && !(on->is_to_send && on->domain))
		return admin_fail(on->self, EX_USAGE, "--again is for --send "
				  "with --domain: who has it gets it twice");
	if (on->is_to_send && on->day >= today)
		return admin_fail(on->self, EX_USAGE, "--day: %s is not over "
				  "(in UTC): its report would not be whole",
				  on->day_text);
	return EX_OK;
}

static int run_asked(struct asking *on, struct admin *admin, int argc,
		     char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	const GOptionEntry entries[] = {
		{ "day", 0, 0, G_OPTION_ARG_STRING, &on->day_text,
		  "Of this day (UTC); not given: yesterday", "DAY" },
		{ "domain", 0, 0, G_OPTION_ARG_STRING, &on->domain_text,
		  "Only the report for the policy of this domain", "DOMAIN" },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &on->folder,
		  "Write the reports to files in this folder", "DIR" },
		{ "send", 0, 0, G_OPTION_ARG_NONE, &on->is_to_send,
		  "Send them; without --day and --domain also those that "
		  "wait for another try", NULL },
		{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &on->is_dry,
		  "Tell who would get them, by the DNS", NULL },
		{ "again", 0, 0, G_OPTION_ARG_NONE, &on->is_again,
		  "Even when that was done before", NULL },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &on->reason,
		  "What for: reevectl audit tells it", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(on->self, entries, &argc, &argv);

	if (status == EX_OK)
		status = check(on, argc);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, on->self, asked, on->reason);
	return status == EX_OK ? act(on) : status;
}

int dmarcadmin_run(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	struct asking on = { .admin = admin, .self = self };
	int status;

	arena_init(&on.arena);
	status = run_asked(&on, admin, argc, argv);
	arena_release(&on.arena);
	g_free(on.day_text);
	g_free(on.domain_text);
	g_free(on.folder);
	g_free(on.reason);
	return status;
}
