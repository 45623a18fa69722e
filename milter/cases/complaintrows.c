#include <config.h>

#include "cases/complaintrows.h"

#include "base/bigendian.h"
#include "cases/complaintform.h"

#include <string.h>

#define NUMBER_BYTES 8

uint64_t complaintrows_number(struct span bytes)
{
	return bigendian_read(bytes.ptr, (int)MIN(bytes.len, NUMBER_BYTES));
}

GString *complaintrows_key(char kind, uint64_t number)
{
	GString *key = g_string_new(NULL);

	g_string_append_c(key, kind);
	bigendian_append(key, number, NUMBER_BYTES);
	return key;
}

static void mix(GChecksum *sum, const char *text)
{
	g_checksum_update(sum, (const guchar *)text,
			  (gssize)MIN(strlen(text), COMPLAINT_TEXT_MAX));
	g_checksum_update(sum, (const guchar *)"\n", 1);
}

GString *complaintrows_sameness(const struct complaint *complaint)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	GString *out = g_string_sized_new(33);
	guint8 digest[32];
	gsize len = sizeof digest;

	mix(sum, complaint->reporter_domain);
	mix(sum, complaint->message_id);
	if (!*complaint->message_id) {
		mix(sum, complaint->sender);
		mix(sum, complaint->subject);
		g_checksum_update(sum,
			(const guchar *)&complaint->received_us,
			sizeof complaint->received_us);
		g_checksum_update(sum,
			(const guchar *)complaint->original.ptr,
			(gssize)MIN(complaint->original.len,
				    COMPLAINT_KEPT_BYTES));
	}
	g_checksum_get_digest(sum, digest, &len);
	g_string_append_c(out, COMPLAINTROWS_SAME);
	g_string_append_len(out, (const char *)digest, (gssize)len);
	return out;
}

/* Those for which no record is known, and may be, are listed by themselves. */
static bool mark(struct state_txn *txn, const struct complaint_entry *entry,
		 GError **error)
{
	g_autoptr(GString) key = complaintrows_key(COMPLAINTROWS_UNMATCHED,
						   entry->number);

	if (!entry->match.record_count && !entry->erased_us)
		return state_put(txn, STATE_COMPLAINTS, span_string(key),
				 span_text("-"), error);
	state_delete(txn, STATE_COMPLAINTS, span_string(key));
	return true;
}

bool complaintrows_put(struct state_txn *txn,
		       const struct complaint_entry *entry, GError **error)
{
	g_autoptr(GString) key = complaintrows_key(COMPLAINTROWS_ENTRY,
						   entry->number);
	size_t len;
	g_autofree uint8_t *bytes = complaintform_pack(entry, &len);

	return state_put(txn, STATE_COMPLAINTS, span_string(key),
			 span_of((const char *)bytes, len), error) &&
	       mark(txn, entry, error);
}

bool complaintrows_read(struct span key, struct span value,
			struct arena *arena, struct complaint_entry *out)
{
	if (!complaintform_read(value, arena, out))
		return false;
	out->number = complaintrows_number(span_from(key, 1));
	return true;
}

bool complaintrows_find(struct state_txn *txn, uint64_t number,
			struct arena *arena, struct complaint_entry *out)
{
	g_autoptr(GString) key = complaintrows_key(COMPLAINTROWS_ENTRY, number);
	struct span value;

	return state_find(txn, STATE_COMPLAINTS, span_string(key),
			  &value) &&
	       complaintrows_read(span_string(key), value, arena, out);
}

bool complaintrows_delete(struct state_txn *txn,
			  const struct complaint_entry *entry)
{
	g_autoptr(GString) key = complaintrows_key(COMPLAINTROWS_ENTRY,
						   entry->number);
	g_autoptr(GString) same = complaintrows_sameness(&entry->complaint);
	g_autoptr(GString) unmatched = complaintrows_key(
		COMPLAINTROWS_UNMATCHED, entry->number);

	state_delete(txn, STATE_COMPLAINTS, span_string(same));
	state_delete(txn, STATE_COMPLAINTS, span_string(unmatched));
	return state_delete(txn, STATE_COMPLAINTS, span_string(key));
}

#define META_LAST "n"

uint64_t complaintrows_last(struct state_txn *txn)
{
	struct span value;

	return state_find(txn, STATE_COMPLAINTS, span_text(META_LAST),
			  &value) ? complaintrows_number(value) : 0;
}

bool complaintrows_put_number(struct state_txn *txn, struct span key,
			      uint64_t number, GError **error)
{
	g_autoptr(GString) value = g_string_new(NULL);

	bigendian_append(value, number, NUMBER_BYTES);
	return state_put(txn, STATE_COMPLAINTS, key, span_string(value),
			 error);
}

/* Counts one more of the day. */
bool complaintrows_count_today(struct state_txn *txn,
			       const struct complaint_entry *entry,
			       uint64_t *count, GError **error)
{
	g_autoptr(GString) key = complaintrows_key(COMPLAINTROWS_RATE,
		(uint64_t)(entry->last_us / COMPLAINTROWS_DAY_US));
	struct span value;

	g_string_append_len(key, entry->complaint.reporter_domain,
			    (gssize)MIN(strlen(
				entry->complaint.reporter_domain), 255));
	*count = 1;
	if (state_find(txn, STATE_COMPLAINTS, span_string(key), &value))
		*count += complaintrows_number(value);
	return complaintrows_put_number(txn, span_string(key), *count,
					error);
}

bool complaintrows_put_last(struct state_txn *txn, uint64_t number,
			    GError **error)
{
	return complaintrows_put_number(txn, span_text(META_LAST), number,
					error);
}
