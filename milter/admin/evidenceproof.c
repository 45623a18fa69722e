#include <config.h>

#include "admin/evidenceproof.h"

#include "admin/recordsproof.h"
#include "store/hex.h"
#include "store/proof.h"

#include <inttypes.h>
#include <string.h>

json_t *evidenceproof_object(const char *state_dir,
			     const struct evidencefind_item *item,
			     GError **error)
{
	g_autofree char *sha256 = hex_format(item->place.sha256,
					     sizeof item->place.sha256);
	struct proof proof;
	json_t *object;

	if (!proof_make(state_dir, item->hit->sequence, &proof, error))
		return NULL;
	object = recordsproof_json(&proof);
	json_object_set_new(object, "original_sha256", json_string(sha256));
	proof_release(&proof);
	return object;
}

static void add_fact(GString *out, const char *name, struct span value)
{
	g_autofree char *text = evidencefind_escape(value);

	if (value.len)
		g_string_append_printf(out, "    %-12s %s\r\n", name, text);
}

static void add_time(GString *out, int64_t time_us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(
		time_us / G_USEC_PER_SEC);
	g_autofree char *text = time ? g_date_time_format(
		time, "%Y-%m-%d %H:%M:%S UTC") : g_strdup("");

	add_fact(out, "ended", span_text(text));
}

static void add_facts(GString *out, const struct evidencefind_item *item)
{
	const Reeve__Record *record = item->hit->record;
	char id[RECORD_ID_SIZE], client[NETADDR_TEXT_MAX];
	g_autofree char *sha256 = hex_format(item->place.sha256,
					     sizeof item->place.sha256);
	struct netaddr addr;

	add_fact(out, "record", span_text(recordview_id(record, id)));
	add_time(out, recordview_ended_us(record));
	if (recordview_client(record, &addr))
		add_fact(out, "client", span_text(netaddr_format(&addr,
								 client)));
	add_fact(out, "account", recordview_account(record));
	add_fact(out, "sender", recordview_sender(record));
	for (size_t i = 0; i < record->message->n_recipients; i++)
		add_fact(out, "recipient", RECORDVIEW_BYTES(
			record->message->recipients[i], address));
	add_fact(out, "verdict", span_text(action_word(
		recordview_action(record))));
	add_fact(out, "SHA-256", span_text(sha256));
}

char *evidenceproof_readme(const struct evidencefind_item *item)
{
	GString *out = g_string_new("A mail message, kept by Mailreeve\r\n\r\n");

	add_facts(out, item);
	g_string_append_printf(out, "\r\n"
"original.eml  the message as the mail server gave it to the filter: its header\r\n"
"              fields and its body, %" PRIu64 " bytes%s. It may be\r\n"
"              dangerous: look at it with a program that runs nothing in it.\r\n"
"facts.json    all that was recorded of it: times, addresses, what was found,\r\n"
"              what was answered\r\n"
"proof.json    that this is what was recorded, to be checked without trust in us\r\n"
"\r\n"
"The SHA-256 of original.eml (sha256sum original.eml) is the one above, and part\r\n"
"of the record, which proof.json has as it is stored (record_base64; record.proto\r\n"
"tells its form) with its own SHA-256 (sha256). The record's last 32 bytes are the\r\n"
"hash of the record before: so each stands for all before it, up to the hash that\r\n"
"was given to others (reevectl records anchor).\r\n"
"\r\n"
"Once the day is sealed, proof.json has its seal, a text that is signed (Ed25519)\r\n"
"over all lines before the last, and the hashes that lead from the record to the\r\n"
"root (tree) that the seal names, as RFC 9162, 2.1.3.2, computes it: the leaf is\r\n"
"the record's SHA-256, its number and that of all leaves are there, too.\r\n",
		item->evidence->bytes, item->evidence->cut ?
		", which limits cut: it is not all" : "");
	return g_string_free(out, FALSE);
}
