#include <config.h>

#include "admin/recordsproof.h"

#include "admin/auditlog.h"
#include "admin/desk.h"
#include "store/day.h"
#include "store/digest.h"
#include "store/hex.h"
#include "store/proof.h"
#include "store/recordid.h"
#include "store/search.h"

#include <stdio.h>
#include <sysexits.h>

static void set_hex(json_t *object, const char *name, const uint8_t *bytes,
		    size_t len)
{
	g_autofree char *text = hex_format(bytes, len);

	json_object_set_new(object, name, json_string(text));
}

static json_t *hashes_json(const GByteArray *hashes)
{
	json_t *list = json_array();

	for (guint at = 0; at < hashes->len; at += DIGEST_SHA256_BYTES) {
		g_autofree char *text = hex_format(hashes->data + at,
						   DIGEST_SHA256_BYTES);

		json_array_append_new(list, json_string(text));
	}
	return list;
}

json_t *recordsproof_json(const struct proof *proof)
{
	json_t *object = json_object();
	char day[DAY_TEXT_MAX];
	gsize len;
	const void *bytes = g_bytes_get_data(proof->record, &len);
	g_autofree char *base64 = g_base64_encode(bytes, len);

	json_object_set_new(object, "day", json_string(
		day_format(proof->day, day)));
	json_object_set_new(object, "sequence",
			    json_integer((json_int_t)proof->sequence));
	json_object_set_new(object, "record_base64", json_string(base64));
	set_hex(object, "sha256", proof->sha256, sizeof proof->sha256);
	if (proof->is_erased)
		json_object_set_new(object, "erased", json_true());
	json_object_set_new(object, "leaf",
			    json_integer((json_int_t)proof->index));
	json_object_set_new(object, "leaves",
			    json_integer((json_int_t)proof->count));
	if (proof->hashes)
		json_object_set_new(object, "hashes",
				    hashes_json(proof->hashes));
	if (proof->seal)
		json_object_set_new(object, "seal", json_string(proof->seal));
	return object;
}

static bool note_sequence(const struct search_hit *hit, void *context)
{
	*(uint64_t *)context = hit->sequence;
	return false;
}

static int print_proof(const struct admin *admin, const struct command *self,
		       uint64_t sequence)
{
	g_autoptr(GError) why = NULL;
	struct proof proof;
	json_t *object;

	if (!proof_make(admin_records_from(admin), sequence, &proof, &why))
		return admin_fail_store(self, why);
	object = recordsproof_json(&proof);
	json_dumpf(object, stdout, admin->is_json ? JSON_COMPACT :
						    JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
	if (!proof.seal)
		admin_fail(self, 0, "its day is not sealed yet: the proof is "
			   "not signed, ask again tomorrow");
	else if (!proof.hashes)
		admin_fail(self, 0, "other records of its day went at their "
			   "term: its place in the hash tree is not known "
			   "any more, only the hash of the whole file");
	proof_release(&proof);
	return EX_OK;
}

int recordsproof_run(struct admin *admin, const struct command *self, int argc,
		     char **argv)
{
	g_autofree char *reason = NULL;
	const GOptionEntry entries[] = {
		DESK_REASON_ENTRY(&reason),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "On one line", NULL },
		RECORDS_FROM_ENTRY(admin),
		G_OPTION_ENTRY_NULL,
	};
	struct search_query query = { .limit = 1 };
	struct search_result result;
	g_autoptr(GError) why = NULL;
	uint64_t sequence = 0;
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK && argc != 2)
		status = admin_fail(self, EX_USAGE, "one record id is needed");
	if (status == EX_OK && !record_id_parse(span_text(argv[1]), &query.id))
		status = admin_fail(self, EX_USAGE, "\"%s\" is no record id; "
				    "it has 13 letters and digits", argv[1]);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, argv[1], reason);
	if (status != EX_OK)
		return status;
	if (!search_run(admin_records_from(admin), &query, note_sequence,
			&sequence, &result, &why))
		status = admin_fail_store(self, why);
	search_result_release(&result);
	if (status == EX_OK && !sequence)
		status = admin_fail(self, EX_DATAERR, "no record %s", argv[1]);
	return status == EX_OK ? print_proof(admin, self, sequence) : status;
}
