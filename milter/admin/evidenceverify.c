#include <config.h>

#include "admin/evidenceverify.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "admin/evidencefind.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/evidencetree.h"
#include "store/hex.h"
#include "store/storeerror.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Its record may be on its way: that comes behind the original. */
#define FRESH_US (60 * G_USEC_PER_SEC)

/* A file that is there. */
struct known {
	struct evidence_place place;
	int64_t written_us;
	bool is_named, is_recorded, is_looked_at;
};

struct verifying {
	const struct admin *admin;
	const struct command *self;
	const char *dir;
	struct evidencefind_states *states;
	GHashTable *files;		/* path -> struct known * */
	unsigned records, problems;
	unsigned orphans;		/* files that no record has */
	unsigned removed, expired;	/* originals that are rightly
					 * not there */
	bool is_whole;			/* all records could be read */
};

/* record: an id, or NULL. */
static void print(struct verifying *on, const char *path, const char *record,
		  const char *problem)
{
	json_t *object;

	path += strlen(on->dir) + 1;
	if (!on->admin->is_json) {
		printf("%s: %s%s%s\n", path, problem, record ? ", record " :
		       "", record ? record : "");
		return;
	}
	object = json_pack("{s:s, s:s, s:s*}", "file", path, "problem",
			   problem, "record", record);
	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void tell(struct verifying *on, const char *path, const char *record,
		 const char *problem)
{
	on->problems++;
	print(on, path, record, problem);
}

/* The original is on disk before its record, which is before the answer:
 * nobody was told that this mail was taken. When some record could not be read
 * it may be in that one. */
static void tell_orphan(struct verifying *on, const char *path,
			const struct known *known)
{
	g_autofree char *sha256 = hex_format(known->place.sha256,
					     DIGEST_SHA256_BYTES);
	g_autofree char *what = g_strdup_printf("is in no record: a crash left "
		"it, before its mail was answered; reevectl evidence remove "
		"%s --reason TEXT takes it away", sha256);

	on->orphans++;
	print(on, path, NULL, on->is_whole ? what : "is in no record that can "
	      "be read: see reevectl records verify before it is removed");
}

static void take_file(const struct evidencetree_file *file, void *context)
{
	struct verifying *on = context;
	struct known *known = g_new0(struct known, 1);

	known->place = file->place;
	known->written_us = file->written_us;
	known->is_named = file->is_named;
	g_hash_table_insert(on->files, g_strdup(file->path), known);
}

/* NULL: it is what the record says. */
static const char *problem_of(const struct verifying *on,
			      const struct evidencefind_item *item)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GByteArray) bytes = evidence_get(
		on->dir, &item->place, item->evidence->bytes, &why);

	if (!bytes)
		return g_error_matches(why, STORE_ERROR, STORE_ERROR_DAMAGED) ?
		       "is not the original: it was changed or exchanged" :
		       "cannot be read";
	return bytes->len == item->evidence->bytes ? NULL :
	       "has another length than its record says";
}

static int check_record(const struct evidencefind_item *item, void *context)
{
	struct verifying *on = context;
	g_autofree char *path = evidence_path(on->dir, &item->place);
	struct known *known = g_hash_table_lookup(on->files, path);
	char id[RECORD_ID_SIZE];
	enum evidencefind_state state;
	const char *problem = NULL;

	on->records++;
	recordview_id(item->hit->record, id);
	if (known)
		known->is_recorded = true;
	if (known && known->is_looked_at)
		return EX_OK;
	state = evidencefind_state(on->states, item);
	on->removed += state == EVIDENCEFIND_REMOVED;
	on->expired += state == EVIDENCEFIND_EXPIRED;
	if (state == EVIDENCEFIND_MISSING) {
		tell(on, path, id, "is missing");
		return EX_OK;
	}
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return EX_OK;		/* removed, or expired */
	problem = problem_of(on, item);
	if (problem)
		tell(on, path, id, problem);
	if (known)
		known->is_looked_at = true;
	return EX_OK;
}

static gint by_path(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

static void tell_unknown(struct verifying *on)
{
	GList *paths = g_list_sort(g_hash_table_get_keys(on->files), by_path);
	int64_t now_us = g_get_real_time();

	for (GList *at = paths; at; at = at->next) {
		const struct known *known = g_hash_table_lookup(on->files,
								at->data);

		if (!known->is_named)
			tell(on, at->data, NULL, "is no file of ours");
		else if (!known->is_recorded &&
			 known->written_us < now_us - FRESH_US)
			tell_orphan(on, at->data, known);
	}
	g_list_free(paths);
}

static void print_sum(const struct verifying *on)
{
	unsigned files = g_hash_table_size(on->files);

	if (on->admin->is_json)
		return;
	if (on->problems)
		printf("%u problems in %u originals of %u records", on->problems,
		       files, on->records);
	else if (on->is_whole)
		printf("%u originals of %u records: all there, unchanged",
		       files, on->records);
	else
		printf("%u originals of those records that can be read: all "
		       "there, unchanged", files);
	if (on->removed)
		printf("; those of %u records were removed by operators", on->removed);
	if (on->expired)
		printf("; those of %u went at their term", on->expired);
	if (on->orphans)
		printf("; %u are in no record", on->orphans);
	putchar('\n');
}

static int verify(struct verifying *on, int64_t since, int64_t until)
{
	struct search_query query = { .kind = RECORD_MESSAGE };
	g_autoptr(GError) why = NULL;
	int status;

	if (since != INT64_MIN)
		query.since_us = day_begin_us(since);
	if (until != INT64_MAX)
		query.until_us = day_begin_us(until + 1);
	if (!evidencetree_each(on->dir, since, until, take_file, on, &why))
		return admin_fail(on->self, EX_UNAVAILABLE, "%s",
				  why->message);
	status = evidencefind_all(on->admin, on->self, &query, check_record,
				  on);
	on->is_whole = status == EX_OK;
	tell_unknown(on);
	print_sum(on);
	return on->problems ? EX_DATAERR : status;
}

int evidenceverify_run(struct admin *admin, const struct command *self,
		       int argc, char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	g_autofree char *since = NULL, *until = NULL, *reason = NULL;
	const GOptionEntry entries[] = {
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since,
		  "From this day on", "DAY" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &until,
		  "Up to this day, it included", "DAY" },
		DESK_REASON_ENTRY(&reason),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object for each problem", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int64_t since_day = INT64_MIN, until_day = INT64_MAX;
	struct verifying on = { .admin = admin, .self = self };
	struct state *state;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_take_days(self, since, until, &since_day,
					 &until_day);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, reason);
	if (status != EX_OK)
		return status;
	on.dir = global_settings_of(admin->settings)->state_dir;
	state = desk_open(admin, self, &status);
	if (!state)
		return status;
	on.states = evidencefind_states_new(admin, state);
	on.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					 g_free);
	status = verify(&on, since_day, until_day);
	g_hash_table_destroy(on.files);
	evidencefind_states_free(&on.states);
	state_close(&state);
	return status;
}
