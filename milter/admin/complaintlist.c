#include <config.h>

#include "admin/complaintlist.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/jsontext.h"
#include "admin/recordwords.h"
#include "admin/table.h"
#include "base/clock.h"
#include "cases/caseincidents.h"
#include "cases/complaintimport.h"
#include "cases/complaintmatch.h"
#include "settings/global.h"
#include "store/recordid.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static json_t *records_of(const struct complaint_match *match)
{
	json_t *all = json_array();
	char text[RECORD_ID_BYTES];

	for (size_t i = 0; i < match->record_count; i++)
		json_array_append_new(all, json_string(record_id_format(
			match->records[i], text)));
	return all;
}

static json_t *json_of(const struct complaint_entry *entry)
{
	const struct complaint *complaint = &entry->complaint;
	char source[NETADDR_TEXT_MAX];

	return json_pack(
		"{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s, "
		"s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}",
		"complaint", (json_int_t)entry->number,
		"form", complaint_form_word(complaint->form),
		"kind", jsontext_new(complaint->kind),
		"reporter", jsontext_new(complaint->reporter),
		"reporter_domain", jsontext_new(complaint->reporter_domain),
		"agent", jsontext_new(complaint->agent),
		"subject", jsontext_new(complaint->subject),
		"message_id", jsontext_new(complaint->message_id),
		"sender", jsontext_new(complaint->sender),
		"recipient", jsontext_new(complaint->recipient),
		"redacted", complaint->is_redacted,
		"source", netaddr_format(&complaint->source, source),
		"received_us", (json_int_t)complaint->received_us,
		"first_us", (json_int_t)entry->first_us,
		"last_us", (json_int_t)entry->last_us,
		"count", (json_int_t)entry->count,
		"records", records_of(&entry->match),
		"matched_by", jsontext_new(entry->match.how),
		"account", jsontext_new(entry->match.account),
		"client", jsontext_new(entry->match.client),
		"customer", jsontext_new(entry->match.customer),
		"operator", jsontext_new(entry->operator_name),
		"note", jsontext_new(entry->note), "erased_us",
		entry->erased_us ? json_integer(entry->erased_us) : NULL);
}

static void print_json(const struct complaint_entry *entry)
{
	json_t *object = json_of(entry);

	if (object) {
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(object);
}

struct listing {
	const struct admin *admin;
	struct table *table;
	int64_t since_us;
	int limit, count;
	uint64_t before, last;		/* numbers; before 0: all */
	bool is_unmatched, is_cut;
};

static void add_row(struct table *table, const struct complaint_entry *entry)
{
	const struct complaint *complaint = &entry->complaint;
	const struct complaint_match *match = &entry->match;
	g_autofree char *last = admin_format_time(entry->last_us);

	table_add(table, TABLE_PLAIN, "%" PRIu64, entry->number);
	table_add(table, TABLE_PLAIN, "%s", last);
	table_add(table, TABLE_PLAIN, "%" PRIu64, entry->count);
	table_add(table, TABLE_PLAIN, "%s", complaint->kind);
	table_add(table, TABLE_PLAIN, "%s", complaint->reporter_domain);
	table_add(table, match->record_count || entry->erased_us ?
		  TABLE_PLAIN : TABLE_BAD, "%s",
		  entry->erased_us ? "erased" :
		  !match->record_count ? "unmatched" :
		  *match->customer ? match->customer :
		  *match->account ? match->account : match->client);
	table_add(table, TABLE_PLAIN, "%s", complaint->subject);
}

static bool take(const struct complaint_entry *entry, void *context)
{
	struct listing *listing = context;

	if (entry->last_us < listing->since_us)
		return true;
	listing->is_cut = listing->limit && listing->count >= listing->limit;
	if (listing->is_cut)
		return false;
	listing->count++;
	listing->last = entry->number;
	if (listing->admin->is_json)
		print_json(entry);
	else
		add_row(listing->table, entry);
	return true;
}

static int list(struct admin *admin, const struct command *self,
		struct listing *listing)
{
	static const char *const titles[] = {
		"no.", "last", "count", "kind", "from", "about", "subject",
		NULL,
	};
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	char last[24];

	if (!state)
		return status;
	listing->admin = admin;
	listing->table = table_new(titles);
	if (!complaintbook_each_before(state, listing->is_unmatched,
				       listing->before, take, listing, &why))
		status = admin_fail_store(self, why);
	else if (!admin->is_json)
		table_print(listing->table);
	if (listing->is_cut) {
		g_snprintf(last, sizeof last, "%" PRIu64, listing->last);
		desk_tell_more(last);
	}
	table_free(listing->table);
	state_close(&state);
	return status;
}

static bool parse_number(const char *text, uint64_t *number_out)
{
	return g_ascii_string_to_unsigned(text, 10, 1, INT64_MAX, number_out,
					  NULL);
}

int complaintlist_list(struct admin *admin, const struct command *self,
		       int argc, char **argv)
{
	g_autofree char *since = NULL, *after = NULL;
	gboolean is_unmatched = FALSE;
	struct listing listing = { .since_us = G_MININT64,
				   .limit = DESK_LIMIT };
	const GOptionEntry entries[] = {
		{ "unmatched", 'u', 0, G_OPTION_ARG_NONE, &is_unmatched,
		  "Those alone for which no record was found", NULL },
		{ "since", 's', 0, G_OPTION_ARG_STRING, &since,
		  "That came after then (2026-11-23, today, 7d)", "TIME" },
		DESK_LIMIT_ENTRY(&listing.limit),
		DESK_AFTER_ENTRY(&after, "NUMBER"),
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc > 1)
		status = admin_fail(self, EX_USAGE, "takes options alone");
	if (status == EX_OK && since &&
	    !admin_parse_time(since, &listing.since_us))
		status = admin_fail(self, EX_USAGE,
				    "--since: \"%s\" is no time", since);
	if (status == EX_OK && after && !parse_number(after, &listing.before))
		status = admin_fail(self, EX_USAGE, "--after: \"%s\" is no "
				    "number of a complaint", after);
	status = desk_check_limit(self, listing.limit, status);
	if (status == EX_OK)
		status = admin_load(admin);
	listing.is_unmatched = is_unmatched;
	return status == EX_OK ? list(admin, self, &listing) : status;
}

static void print_lines(const struct complaint_entry *entry)
{
	const struct complaint *complaint = &entry->complaint;
	g_autofree char *first = admin_format_time(entry->first_us);
	g_autofree char *last = admin_format_time(entry->last_us);
	char id[RECORD_ID_BYTES], addr[NETADDR_TEXT_MAX];

	recordwords_line("complaint", "%" PRIu64 ", %s", entry->number,
			 complaint_form_word(complaint->form));
	recordwords_line("kind", "%s", complaint->kind);
	recordwords_line("from", "%s", complaint->reporter);
	recordwords_line("agent", "%s", complaint->agent);
	recordwords_line("came", "%s, last %s, %" PRIu64 " times", first, last,
			 entry->count);
	recordwords_line("subject", "%s", complaint->subject);
	recordwords_line("sender", "%s", complaint->sender);
	recordwords_line("recipient", "%s%s", complaint->recipient,
			 complaint->is_redacted ? " (redacted)" : "");
	recordwords_line("message-id", "%s", complaint->message_id);
	recordwords_line("source", "%s",
			 netaddr_format(&complaint->source, addr));
	for (size_t i = 0; i < entry->match.record_count; i++)
		recordwords_line("record", "%s (%s)", record_id_format(
			entry->match.records[i], id), entry->match.how);
	recordwords_line("account", "%s", entry->match.account);
	recordwords_line("customer", "%s", entry->match.customer);
	recordwords_line("client", "%s", entry->match.client);
	if (entry->erased_us) {
		g_autofree char *erased = admin_format_time(entry->erased_us);

		recordwords_line("erased", "%s", erased);
	}
	recordwords_line("operator", "%s", entry->operator_name);
	recordwords_line("note", "%s", entry->note);
}

static int show(struct admin *admin, const struct command *self,
		uint64_t number, bool is_original)
{
	struct complaint_entry entry;
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	struct arena arena;

	if (!state)
		return status;
	arena_init(&arena);
	if (!complaintbook_get(state, number, &arena, &entry, &why))
		status = admin_fail_store(self, why);
	else if (is_original)
		fwrite(entry.complaint.original.ptr, 1,
		       entry.complaint.original.len, stdout);
	else if (admin->is_json)
		print_json(&entry);
	else
		print_lines(&entry);
	arena_release(&arena);
	state_close(&state);
	return status;
}

int complaintlist_show(struct admin *admin, const struct command *self,
		       int argc, char **argv)
{
	gboolean is_original = FALSE;
	g_autofree char *reason = NULL;
	const GOptionEntry entries[] = {
		{ "original", 0, 0, G_OPTION_ARG_NONE, &is_original,
		  "Only what came of the original, as it is", NULL },
		DESK_REASON_ENTRY(&reason),
		G_OPTION_ENTRY_NULL,
	};
	uint64_t number;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (argc != 2 || !parse_number(argv[1], &number)))
		status = admin_fail(self, EX_USAGE, "needs the NUMBER of a "
				    "complaint, as complaint list has it");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, argv[1], reason);
	return status == EX_OK ? show(admin, self, number, is_original) :
				 status;
}

/* Now that it is known whom it is about, the incident is told. */
static bool tell(const struct admin *admin, struct state *state,
		 uint64_t number, const struct complaint_match *found,
		 struct arena *arena, GError **error)
{
	struct complaint_entry entry;

	if (!complaintbook_get(state, number, arena, &entry, error))
		return false;
	entry.match = *found;
	complaintimport_note(&entry, admin->settings, clock_now_us());
	return caseincidents_flush(state, admin->settings, error);
}

static int match(struct admin *admin, const struct command *self,
		 uint64_t number, uint64_t id)
{
	const char *state_dir = global_settings_of(admin->settings)->state_dir;
	g_autofree char *who = admin_operator();
	struct complaint_match found;
	g_autoptr(GError) why = NULL;
	int status = EX_OK;
	struct state *state = desk_open(admin, self, &status);
	struct arena arena;

	if (!state)
		return status;
	arena_init(&arena);
	if (!complaintmatch_record(state_dir, id, &arena, &found, &why) ||
	    !complaintbook_match(state, number, &found, who, &why) ||
	    !tell(admin, state, number, &found, &arena, &why))
		status = admin_fail_store(self, why);
	else
		puts(admin->is_json ? "{\"complaint\":\"matched\"}" :
				      "matched");
	arena_release(&arena);
	state_close(&state);
	return status;
}

int complaintlist_match(struct admin *admin, const struct command *self,
			int argc, char **argv)
{
	g_autofree char *reason = NULL, *subject = NULL;
	const GOptionEntry entries[] = {
		{ "reason", 'r', 0, G_OPTION_ARG_STRING, &reason,
		  "How it is known: reevectl audit tells it", "TEXT" },
		G_OPTION_ENTRY_NULL,
	};
	uint64_t number, id;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && (argc != 3 || !parse_number(argv[1], &number) ||
				!record_id_parse(span_text(argv[2]), &id)))
		status = admin_fail(self, EX_USAGE, "needs the NUMBER of a "
				    "complaint and the id of a RECORD");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status != EX_OK)
		return status;
	subject = g_strdup_printf("%s %s", argv[1], argv[2]);
	status = auditlog_note(admin, self, subject, reason);
	return status == EX_OK ? match(admin, self, number, id) : status;
}
