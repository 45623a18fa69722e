#include <config.h>

#include "admin/fingerprintarg.h"

#include "bulk/campaigns.h"
#include "message/rawmessage.h"
#include "settings/global.h"
#include "store/recordid.h"
#include "store/search.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

struct wanted {
	uint64_t id;
	bool is_found;
	struct fingerprint print;
};

static void see(const struct campaign *campaign, void *context)
{
	struct wanted *wanted = context;

	if (campaign->id == wanted->id) {
		wanted->is_found = true;
		wanted->print = campaign->print;
	}
}

static int of_campaign(const struct command *self, struct state *state,
		       struct wanted *wanted)
{
	g_autoptr(GError) why = NULL;

	if (!campaigns_each(state, see, wanted, &why))
		return admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	if (wanted->is_found)
		return EX_OK;
	return admin_fail(self, EX_DATAERR, "campaign %016" PRIx64 " is not "
			  "known any more; give a file with the message",
			  wanted->id);
}

static bool take_record(const struct search_hit *hit, void *context)
{
	uint64_t *campaign = context;

	if (hit->record->message)
		*campaign = hit->record->message->campaign;
	return false;
}

static int of_record(struct admin *admin, const struct command *self,
		     struct state *state, uint64_t id, struct wanted *wanted)
{
	const struct search_query query = { .id = id };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	bool is_done = search_run(
		global_settings_of(admin->settings)->state_dir, &query,
		take_record, &wanted->id, &result, &why);
	uint64_t found = result.found;

	search_result_release(&result);
	if (!is_done)
		return admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	if (!found)
		return admin_fail(self, EX_DATAERR, "there is no such record");
	if (!wanted->id)
		return admin_fail(self, EX_DATAERR, "the record has no "
			"campaign: too little text, or bulk.likeness is off");
	return of_campaign(self, state, wanted);
}

static int of_file(struct admin *admin, const struct command *self,
		   const char *path, struct fingerprint *out)
{
	static const struct session_facts session = { .messages = 0 };
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;
	struct transaction tx;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, &why))
		return admin_fail(self, EX_NOINPUT, "\"%s\" is no campaign, no "
			"record's id, and no file that can be read: %s", path,
			why->message);
	transaction_init(&tx, admin->settings, &session);
	rawmessage_take(&tx, span_of(text, len));
	*out = fingerprint_of_text(&tx);
	transaction_release(&tx);
	if (fingerprint_likeness(out, out))
		return EX_OK;
	return admin_fail(self, EX_DATAERR, "%s: there is too little text in "
			  "it to know another by", path);
}

static bool is_campaign(const char *text, uint64_t *id_out)
{
	char *end;

	*id_out = g_ascii_strtoull(text, &end, 16);
	return strlen(text) == 16 && !*end;
}

int fingerprintarg_resolve(struct admin *admin, const struct command *self,
			   struct state *state, struct arena *arena,
			   struct list_entry *entry)
{
	struct wanted wanted = { 0 };
	uint64_t record;
	int status;

	if (fingerprint_parse(entry->value, &wanted.print))
		return EX_OK;
	if (is_campaign(entry->value, &wanted.id))
		status = of_campaign(self, state, &wanted);
	else if (strlen(entry->value) == RECORD_ID_BYTES - 1 &&
		 record_id_parse(span_text(entry->value), &record))
		status = of_record(admin, self, state, record, &wanted);
	else
		status = of_file(admin, self, entry->value, &wanted.print);
	if (status == EX_OK)
		entry->value = fingerprint_format(&wanted.print, arena);
	return status;
}
