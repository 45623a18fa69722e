#include <config.h>

#include "store/audit.h"

#include "store/digest.h"
#include "store/state.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define HEAD_KEY "audit"	/* in STATE_META */

/* As it is on disk, but for the byte order of sequence. */
struct head {
	uint64_t sequence;
	uint8_t sha256[DIGEST_SHA256_BYTES];
};
#define HEAD_BYTES (sizeof(uint64_t) + DIGEST_SHA256_BYTES)

static struct head read_head(struct state_txn *txn)
{
	struct head head = { .sequence = 0 };
	struct span value;

	if (!state_find(txn, STATE_META, span_text(HEAD_KEY), &value) ||
	    value.len != HEAD_BYTES)
		return head;
	memcpy(&head.sequence, value.ptr, sizeof head.sequence);
	head.sequence = GUINT64_FROM_BE(head.sequence);
	memcpy(head.sha256, value.ptr + sizeof head.sequence,
	       sizeof head.sha256);
	return head;
}

static bool write_head(struct state_txn *txn, const struct head *head,
		       GError **error)
{
	uint64_t big = GUINT64_TO_BE(head->sequence);
	char bytes[HEAD_BYTES];

	memcpy(bytes, &big, sizeof big);
	memcpy(bytes + sizeof big, head->sha256, sizeof head->sha256);
	return state_put(txn, STATE_META, span_text(HEAD_KEY),
			 span_of(bytes, sizeof bytes), error);
}

static ProtobufCBinaryData cut(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return (ProtobufCBinaryData){ MIN(len, AUDIT_TEXT_MAX),
				      (uint8_t *)text };
}

static bool put(struct state_txn *txn, const struct audit_entry *entry,
		GError **error)
{
	Reeve__AuditEntry packed = REEVE__AUDIT_ENTRY__INIT;
	struct head head = read_head(txn);
	g_autofree uint8_t *bytes = NULL;
	struct span value;
	uint64_t big;

	packed.has_when_us = packed.has_operator_name = packed.has_action =
		packed.has_subject = packed.has_reason =
		packed.has_previous_sha256 = true;
	packed.when_us = entry->when_us;
	packed.operator_name = cut(entry->operator_name);
	packed.action = cut(entry->action);
	packed.subject = cut(entry->subject);
	packed.reason = cut(entry->reason);
	packed.previous_sha256 = (ProtobufCBinaryData){ sizeof head.sha256,
							head.sha256 };
	bytes = g_malloc(reeve__audit_entry__get_packed_size(&packed));
	value = span_of((const char *)bytes,
			reeve__audit_entry__pack(&packed, bytes));
	head.sequence++;
	digest_sha256(value, head.sha256);
	big = GUINT64_TO_BE(head.sequence);
	return state_put(txn, STATE_AUDIT, span_of((const char *)&big,
			 sizeof big), value, error) &&
	       write_head(txn, &head, error);
}

bool audit_note(struct state *state, const struct audit_entry *entry,
		GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (txn && put(txn, entry, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

/* What goes through the entries: false ends it. */
typedef bool each_fn(uint64_t sequence, struct span value, void *context);

static void each(struct state_txn *txn, each_fn *take, void *context)
{
	char from[STATE_KEY_MAX] = "";
	size_t from_len = 0;
	struct span key, value;

	while (state_seek(txn, STATE_AUDIT, span_of(from, from_len), &key,
			  &value)) {
		uint64_t big = 0;

		if (key.len == sizeof big)
			memcpy(&big, key.ptr, sizeof big);
		if (!take(GUINT64_FROM_BE(big), value, context))
			return;
		from_len = MIN(key.len, STATE_KEY_MAX - 1);
		memcpy(from, key.ptr, from_len);
		from[from_len++] = '\0';
	}
}

struct reading {
	audit_take_fn *take;
	void *context;
};

static char *text_of(const ProtobufCBinaryData *data)
{
	return data->len ? g_strndup((const char *)data->data, data->len) :
			   g_strdup("");
}

/* What cannot be read is for audit_verify() to tell. */
static bool read_entry(uint64_t sequence, struct span value, void *context)
{
	const struct reading *reading = context;
	Reeve__AuditEntry *packed = reeve__audit_entry__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);
	g_autofree char *operator_name = NULL, *action = NULL;
	g_autofree char *subject = NULL, *reason = NULL;
	struct audit_entry entry;

	if (!packed)
		return true;
	operator_name = text_of(&packed->operator_name);
	action = text_of(&packed->action);
	subject = text_of(&packed->subject);
	reason = text_of(&packed->reason);
	entry = (struct audit_entry){ sequence, packed->when_us,
				      operator_name, action, subject, reason };
	reeve__audit_entry__free_unpacked(packed, NULL);
	return reading->take(&entry, reading->context);
}

bool audit_each(struct state *state, audit_take_fn *take, void *context,
		GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct reading reading = { take, context };

	if (!txn)
		return false;
	each(txn, read_entry, &reading);
	state_end(&txn);
	return true;
}

struct checking {
	struct head at;			/* the last entry that was good */
	char *problem;
};

static bool has_previous(struct span value, const uint8_t *sha256)
{
	Reeve__AuditEntry *packed = reeve__audit_entry__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);
	bool is_it = packed && packed->has_previous_sha256 &&
		     packed->previous_sha256.len == DIGEST_SHA256_BYTES &&
		     memcmp(packed->previous_sha256.data, sha256,
			    DIGEST_SHA256_BYTES) == 0;

	if (packed)
		reeve__audit_entry__free_unpacked(packed, NULL);
	return is_it;
}

static bool check_entry(uint64_t sequence, struct span value, void *context)
{
	struct checking *on = context;

	if (sequence != on->at.sequence + 1)
		on->problem = g_strdup_printf("entry %" PRIu64
			" was removed", on->at.sequence + 1);
	else if (!has_previous(value, on->at.sha256))
		on->problem = g_strdup_printf("entry %" PRIu64 " or the one "
			"before it was changed", sequence);
	on->at.sequence = sequence;
	digest_sha256(value, on->at.sha256);
	return !on->problem;
}

bool audit_verify(struct state *state, uint64_t *count_out,
		  char **problem_out, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct checking on = { .problem = NULL };
	struct head head;

	if (!txn)
		return false;
	each(txn, check_entry, &on);
	head = read_head(txn);
	state_end(&txn);
	if (!on.problem && head.sequence > on.at.sequence)
		on.problem = g_strdup_printf("entry %" PRIu64 " was removed",
					     on.at.sequence + 1);
	else if (!on.problem && (head.sequence != on.at.sequence ||
				 memcmp(head.sha256, on.at.sha256,
					sizeof head.sha256) != 0))
		on.problem = g_strdup_printf("entry %" PRIu64 ", the last, "
			"is not what was written", on.at.sequence);
	*count_out = on.at.sequence;
	*problem_out = on.problem;
	return true;
}
