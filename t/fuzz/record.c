#include <config.h>

#include "fuzz/target.h"
#include "store/evidence.h"
#include "store/recordkey.h"
#include "store/recordview.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	const Reeve__Record *record;
	char id[RECORD_ID_SIZE];
	struct netaddr addr;

	arena_init(&arena);
	record = recordview_unpack(span_of((const char *)data, size), &arena);
	if (record) {
		g_autoptr(GArray) keys = record_keys_of(record);

		BUG_IF(keys->len == 0);
		BUG_IF(!*recordview_id(record, id));
		recordview_session_id(record, id);
		recordview_ended_us(record);
		BUG_IF(!direction_word(recordview_direction(record)));
		BUG_IF(!ending_word(recordview_ending(record)));
		BUG_IF(!action_word(recordview_action(record)));
		BUG_IF(!recordview_stage_word(record));
		if (!recordview_client(record, &addr))
			recordview_account(record);
		recordview_has_symbol(record, "X");
		recordview_sender(record);
		if (record->message) {
			struct auth auth = recordview_auth(record, &arena);

			BUG_IF(!auth_result_word(auth.spf.result));
			BUG_IF(!dmarc_policy_word(auth.dmarc.disposition));
			g_array_unref(auth.dkim);
		}
		struct evidence_place place;

		if (evidence_of_record(record, &place)) {
			g_autofree char *path = evidence_path("x", &place);

			BUG_IF(!g_str_has_prefix(path, "x/evidence/"));
		}
		for (size_t i = 0; record->message &&
				   i < record->message->n_recipients; i++)
			BUG_IF(!recordview_rcpt_state_word(
				recordview_rcpt_state(
					record->message->recipients[i])));
	}
	arena_release(&arena);
	return 0;
}
