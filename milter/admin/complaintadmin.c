#include <config.h>

#include "admin/admin.h"

#include "admin/auditlog.h"
#include "admin/complainterase.h"
#include "admin/complaintlist.h"
#include "admin/desk.h"
#include "admin/input.h"
#include "base/clock.h"
#include "cases/caseincidents.h"
#include "cases/complaintdrop.h"
#include "cases/complaintsettings.h"
#include "settings/global.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* One run of import. */
struct importing {
	struct admin *admin;
	const struct command *self;
	struct complaint_import import;
};

/* The MTA keeps one for which there is no room, and tries again. */
static int tell(const struct admin *admin, const struct command *self,
		const struct complaint_imported *imported)
{
	const char *word = complaintbook_outcome_word(imported->outcome);

	if (imported->outcome == COMPLAINT_FULL)
		return admin_fail(self, EX_TEMPFAIL, "%s",
				  COMPLAINT_FULL_ADVICE);
	if (admin->is_json)
		printf("{\"complaint\":%" PRIu64 ",\"outcome\":\"%s\","
		       "\"records\":%zu}\n", imported->number,
		       word, imported->record_count);
	else if (imported->outcome == COMPLAINT_THROTTLED)
		puts("forgotten: too many from there today "
		     "(cases.complaints_a_day)");
	else
		printf("complaint %" PRIu64 " %s, %s\n", imported->number,
		       word, imported->record_count ?
		       "its record was found" : "no record was found");
	return EX_OK;
}

static void tell_letter(const struct admin *admin, const char *what)
{
	if (admin->is_json)
		printf("{\"outcome\":\"letter\",\"text\":\"%s\"}\n", what);
	else
		puts(what);
}

static int refuse_size(const struct importing *on, const char *name)
{
	return admin_fail(on->self, EX_DATAERR, "%s: larger than "
			  "cases.complaint_size", name);
}

static bool is_too_large(const struct importing *on, struct span bytes)
{
	return bytes.len > (size_t)complaint_settings_of(
		on->admin->settings)->mail_bytes;
}

static int take_one(void *mydata, struct span bytes, const char *name,
		    bool is_named)
{
	struct importing *on = mydata;
	struct complaint_imported imported;
	g_autoptr(GError) why = NULL;

	(void)is_named;
	if (is_too_large(on, bytes))
		return refuse_size(on, name);
	if (!complaintimport_take(&on->import, bytes, &imported, &why))
		return admin_fail_store(on->self, why);
	if (imported.is_letter) {
		tell_letter(on->admin, imported.why);
		return EX_OK;
	}
	if (imported.refusal != COMPLAINT_READ)
		return admin_fail(on->self, EX_DATAERR, "%s: no complaint: %s",
				  name, imported.why);
	return tell(on->admin, on->self, &imported);
}

static int drop_one(void *mydata, struct span bytes, const char *name,
		    bool is_named)
{
	struct importing *on = mydata;
	const char *dir = complaint_settings_of(
		on->admin->settings)->drop_dir;
	g_autoptr(GError) why = NULL;

	(void)is_named;
	if (is_too_large(on, bytes))
		return refuse_size(on, name);
	if (!*dir)
		return admin_fail(on->self, EX_NOPERM, "only the daemon's user "
				  "may, as long as cases.drop_dir is not set");
	if (!complaintdrop_put(dir, bytes, &why))
		return admin_fail(on->self, EX_TEMPFAIL, "%s; is cases.drop_dir "
				  "there, with mode 1733?", why->message);
	return EX_OK;
}

static int each(struct importing *on, input_fn *what, int count, char **paths,
		const char *maildir)
{
	g_autofree char *fresh = NULL, *seen = NULL;

	if (!maildir)
		return input_each(on->self, count, paths, what, on);
	fresh = g_build_filename(maildir, "new", NULL);
	seen = g_build_filename(maildir, "cur", NULL);
	return input_each(on->self, 2, (char *[]){ fresh, seen }, what, on);
}

/* Whether the state is the caller's to write; else it goes through the drop
 * directory. */
static bool is_owner(const struct admin *admin)
{
	const char *dir = global_settings_of(admin->settings)->state_dir;
	struct stat facts;

	return geteuid() == 0 || (stat(dir, &facts) == 0 &&
				  facts.st_uid == geteuid());
}

static int import(struct importing *on, int count, char **paths,
		  const char *maildir, const char *reason)
{
	g_autofree char *who = admin_operator();
	g_autoptr(GError) why = NULL;
	int status = auditlog_note(on->admin, on->self,
				   maildir ? maildir : paths[0], reason);

	if (status != EX_OK)
		return status;
	on->import = (struct complaint_import){
		.settings = on->admin->settings, .operator_name = who,
		.now_us = clock_now_us(),
	};
	on->import.state = desk_open(on->admin, on->self, &status);
	if (!on->import.state)
		return status;
	status = each(on, take_one, count, paths, maildir);
	if (!caseincidents_flush(on->import.state, on->admin->settings,
				 &why))
		status = admin_fail_store(on->self, why);
	state_close(&on->import.state);
	return status;
}

/* What an MTA's pipe may do, anyone may; who writes into the state himself has
 * to be one who may add. */
static int load_as_owner(struct admin *admin)
{
	g_clear_pointer(&admin->settings, settings_unref);
	admin->command = "complaint add";
	return admin_load(admin);
}

static int run_import(struct admin *admin, const struct command *self,
		      int argc, char **argv)
{
	g_autofree char *maildir = NULL, *reason = NULL;
	const GOptionEntry entries[] = {
		{ "maildir", 'm', 0, G_OPTION_ARG_FILENAME, &maildir,
		  "All mails of a maildir, which stay there", "DIR" },
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	struct importing on = { .admin = admin, .self = self };
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (maildir ? argc != 1 : argc < 2))
		status = admin_fail(self, EX_USAGE, "needs FILE..., - or "
				    "--maildir DIR");
	if (status == EX_OK)
		status = admin_load_settings(admin);
	if (status != EX_OK)
		return status;
	if (!is_owner(admin))
		return each(&on, drop_one, argc - 1, argv + 1, maildir);
	status = load_as_owner(admin);
	return status != EX_OK ? status :
	       import(&on, argc - 1, argv + 1, maildir, reason);
}

/* What an operator was told. */
struct words {
	char *reporter, *sender, *recipient, *source, *message_id, *queue_id;
	char *kind, *time, *note, *reason;
};

static void words_release(struct words *words)
{
	g_free(words->reporter);
	g_free(words->sender);
	g_free(words->recipient);
	g_free(words->source);
	g_free(words->message_id);
	g_free(words->queue_id);
	g_free(words->kind);
	g_free(words->time);
	g_free(words->note);
	g_free(words->reason);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static int fill(const struct command *self, const struct words *words,
		struct arena *arena, struct complaint *out)
{
	*out = (struct complaint){
		.form = COMPLAINT_BY_HAND,
		.kind = words->kind ? words->kind : "abuse",
		.reporter = words->reporter,
		.reporter_domain = complaint_domain_of(words->reporter, arena),
		.agent = "", .subject = "",
		.message_id = or_empty(words->message_id),
		.sender = or_empty(words->sender),
		.recipient = or_empty(words->recipient),
	};
	if (words->queue_id)
		out->queue_ids[out->queue_id_count++] = words->queue_id;
	if (words->source &&
	    !netaddr_parse(span_text(words->source), &out->source))
		return admin_fail(self, EX_USAGE, "--source: \"%s\" is no "
				  "address", words->source);
	if (words->source)
		out->hops[out->hop_count++] = out->source;
	if (words->time && !admin_parse_time(words->time, &out->received_us))
		return admin_fail(self, EX_USAGE, "--time: \"%s\" is no time",
				  words->time);
	return EX_OK;
}

static int add(struct admin *admin, const struct command *self,
	       struct complaint_entry *entry, struct arena *arena)
{
	g_autofree char *who = admin_operator();
	struct complaint_import import = {
		.settings = admin->settings, .operator_name = who,
		.now_us = clock_now_us(),
	};
	struct complaint_imported imported = { .number = 0 };
	g_autoptr(GError) why = NULL;
	int status = EX_OK;

	import.state = desk_open(admin, self, &status);
	if (!import.state)
		return status;
	if (!complaintimport_add(&import, entry, arena, &imported, &why) ||
	    !caseincidents_flush(import.state, admin->settings, &why))
		status = admin_fail_store(self, why);
	else
		status = tell(admin, self, &imported);
	state_close(&import.state);
	return status;
}

static int check_and_add(struct admin *admin, const struct command *self,
			 const struct words *words)
{
	struct complaint_entry entry = { .note = or_empty(words->note) };
	struct arena arena;
	int status;

	arena_init(&arena);
	status = fill(self, words, &arena, &entry.complaint);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, words->reporter,
				       words->reason);
	if (status == EX_OK)
		status = add(admin, self, &entry, &arena);
	arena_release(&arena);
	return status;
}

static int run_add(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	struct words words = { .reporter = NULL };
	const GOptionEntry entries[] = {
		{ "reporter", 0, 0, G_OPTION_ARG_STRING, &words.reporter,
		  "Who complains", "ADDRESS" },
		{ "sender", 0, 0, G_OPTION_ARG_STRING, &words.sender,
		  "Sender of the mail", "ADDRESS" },
		{ "recipient", 0, 0, G_OPTION_ARG_STRING, &words.recipient,
		  "Who got it", "ADDRESS" },
		{ "source", 0, 0, G_OPTION_ARG_STRING, &words.source,
		  "Address that it came from", "IP" },
		{ "message-id", 0, 0, G_OPTION_ARG_STRING, &words.message_id,
		  "Its Message-ID", "ID" },
		{ "queue-id", 0, 0, G_OPTION_ARG_STRING, &words.queue_id,
		  "Its queue id here", "ID" },
		{ "kind", 0, 0, G_OPTION_ARG_STRING, &words.kind,
		  "abuse, fraud, virus, ... (abuse)", "KIND" },
		{ "time", 0, 0, G_OPTION_ARG_STRING, &words.time,
		  "When it came", "TIME" },
		{ "note", 0, 0, G_OPTION_ARG_STRING, &words.note,
		  "What was said", "TEXT" },
		DESK_REASON_ENTRY(&words.reason),
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (argc != 1 || !words.reporter ||
				!(words.message_id || words.queue_id ||
				  words.sender || words.source)))
		status = admin_fail(self, EX_USAGE, "needs --reporter, and one "
			"of --message-id, --queue-id, --sender, --source");
	if (status == EX_OK)
		status = check_and_add(admin, self, &words);
	words_release(&words);
	return status;
}

static const struct command verbs[] = {
	{
		.name = "complaint add",
		.arguments = "--reporter ADDRESS [OPTION...]",
		.summary = "Write down what was told by phone or letter",
		.examples =
		"  reevectl complaint add --reporter bob@example.net "
		"--message-id 17@example.org --note \"by phone\"\n",
		.run = run_add,
	}, {
		.name = "complaint import",
		.arguments = "FILE...|-|--maildir DIR",
		.summary = "Read complaints: ARF, XARF 4, forwarded mail",
		.examples = "  reevectl complaint import report.eml\n"
		"In the aliases of Postfix or Sendmail:\n"
		"  abuse: \"|reevectl complaint import -\"\n",
		.run = run_import,
	}, {
		.name = "complaint list",
		.arguments = "[--unmatched] [--since TIME] [--count N]",
		.summary = "What came, the newest first",
		.examples = "  reevectl complaint list --unmatched\n",
		.run = complaintlist_list,
	}, {
		.name = "complaint show",
		.arguments = "[--original] NUMBER",
		.summary = "All of one",
		.examples = "  reevectl complaint show 17\n",
		.run = complaintlist_show,
	}, {
		.name = "complaint match",
		.arguments = "[--reason TEXT] NUMBER RECORD",
		.summary = "Say which record one is about",
		.examples = "  reevectl complaint match 17 06FD2K3J4H5G6\n",
		.run = complaintlist_match,
	}, {
		.name = "complaint erase",
		.arguments = "--reason TEXT NUMBER...",
		.summary = "Take all words of people out of some",
		.examples = "  reevectl complaint erase 17 18 --reason "
			    "'request of 2026-11-20'\n",
		.run = complainterase_run,
	},
};

static int run(struct admin *admin, const struct command *self, int argc,
	       char **argv)
{
	return admin_run_verb(admin, self, verbs, COUNT_OF(verbs), argc, argv);
}

const struct command command_complaint = {
	.name = "complaint",
	.arguments = "add|import|list|show|match|erase ...",
	.summary = "Who complains, and of whom",
	.run = run,
};
