#include <config.h>

#include "admin/reportauthority.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/evidencefolder.h"
#include "admin/outfile.h"
#include "admin/reportsend.h"
#include "base/clock.h"
#include "report/authorityjson.h"
#include "settings/global.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#define ORIGINAL_MAX ((uint64_t)256 << 20)

/* As given; NULL: not. */
struct words {
	char *format, *since, *until, *reason;
	gboolean is_all, is_done;
	struct reportsend send;
};

/* One run. */
struct run {
	struct admin *admin;
	const struct command *self;
	struct state *state;
	struct words *words;
	struct casematter_wish wish;
	struct casematter matter;
	struct authority report;
	guint record_count;
	bool is_partial;		/* not all could be read */
	int fd;				/* where the document goes */
};

static int fail(const struct run *run, const GError *why)
{
	return admin_fail(run->self, EX_IOERR, "%s", why->message);
}

static bool add_text(struct evidencezip *zip, const char *name,
		     const char *text, int64_t time_us, GError **error)
{
	return evidencezip_add(zip, name, span_text(text), time_us, error);
}

static bool add_json(const struct run *run, struct evidencezip *zip,
		     GError **error)
{
	json_t *object = authorityjson_object(&run->report);
	char *text = json_dumps(object, JSON_INDENT(2));
	bool is_done = add_text(zip, "report.json", text, run->report.now_us,
				error);

	free(text);
	json_decref(object);
	return is_done;
}

/* What is not there any more is said, and is no reason not to report. */
static GByteArray *read_original(const struct run *run,
				 const struct evidencefind_item *item)
{
	g_autoptr(GError) why = NULL;
	GByteArray *original = evidence_get(admin_records_from(run->admin),
					    &item->place, ORIGINAL_MAX, &why);
	char id[RECORD_ID_SIZE];

	if (!original)
		admin_fail(run->self, 0, "record %s: its original is not in "
			   "the report: %s",
			   recordview_id(item->hit->record, id), why->message);
	return original;
}

static bool add_record(const struct run *run, struct evidencezip *zip,
		       const struct casematter_record *one, GError **error)
{
	const struct search_hit hit = { .sequence = one->sequence,
					.record = one->record };
	struct evidencefind_item item = { .hit = &hit };
	const char *dir = admin_records_from(run->admin);
	g_autoptr(GByteArray) original = NULL;
	g_autofree char *folder = NULL;
	char id[RECORD_ID_SIZE];

	folder = g_build_filename("records", recordview_id(one->record, id),
				  NULL);
	if (evidence_of_record(one->record, &item.place)) {
		item.evidence = one->record->message->evidence;
		original = read_original(run, &item);
	}
	return original ?
	       evidencefolder_add(zip, folder, dir, &item, original, error) :
	       evidencefolder_add_record(zip, folder, dir, &hit, error);
}

static bool add_all(const struct run *run, struct evidencezip *zip,
		    GError **error)
{
	const GPtrArray *records = run->matter.records;
	g_autofree char *words = authority_words(&run->report);
	g_autofree char *hashes = authority_hashes(&run->matter);
	int64_t now_us = run->report.now_us;
	bool is_good = add_text(zip, "report.txt", words, now_us, error) &&
		       add_json(run, zip, error) &&
		       add_text(zip, "SHA256SUMS", hashes, now_us, error);

	for (guint i = 0; is_good && i < records->len; i++)
		is_good = add_record(run, zip, g_ptr_array_index(records, i),
				     error);
	return is_good;
}

static int write_zip(struct run *run)
{
	g_autoptr(GError) why = NULL;
	struct evidencezip *zip = evidencezip_open(run->fd, &why);
	bool is_good;

	if (!zip)
		return admin_fail(run->self, EX_UNAVAILABLE, "%s",
				  why->message);
	is_good = add_all(run, zip, &why);
	if (!evidencezip_close(&zip, is_good ? &why : NULL))
		is_good = false;
	return is_good ? EX_OK : fail(run, why);
}

static int write_text(struct run *run)
{
	g_autofree char *words = authority_words(&run->report);

	return outfile_write(run->self, run->fd, words, strlen(words));
}

static int write_json(struct run *run)
{
	json_t *object = authorityjson_object(&run->report);
	char *text = json_dumps(object, JSON_COMPACT);
	int status = outfile_write(run->self, run->fd, text, strlen(text));

	if (status == EX_OK)
		status = outfile_write(run->self, run->fd, "\n", 1);
	free(text);
	json_decref(object);
	return status;
}

/* What is attached to a mail; the words are its text in any case. */
static const struct format {
	const char *name;
	int (*write)(struct run *run);
	const char *subtype;		/* of application; NULL: nothing */
} formats[] = {
	{ "text", write_text, NULL }, { "json", write_json, "json" },
	{ "zip", write_zip, "zip" },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (g_str_equal(formats[i].name, name))
			return &formats[i];
	return NULL;
}

/* The step says what was reported, and where it went. */
static int note_step(const struct run *run)
{
	g_autofree char *operator_name = admin_operator();
	g_autofree char *whole = reportsend_where(&run->words->send);
	g_autofree char *where = g_strdup_printf("%s%.700s",
						 *whole ? " to " : "", whole);
	const char *reason = run->words->reason;
	g_autofree char *note = g_strdup_printf(
		"%s%s: %u records%s%.700s", run->words->is_done ?
		"reported" : "report sent", where, run->record_count,
		reason ? "; " : "", reason ? reason : "");
	const struct case_change change = {
		.step = { clock_now_us(), CASE_COMMAND_NOTE, CASE_STATE_NONE,
			  operator_name, note },
		.is_reported = run->words->is_done,
	};
	g_autoptr(GError) why = NULL;
	struct case_facts facts;
	struct arena arena;
	bool is_good;

	arena_init(&arena);
	is_good = casebook_change(run->state,
				  case_settings_of(run->admin->settings),
				  run->wish.id, &change, &facts, &arena, &why);
	arena_release(&arena);
	return is_good ? EX_OK : admin_fail_store(run->self, why);
}

static void tell_problems(struct run *run)
{
	const GPtrArray *problems = run->matter.problems;

	if (run->matter.is_cut)
		admin_fail(run->self, 0, "there are more records than %u: "
			   "--since and --until take a part of them",
			   run->matter.records->len);
	for (guint i = 0; i < problems->len; i++)
		admin_fail(run->self, 0, "%s",
			   (const char *)g_ptr_array_index(problems, i));
	run->is_partial = problems->len > 0;
}

/* All of a file that was written, as bytes; NULL: the message is out. */
static GByteArray *read_back(const struct run *run)
{
	GByteArray *bytes = g_byte_array_new();
	off_t size = lseek(run->fd, 0, SEEK_END);

	if (size > 0 && (size_t)size <= REPORTSEND_BYTES_MAX) {
		g_byte_array_set_size(bytes, (guint)size);
		if (pread(run->fd, bytes->data, (size_t)size, 0) == size)
			return bytes;
	}
	g_byte_array_unref(bytes);
	admin_fail(run->self, 0, "the report has %lld bytes, too many for a "
		   "mail: write it with -o", (long long)size);
	return NULL;
}

static int mail_report(struct run *run, const struct format *format)
{
	g_autofree char *words = authority_words(&run->report);
	g_autoptr(GByteArray) bytes = NULL, whole = NULL;
	char id[CASE_ID_TEXT_MAX];
	g_autofree char *subject = g_strdup_printf("Report about case %s",
		case_id_format(run->wish.id, id));
	g_autofree char *name = g_strdup_printf("case-%s.%s", id,
						format->name);
	struct reportmail_file file = { "application", format->subtype, name,
					NULL };
	const struct reportmail mail = {
		run->report.reporter, (const char *const *)
		run->words->send.to, subject, words, &file,
		format->subtype ? 1 : 0,
	};

	if (format->subtype && !(bytes = read_back(run)))
		return EX_DATAERR;
	file.bytes = bytes;
	whole = reportmail_format(&mail);
	return reportsend_mail(&run->words->send, run->admin, run->self,
			       whole);
}

/* Into a file without a name first, when it is to be attached. */
static int write_report(struct run *run, const struct format *format)
{
	int status;

	if (!run->words->send.to) {
		run->fd = run->words->send.fd;
		return format->write(run);
	}
	run->fd = memfd_create("report", MFD_CLOEXEC);
	if (run->fd < 0)
		return admin_fail(run->self, EX_OSERR, "no file in memory");
	status = format->write(run);
	if (status == EX_OK)
		status = mail_report(run, format);
	close(run->fd);
	return status;
}

static int make_report(struct run *run, const struct format *format)
{
	const struct settings *settings = run->admin->settings;
	g_autoptr(GError) why = NULL;
	int status;

	if (!casematter_load(run->state, admin_records_from(run->admin),
			     &run->wish, &run->matter, &why))
		return admin_fail_store(run->self, why);
	run->report = (struct authority){
		&run->matter, report_settings_of(settings),
		global_settings_of(settings)->authserv_id, clock_now_us(),
	};
	run->record_count = run->matter.records->len;
	status = write_report(run, format);
	if (status == EX_OK)
		tell_problems(run);
	return status;
}

/* What was sent was sent, whatever it lacks: the case says so in any case. */
static bool is_to_be_noted(const struct run *run)
{
	if (reportsend_is_sent(&run->words->send))
		return true;
	if (run->words->is_done && run->is_partial)
		admin_fail(run->self, 0, "it is not noted as done, since it "
			   "is not whole; when it will do, say case note "
			   "--reported");
	return run->words->is_done && !run->is_partial;
}

static int with_state(struct run *run, const struct format *format)
{
	int status = EX_OK;

	run->state = desk_open(run->admin, run->self, &status);
	if (!run->state)
		return status;
	status = make_report(run, format);
	casematter_release(&run->matter);
	if (status == EX_OK && is_to_be_noted(run))
		status = note_step(run);
	state_close(&run->state);
	return status;
}

static int take_time(const struct run *run, const char *option,
		     const char *text, int64_t *time_us)
{
	if (!text || admin_parse_time(text, time_us))
		return EX_OK;
	return admin_fail(run->self, EX_USAGE, "%s: \"%s\" is no time; write "
			  "2026-11-23, 2026-11-23T10:00 or 7d (ago)", option,
			  text);
}

static int take_words(struct run *run, int argc, char **argv,
		      const struct format **format_out)
{
	struct words *words = run->words;
	int status;

	if (argc != 2 || !case_id_parse(span_text(argv[1]), &run->wish.id))
		return admin_fail(run->self, EX_USAGE, "needs a case; write "
				  "2026-0001");
	*format_out = find_format(words->format ? words->format :
				  words->send.to ? "zip" : "text");
	if (!*format_out)
		return admin_fail(run->self, EX_USAGE,
				  "--format: text, json or zip");
	status = take_time(run, "--since", words->since, &run->wish.since_us);
	if (status == EX_OK)
		status = take_time(run, "--until", words->until,
				   &run->wish.until_us);
	if (status != EX_OK)
		return status;
	if (run->wish.since_us && run->wish.until_us &&
	    run->wish.since_us >= run->wish.until_us)
		return admin_fail(run->self, EX_USAGE, "--since must be before "
				  "--until");
	run->wish.is_all = words->is_all;
	return reportsend_open(&words->send, run->self,
			       (*format_out)->write == write_zip);
}

static int parse(struct words *words, struct admin *admin,
		 const struct command *self, int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{ "format", 0, 0, G_OPTION_ARG_STRING, &words->format,
		  "text (preset), json, or zip (preset of --to): both, the "
		  "originals, all facts and proofs", "WORD" },
		REPORTSEND_ENTRIES(&words->send),
		{ "since", 0, 0, G_OPTION_ARG_STRING, &words->since,
		  "Messages that ended at or after (an hour before the case)",
		  "TIME" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &words->until,
		  "Before (ten minutes after its last incident)", "TIME" },
		{ "all", 0, 0, G_OPTION_ARG_NONE, &words->is_all,
		  "Also messages of which nothing is to be told", NULL },
		{ "done", 0, 0, G_OPTION_ARG_NONE, &words->is_done,
		  "Note in the case that the authority has its report", NULL },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &words->reason,
		  "What for, or to whom it went", "TEXT" },
		RECORDS_FROM_ENTRY(admin),
		G_OPTION_ENTRY_NULL,
	};

	return admin_parse(self, entries, argc, argv);
}

int reportauthority_run(struct admin *admin, const struct command *self,
			int argc, char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct words words = { .send = { .fd = -1 } };
	struct run run = { .admin = admin, .self = self, .words = &words,
			   .fd = -1 };
	const struct format *format = NULL;
	int status = parse(&words, admin, self, &argc, &argv);

	if (status == EX_OK)
		status = take_words(&run, argc, argv, &format);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, words.reason);
	if (status == EX_OK)
		status = with_state(&run, format);
	status = reportsend_release(&words.send, self, status);
	if (status == EX_OK && run.is_partial)
		status = EX_DATAERR;
	g_free(words.format);
	g_free(words.since);
	g_free(words.until);
	g_free(words.reason);
	return status;
}
