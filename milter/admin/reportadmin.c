#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/dmarcadmin.h"
#include "admin/recordjson.h"
#include "admin/recordprint.h"
#include "admin/recordquery.h"
#include "report/arf.h"
#include "report/iodef.h"
#include "report/xarfspam.h"
#include "settings/global.h"
#include "store/evidence.h"
#include "store/recordid.h"
#include "store/storeerror.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define ORIGINAL_MAX ((uint64_t)256 << 20)

/* One run: what is made of each record, and where it goes. */
struct reporting {
	const struct admin *admin;
	const struct command *self;
	const char *to;
	bool (*print)(struct reporting *on, const struct search_hit *hit,
		      const struct abusefacts *facts);
	struct arena arena;
	struct recordprint *csv;
	unsigned printed;
	int status;
};

static bool print_arf(struct reporting *on, const struct search_hit *hit,
		      const struct abusefacts *facts)
{
	g_autoptr(GByteArray) mail = arf_format(facts, on->to, &on->arena);

	(void)hit;
	fwrite(mail->data, 1, mail->len, stdout);
	return true;
}

static bool print_json_line(json_t *object)
{
	if (!object)
		return false;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
	return true;
}

static bool print_xarf(struct reporting *on, const struct search_hit *hit,
		       const struct abusefacts *facts)
{
	(void)hit;
	return print_json_line(xarfspam_format(facts, &on->arena));
}

static bool print_json(struct reporting *on, const struct search_hit *hit,
		       const struct abusefacts *facts)
{
	(void)on;
	(void)facts;
	return print_json_line(recordjson_record(hit->record, hit->sequence));
}

static bool print_text(struct reporting *on, const struct search_hit *hit,
		       const struct abusefacts *facts)
{
	g_autofree char *words = arf_words(facts, &on->arena);

	(void)hit;
	fputs(words, stdout);
	return true;
}

static bool print_iodef(struct reporting *on, const struct search_hit *hit,
			const struct abusefacts *facts)
{
	g_autofree char *text = iodef_format(facts, &on->arena);

	(void)hit;
	fputs(text, stdout);
	return true;
}

/* The titles come with the first. */
static bool print_csv(struct reporting *on, const struct search_hit *hit,
		      const struct abusefacts *facts)
{
	(void)facts;
	if (!on->csv)
		on->csv = recordprint_new(true);
	recordprint_add(on->csv, hit->record);
	return true;
}

static const struct {
	const char *name;
	bool (*print)(struct reporting *on, const struct search_hit *hit,
		      const struct abusefacts *facts);
	bool is_for_several;	/* reports can stand one behind the other */
} formats[] = {
	{ "arf", print_arf, false }, { "xarf", print_xarf, true },
	{ "iodef", print_iodef, false }, { "csv", print_csv, true },
	{ "json", print_json, true }, { "text", print_text, true },
};

/* One that is gone or removed is no reason not to report. */
static GByteArray *read_original(const struct reporting *on,
				 const Reeve__Record *record)
{
	g_autoptr(GError) why = NULL;
	struct evidence_place place;
	GByteArray *original;

	if (!evidence_of_record(record, &place))
		return NULL;
	original = evidence_get(admin_records_from(on->admin), &place,
				ORIGINAL_MAX, &why);
	if (!original && !g_error_matches(why, STORE_ERROR,
					  STORE_ERROR_MISSING))
		admin_fail(on->self, 0, "%s", why->message);
	return original;
}

static bool report_hit(const struct search_hit *hit, void *context)
{
	struct reporting *on = context;
	const struct settings *settings = on->admin->settings;
	g_autoptr(GByteArray) original = NULL;
	struct abusefacts facts;

	if (!hit->record->message) {
		on->status = admin_fail(on->self, EX_DATAERR, "that is the "
					"record of a session, not of a "
					"message");
		return false;
	}
	abusefacts_init(&facts, hit->record, report_settings_of(settings),
			global_settings_of(settings)->authserv_id, &on->arena);
	original = read_original(on, hit->record);
	facts.original = original;
	facts.is_whole = original && !hit->record->message->evidence->cut;
	if (!on->print(on, hit, &facts))
		on->status = admin_fail(on->self, EX_DATAERR, "record %s has "
			"no client address and no sender's domain: there is "
			"nobody to report", facts.record_id);
	on->printed++;
	abusefacts_release(&facts);
	return on->status == EX_OK;
}

static int report_one(struct reporting *on, const char *id)
{
	struct search_query query = { .limit = 1 };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	unsigned before = on->printed;
	bool is_done;
	int status;

	if (!record_id_parse(span_text(id), &query.id))
		return admin_fail(on->self, EX_USAGE, "\"%s\" is no record id; "
				  "it has 13 letters and digits", id);
	is_done = search_run(admin_records_from(on->admin), &query, report_hit,
			     on, &result, &why);
	status = recordquery_end(on->self, is_done, &result, why);
	if (status == EX_OK && on->status == EX_OK && on->printed == before)
		return admin_fail(on->self, EX_DATAERR, "no record %s", id);
	return status == EX_OK ? on->status : status;
}

static int take_format(const struct command *self, const char *name,
		       struct reporting *on, int count)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		if (g_strcmp0(name, formats[i].name) != 0)
			continue;
		if (count > 1 && !formats[i].is_for_several)
			return admin_fail(self, EX_USAGE, "%s is about one "
					  "record: ask for each by itself",
					  name);
		on->print = formats[i].print;
		return EX_OK;
	}
	return admin_fail(self, EX_USAGE, "--format: one of arf, xarf, iodef, "
			  "csv, json, text");
}

static int run_abuse(struct admin *admin, const struct command *self, int argc,
		     char **argv)
{
	g_autofree char *format = NULL, *to = NULL, *reason = NULL;
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	const GOptionEntry entries[] = {
		{ "format", 0, 0, G_OPTION_ARG_STRING, &format,
		  "arf (a mail, RFC 5965), xarf (version 4), iodef (RFC "
		  "7970), csv, json or text",
		  "WORD" },
		{ "to", 0, 0, G_OPTION_ARG_STRING, &to,
		  "Whom the mail is to; it goes to standard output",
		  "ADDRESS" },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  RECORDQUERY_REASON_HELP, "TEXT" },
		RECORDS_FROM_ENTRY(admin),
		G_OPTION_ENTRY_NULL,
	};
	struct reporting on = { .admin = admin, .self = self };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc < 2)
		status = admin_fail(self, EX_USAGE, "whose? Record ids are "
				    "needed");
	if (status == EX_OK)
		status = take_format(self, format ?: "arf", &on, argc - 1);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status != EX_OK)
		return status;
	on.to = to;
	arena_init(&on.arena);
	for (int i = 1; i < argc && status == EX_OK; i++)
		status = report_one(&on, argv[i]);
	if (on.csv) {
		recordprint_end(on.csv);
		recordprint_free(on.csv);
	}
	arena_release(&on.arena);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "report abuse",
		.arguments = "[OPTION...] ID...",
		.summary = "A report about a message, for those whom it came "
			   "from",
		.examples = "  reevectl report abuse 0K2V9PB1XG4ZQ --to "
			    "abuse@example.net | sendmail -t\n"
			    "  reevectl report abuse --format xarf "
			    "0K2V9PB1XG4ZQ >report.json\n",
		.run = run_abuse,
	},
	{
		.name = "report dmarc",
		.arguments = "[OPTION...]",
		.summary = "DMARC aggregate reports, to the domains that ask "
			   "for them",
		.examples = "  reevectl report dmarc --dry-run\n"
			    "  reevectl report dmarc --day 2026-11-23 -o "
			    "/tmp\n"
			    "  reevectl report dmarc --send\n",
		.run = dmarcadmin_run,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_report = {
	.name = "report",
	.arguments = "abuse|dmarc ...",
	.summary = "Reports in standard formats",
	.run = run,
};
