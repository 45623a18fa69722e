#include <config.h>

#include "admin/evidenceproof.h"

#include "store/day.h"
#include "store/hex.h"
#include "store/recordform.h"

#include <inttypes.h>
#include <string.h>

static json_t *hex_of(const uint8_t *sha256)
{
	g_autofree char *text = hex_format(sha256, DIGEST_SHA256_BYTES);

	return json_string(text);
}

json_t *evidenceproof_object(const struct evidencefind_item *item)
{
	struct span bytes = item->hit->bytes;
	g_autofree char *base64 = g_base64_encode((const guchar *)bytes.ptr,
						  bytes.len);
	json_t *object = json_pack("{s:s, s:I}", "record_base64", base64,
		"sequence", (json_int_t)item->hit->sequence);
	char day[DAY_TEXT_MAX];
	uint8_t sha256[DIGEST_SHA256_BYTES];
	const uint8_t *previous;

	digest_sha256(bytes, sha256);
	json_object_set_new(object, "record_sha256", hex_of(sha256));
	if (recordform_get_tail(bytes, &previous))
		json_object_set_new(object, "previous_sha256",
				    hex_of(previous));
	json_object_set_new(object, "original_sha256",
			    hex_of(item->place.sha256));
	json_object_set_new(object, "day", json_string(
			day_format(item->place.day, day)));
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
"proof.json    the record itself, to be checked without trust in us:\r\n"
"              record_base64 is the record as it is stored (record.proto tells its\r\n"
"              form), record_sha256 its SHA-256, previous_sha256 that of the\r\n"
"              record with the sequence before, which is part of it.\r\n"
"\r\n"
"The SHA-256 of original.eml (sha256sum original.eml) is the one above; it is\r\n"
"part of the record, and the record's hash part of the one after it, and so on\r\n"
"up to the hash of the whole that was given to others (reevectl records anchor).\r\n",
		item->evidence->bytes, item->evidence->cut ?
		", which limits cut: it is not all" : "");
	return g_string_free(out, FALSE);
}
