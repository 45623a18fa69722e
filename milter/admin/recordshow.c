#include <config.h>

#include "admin/recordshow.h"

#include "admin/auditlog.h"
#include "admin/recordjson.h"
#include "admin/recordquery.h"
#include "admin/recordwords.h"
#include "store/recordid.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#define MESSAGES_SHOWN 100

/* What is to be looked up once the record itself is out. */
struct showing {
	bool is_json;
	enum record_kind kind;
	uint64_t session;
};

static bool show_hit(const struct search_hit *hit, void *context)
{
	struct showing *showing = context;
	char session[RECORD_ID_SIZE];
	json_t *object;

	showing->kind = recordview_kind(hit->record);
	if (!record_id_parse(span_text(recordview_session_id(
			hit->record, session)), &showing->session))
		showing->session = 0;
	if (!showing->is_json) {
		recordwords_print(hit);
		return true;
	}
	object = recordjson_record(hit->record, hit->sequence);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
	return true;
}

static bool show_session(const struct search_hit *hit, void *context)
{
	(void)context;
	recordwords_print_session(hit->record);
	return true;
}

static bool show_message(const struct search_hit *hit, void *context)
{
	(void)context;
	recordwords_print_message(hit->record);
	return true;
}

/* Of a message its session, of a session its messages. */
static bool show_kin(const char *dir, const struct showing *showing,
		     struct search_result *result, GError **error)
{
	const struct search_query messages = {
		.session = showing->session, .kind = RECORD_MESSAGE,
		.limit = MESSAGES_SHOWN,
	}, session = {
		.id = showing->session, .kind = RECORD_SESSION, .limit = 1,
	};
	bool is_message = showing->kind == RECORD_MESSAGE;
	bool is_done = search_run(dir, is_message ? &session : &messages,
				  is_message ? show_session : show_message,
				  NULL, result, error);

	if (is_done && is_message && !result->found)
		recordwords_line("its session", "has no record: it is not "
				 "over, or its record is gone");
	if (is_done && result->is_cut && !is_message)
		recordwords_line("", "and there may be more: reevectl records "
				 "search --session");
	return is_done;
}

static int show(const struct admin *admin, const struct command *self,
		uint64_t id, const char *id_text)
{
	const struct search_query query = { .id = id, .limit = 1 };
	const char *dir = admin_records_from(admin);
	struct showing showing = { .is_json = admin->is_json };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	bool is_done = search_run(dir, &query, show_hit, &showing, &result,
				  &why);
	uint64_t found = result.found;
	int status = recordquery_end(self, is_done, &result, why);

	if (status == EX_OK && !found)
		return admin_fail(self, EX_DATAERR, "no record %s", id_text);
	if (status != EX_OK || admin->is_json || !showing.session)
		return status;
	is_done = show_kin(dir, &showing, &result, &why);
	return recordquery_end(self, is_done, &result, why);
}

int recordshow_run(struct admin *admin, const struct command *self, int argc,
		   char **argv)
{
	g_autofree char *reason = NULL;
	const GOptionEntry entries[] = {
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason,
		  RECORDQUERY_REASON_HELP, "TEXT" },
		RECORDS_FROM_ENTRY(admin),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object, on one line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	int status = admin_parse(self, entries, &argc, &argv);
	uint64_t id;

	if (status != EX_OK)
		return status;
	if (argc != 2)
		return admin_fail(self, EX_USAGE, "one record id is needed");
	if (!record_id_parse(span_text(argv[1]), &id))
		return admin_fail(self, EX_USAGE, "\"%s\" is no record id; "
				  "it has 13 letters and digits", argv[1]);
	status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, argv[1], reason);
	return status == EX_OK ? show(admin, self, id, argv[1]) : status;
}
