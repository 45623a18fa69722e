#include <config.h>

#include "admin/reportabuse.h"

#include "admin/auditlog.h"
#include "admin/outfile.h"
#include "admin/recordquery.h"
#include "admin/reportforms.h"
#include "admin/reportsend.h"
#include "base/clock.h"
#include "settings/global.h"
#include "store/recordid.h"
#include "store/redactkey.h"

#include <sysexits.h>

/* As given. */
struct words {
	char *format, *reason, *since, *until;
	gboolean is_redacted, is_all;
	struct reportsend send;
};

/* One run. */
struct run {
	struct admin *admin;
	const struct command *self;
	struct words *words;
	const struct reportforms_format *format;
	struct casematter_wish wish;	/* of a case */
	bool is_case;
	struct casematter matter;
	GPtrArray *records;		/* of struct casematter_record * */
	GPtrArray *files;		/* of struct reportmail_file *:
					 * attachments */
	size_t bytes;
	struct reportforms forms;
	struct arena arena;
};

static bool take_hit(const struct search_hit *hit, void *context)
{
	struct run *run = context;
	struct casematter_record *one = arena_new(&run->arena,
						  struct casematter_record);

	one->sequence = hit->sequence;
	one->record = recordview_unpack(hit->bytes, &run->arena);
	if (one->record)
		g_ptr_array_add(run->records, one);
	return true;
}

static int read_record(struct run *run, const char *id)
{
	struct search_query query = { .limit = 1 };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	guint before = run->records->len;
	const struct casematter_record *one;
	bool is_done;
	int status;

	if (!record_id_parse(span_text(id), &query.id))
		return admin_fail(run->self, EX_USAGE, "\"%s\" is no record "
			"id and no case; a record id has 13 letters and "
			"digits, a case is written 2026-0001", id);
	is_done = search_run(admin_records_from(run->admin), &query, take_hit,
			     run, &result, &why);
	status = recordquery_end(run->self, is_done, &result, why);
	if (status != EX_OK)
		return status;
	if (run->records->len == before)
		return admin_fail(run->self, EX_DATAERR, "no record %s", id);
	one = g_ptr_array_index(run->records, before);
	return one->record->message ? EX_OK :
	       admin_fail(run->self, EX_DATAERR, "%s is the record of a "
			  "session, not of a message", id);
}

static int read_records(struct run *run, char **ids)
{
	int status = EX_OK;

	for (; *ids && status == EX_OK; ids++)
		status = read_record(run, *ids);
	return status;
}

static struct state *open_state(const struct run *run, int *status_out)
{
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(global_settings_of(
		run->admin->settings)->state_dir, STATE_CREATE, &why);

	if (!state)
		*status_out = admin_fail_store(run->self, why);
	return state;
}

static int check_matter(const struct run *run)
{
	const GPtrArray *problems = run->matter.problems;

	for (guint i = 0; i < problems->len; i++)
		admin_fail(run->self, 0, "%s",
			   (const char *)g_ptr_array_index(problems, i));
	if (run->matter.is_cut)
		admin_fail(run->self, 0, "there are more records than %u: "
			   "--since and --until take a part of them",
			   run->matter.records->len);
	if (run->matter.records->len)
		return EX_OK;
	return admin_fail(run->self, EX_DATAERR, "the case has no record "
		"of a message to report; --since and --until look elsewhere, "
		"--all at what was simply accepted");
}

static int read_case(struct run *run)
{
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = open_state(run, &status);

	if (!state)
		return status;
	if (!casematter_load(state, admin_records_from(run->admin),
			     &run->wish, &run->matter, &why))
		status = admin_fail_store(run->self, why);
	else
		status = check_matter(run);
	state_close(&state);
	return status;
}

/* Written as it comes, or kept for the mail. */
static int take_file(const struct reportmail_file *file, void *context)
{
	struct run *run = context;
	struct reportmail_file *copy;

	if (!reportsend_is_mail(&run->words->send))
		return outfile_write(run->self, run->words->send.fd,
				     file->bytes->data, file->bytes->len);
	if (run->format->is_mail)
		return reportsend_mail(&run->words->send, run->admin,
				       run->self, file->bytes);
	run->bytes += file->bytes->len;
	if (run->bytes > REPORTSEND_BYTES_MAX)
		return admin_fail(run->self, EX_DATAERR, "the mail would be "
				  "too large: write it with -o");
	copy = arena_new(&run->arena, struct reportmail_file);
	*copy = *file;
	copy->bytes = g_byte_array_ref((GByteArray *)file->bytes);
	g_ptr_array_add(run->files, copy);
	return EX_OK;
}

static int send_files(struct run *run)
{
	const struct casematter_record *one = g_ptr_array_index(
		run->forms.records, 0);
	g_autofree struct reportmail_file *files = g_new0(
		struct reportmail_file, run->files->len);
	char id[RECORD_ID_SIZE];
	const struct reportmail mail = {
		.reporter = report_settings_of(run->admin->settings),
		.to = (const char *const *)run->words->send.to,
		.subject = run->is_case ?
			arena_printf(&run->arena, "Abuse report: case %s",
				     run->forms.case_id) :
			arena_printf(&run->arena, "Abuse report: record %s",
				     recordview_id(one->record, id)),
		.words = reportforms_words(&run->forms),
		.files = files, .file_count = run->files->len,
	};
	g_autoptr(GByteArray) bytes = NULL;

	for (guint i = 0; i < run->files->len; i++)
		files[i] = *(const struct reportmail_file *)
			g_ptr_array_index(run->files, i);
	bytes = reportmail_format(&mail);
	return reportsend_mail(&run->words->send, run->admin, run->self,
			       bytes);
}

/* In a case it is a step that others were told. */
static int note_sent(const struct run *run)
{
	g_autofree char *who = admin_operator();
	g_autofree char *where = reportsend_where(&run->words->send);
	g_autofree char *note = g_strdup_printf(
		"report of abuse (%s, %u records) sent to %.1500s",
		run->format->name, run->matter.records->len, where);
	const struct case_change change = { .step = {
		clock_now_us(), CASE_COMMAND_NOTE, CASE_STATE_NONE, who,
		note } };
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = open_state(run, &status);
	struct case_facts facts;
	struct arena arena;

	if (!state)
		return status;
	arena_init(&arena);
	if (!casebook_change(state, case_settings_of(run->admin->settings),
			     run->wish.id, &change, &facts, &arena, &why))
		status = admin_fail_store(run->self, why);
	arena_release(&arena);
	state_close(&state);
	return status;
}

static int make_report(struct run *run)
{
	uint8_t key[REDACTKEY_BYTES];
	g_autoptr(GError) why = NULL;
	char id[CASE_ID_TEXT_MAX];
	int status;

	run->forms = (struct reportforms){
		.admin = run->admin, .self = run->self,
		.records = run->is_case ? run->matter.records : run->records,
		.case_id = run->is_case ? case_id_format(run->wish.id, id) :
					  NULL,
		.to = (const char *const *)run->words->send.to,
		.redact_key = run->words->is_redacted ? key : NULL,
		.take = take_file, .context = run, .arena = &run->arena,
	};
	if (run->words->is_redacted && !redactkey_get(global_settings_of(
			run->admin->settings)->state_dir, key, &why))
		return admin_fail_store(run->self, why);
	status = run->format->make(&run->forms);
	if (status == EX_OK && run->files->len)
		status = send_files(run);
	if (status == EX_OK && run->is_case &&
	    reportsend_is_sent(&run->words->send))
		status = note_sent(run);
	return status;
}

static void free_file(void *memory)
{
	g_byte_array_unref((GByteArray *)
		((struct reportmail_file *)memory)->bytes);
}

static int run_whole(struct run *run, char **ids)
{
	int status;

	arena_init(&run->arena);
	run->records = g_ptr_array_new();
	run->files = g_ptr_array_new_with_free_func(free_file);
	status = run->is_case ? read_case(run) : read_records(run, ids);
	if (status == EX_OK)
		status = make_report(run);
	g_ptr_array_unref(run->files);
	g_ptr_array_unref(run->records);
	if (run->is_case && run->matter.records)
		casematter_release(&run->matter);
	arena_release(&run->arena);
	return status;
}

static int take_time(const struct run *run, const char *option,
		     const char *text, int64_t *time_us)
{
	if (!text)
		return EX_OK;
	if (!run->is_case)
		return admin_fail(run->self, EX_USAGE, "%s is about a case",
				  option);
	if (admin_parse_time(text, time_us))
		return EX_OK;
	return admin_fail(run->self, EX_USAGE, "%s: \"%s\" is no time; write "
			  "2026-11-23, 2026-11-23T10:00 or 7d (ago)", option,
			  text);
}

static int take_words(struct run *run, int argc, char **argv)
{
	const char *name = run->words->format ? run->words->format : "arf";
	int status;

	if (argc < 2)
		return admin_fail(run->self, EX_USAGE, "whose? Record ids or "
				  "a case are needed");
	run->is_case = argc == 2 && case_id_parse(span_text(argv[1]),
						  &run->wish.id);
	run->wish.is_all = run->words->is_all;
	run->format = reportforms_find(name);
	if (!run->format)
		return admin_fail(run->self, EX_USAGE, "--format: one of arf, "
				  "xarf, iodef, csv, json, text");
	if (argc > 2 && !run->format->is_for_several)
		return admin_fail(run->self, EX_USAGE, "%s is about one "
			"record or a case: ask for each by itself", name);
	status = take_time(run, "--since", run->words->since,
			   &run->wish.since_us);
	if (status == EX_OK)
		status = take_time(run, "--until", run->words->until,
				   &run->wish.until_us);
	if (status != EX_OK)
		return status;
	if (run->wish.since_us && run->wish.until_us &&
	    run->wish.since_us >= run->wish.until_us)
		return admin_fail(run->self, EX_USAGE, "--since must be before "
				  "--until");
	return reportsend_open(&run->words->send, run->self, false);
}

static int parse(struct words *words, struct admin *admin,
		 const struct command *self, int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{ "format", 0, 0, G_OPTION_ARG_STRING, &words->format,
		  "arf (a mail, RFC 5965), xarf (version 4), iodef (RFC "
		  "7970), csv, json or text",
		  "WORD" },
		REPORTSEND_ENTRIES(&words->send),
		{ "redact", 0, 0, G_OPTION_ARG_NONE, &words->is_redacted,
		  "Hide the recipients (RFC 6590); of a message only the "
		  "header is shown", NULL },
		{ "since", 0, 0, G_OPTION_ARG_STRING, &words->since,
		  "Of a case: messages that ended at or after", "TIME" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &words->until,
		  "Before", "TIME" },
		{ "all", 0, 0, G_OPTION_ARG_NONE, &words->is_all,
		  "Of a case: also what was simply accepted", NULL },
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &words->reason,
		  RECORDQUERY_REASON_HELP, "TEXT" },
		RECORDS_FROM_ENTRY(admin),
		G_OPTION_ENTRY_NULL,
	};

	return admin_parse(self, entries, argc, argv);
}

int reportabuse_run(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct words words = { .send = { .fd = -1 } };
	struct run run = { .admin = admin, .self = self, .words = &words };
	int status = parse(&words, admin, self, &argc, &argv);

	if (status == EX_OK)
		status = take_words(&run, argc, argv);
	/* To tell others is more than to look. */
	if (status == EX_OK && reportsend_is_sent(&words.send))
		admin->command = "report abuse --to";
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, words.reason);
	if (status == EX_OK)
		status = run_whole(&run, argv + 1);
	status = reportsend_release(&words.send, self, status);
	g_free(words.format);
	g_free(words.reason);
	g_free(words.since);
	g_free(words.until);
	return status;
}
