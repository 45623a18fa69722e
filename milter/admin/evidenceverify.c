#include <config.h>

#include "admin/evidenceverify.h"

#include "admin/auditlog.h"
#include "admin/evidencefind.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/evidencetree.h"
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
	struct state *state;
	GHashTable *files;		/* path -> struct known * */
	unsigned records, problems;
};

/* record: an id, or NULL. */
static void tell(struct verifying *on, const char *path, const char *record,
		 const char *problem)
{
	json_t *object;

	on->problems++;
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
	const char *problem = NULL;

	on->records++;
	recordview_id(item->hit->record, id);
	if (known)
		known->is_recorded = true;
	if (known && known->is_looked_at)
		return EX_OK;
	if (evidencefind_state(on->admin, on->state, item) ==
	    EVIDENCEFIND_MISSING) {
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
			tell(on, at->data, NULL, "is in no record");
	}
	g_list_free(paths);
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
	tell_unknown(on);
	if (on->problems)
		status = EX_DATAERR;
	if (on->problems && !on->admin->is_json)
		printf("%u problems in %u originals of %u records\n",
		       on->problems, g_hash_table_size(on->files),
		       on->records);
	else if (!on->admin->is_json && status == EX_OK)
		printf("%u originals of %u records: all there, unchanged\n",
		       g_hash_table_size(on->files), on->records);
	return status;
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
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  "What for: reevectl audit tells it", "TEXT" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object for each problem", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int64_t since_day = INT64_MIN, until_day = INT64_MAX;
	struct verifying on = { .admin = admin, .self = self };
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
	on.state = evidencefind_open_state(admin, self);
	if (!on.state)
		return EX_UNAVAILABLE;
	on.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					 g_free);
	status = verify(&on, since_day, until_day);
	g_hash_table_destroy(on.files);
	state_close(&on.state);
	return status;
}
