#include <config.h>

#include "store/evidencemarks.h"

#include "store/day.h"
#include "store/recordid.h"
#include "store/state.pb-c.h"

#include <string.h>

#define KEY_MAX 64

struct key {
	char bytes[KEY_MAX];
	size_t len;
};

static void add(struct key *key, const void *bytes, size_t len)
{
	memcpy(key->bytes + key->len, bytes, len);
	key->len += len;
}

static struct key release_key(uint64_t record_id)
{
	uint64_t big = GUINT64_TO_BE(record_id);
	struct key key = { .len = 0 };

	add(&key, "r", 1);
	add(&key, &big, sizeof big);
	return key;
}

static struct key removal_key(const struct evidence_place *place)
{
	uint64_t big = GUINT64_TO_BE((uint64_t)place->day);
	struct key key = { .len = 0 };

	add(&key, "d", 1);
	add(&key, place->is_held ? "\1" : "\0", 1);
	add(&key, &big, sizeof big);
	add(&key, place->sha256, sizeof place->sha256);
	return key;
}

static ProtobufCBinaryData data_of(const void *bytes, size_t len)
{
	return (ProtobufCBinaryData){ len, (uint8_t *)bytes };
}

static bool put(struct state *state, const struct key *key,
		const Reeve__EvidenceMark *mark, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	g_autofree uint8_t *bytes =
		g_malloc(reeve__evidence_mark__get_packed_size(mark));
	struct span value = span_of((const char *)bytes,
				    reeve__evidence_mark__pack(mark, bytes));

	if (txn && state_put(txn, STATE_EVIDENCE,
			     span_of(key->bytes, key->len), value, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool evidencemarks_add_release(struct state *state, uint64_t record_id,
			       const struct evidence_release *release,
			       GError **error)
{
	struct key key = release_key(record_id);
	Reeve__EvidenceMark mark = REEVE__EVIDENCE_MARK__INIT;

	mark.has_when_us = mark.has_operator_name = mark.has_token =
		mark.has_body_sha256 = true;
	mark.when_us = release->when_us;
	mark.operator_name = data_of(release->operator_name,
				     strlen(release->operator_name));
	mark.token = data_of(release->token, sizeof release->token);
	mark.body_sha256 = data_of(release->body_sha256,
				   sizeof release->body_sha256);
	return put(state, &key, &mark, error);
}

bool evidencemarks_forget_release(struct state *state, uint64_t record_id,
				  GError **error)
{
	struct key key = release_key(record_id);
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	(void)!state_delete(txn, STATE_EVIDENCE, span_of(key.bytes, key.len));
	return state_commit(&txn, error);
}

bool evidencemarks_add_removal(struct state *state,
			       const struct evidence_place *place,
			       const struct evidence_removal *removal,
			       GError **error)
{
	struct key key = removal_key(place);
	Reeve__EvidenceMark mark = REEVE__EVIDENCE_MARK__INIT;

	mark.has_when_us = mark.has_operator_name = mark.has_reason = true;
	mark.when_us = removal->when_us;
	mark.operator_name = data_of(removal->operator_name,
				     strlen(removal->operator_name));
	mark.reason = data_of(removal->reason, strlen(removal->reason));
	return put(state, &key, &mark, error);
}

static Reeve__EvidenceMark *find(struct state *state, const struct key *key)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	Reeve__EvidenceMark *mark = NULL;
	struct span value;

	if (txn && state_find(txn, STATE_EVIDENCE,
			      span_of(key->bytes, key->len), &value))
		mark = reeve__evidence_mark__unpack(
			NULL, value.len, (const uint8_t *)value.ptr);
	state_end(&txn);
	return mark;
}

static char *text_of(const ProtobufCBinaryData *data)
{
	return data->len ? g_strndup((const char *)data->data, data->len) :
			   g_strdup("");
}

bool evidencemarks_find_release(struct state *state, uint64_t record_id,
				struct evidence_release *release_out)
{
	struct key key = release_key(record_id);
	Reeve__EvidenceMark *mark = find(state, &key);
	bool is_whole = mark && mark->token.len == EVIDENCE_TOKEN_BYTES &&
			mark->body_sha256.len == DIGEST_SHA256_BYTES;

	if (is_whole) {
		release_out->when_us = mark->when_us;
		release_out->operator_name = text_of(&mark->operator_name);
		memcpy(release_out->token, mark->token.data,
		       sizeof release_out->token);
		memcpy(release_out->body_sha256, mark->body_sha256.data,
		       sizeof release_out->body_sha256);
	}
	if (mark)
		reeve__evidence_mark__free_unpacked(mark, NULL);
	return is_whole;
}

bool evidencemarks_find_removal(struct state *state,
				const struct evidence_place *place,
				struct evidence_removal *removal_out)
{
	struct key key = removal_key(place);
	Reeve__EvidenceMark *mark = find(state, &key);

	if (!mark)
		return false;
	*removal_out = (struct evidence_removal){
		mark->when_us, text_of(&mark->operator_name),
		text_of(&mark->reason),
	};
	reeve__evidence_mark__free_unpacked(mark, NULL);
	return true;
}

void evidencemarks_clear_release(struct evidence_release *release)
{
	g_clear_pointer(&release->operator_name, g_free);
}

void evidencemarks_clear_removal(struct evidence_removal *removal)
{
	g_clear_pointer(&removal->operator_name, g_free);
	g_clear_pointer(&removal->reason, g_free);
}

/* The day that the key of a mark is of. */
static int64_t day_of_key(struct span key)
{
	size_t at = key.len && key.ptr[0] == 'd' ? 2 : 1;
	uint64_t big = 0;

	if (key.len < at + sizeof big)
		return INT64_MIN;
	memcpy(&big, key.ptr + at, sizeof big);
	big = GUINT64_FROM_BE(big);
	return at == 2 ? (int64_t)big : day_of_us(record_id_time_us(big));
}

/* The first mark at or behind *from that may go; *from is then its key. */
static bool find_old(struct state_txn *txn, int64_t before_day,
		     const GArray *held, struct key *from)
{
	struct span key, value;

	while (state_seek(txn, STATE_EVIDENCE, span_of(from->bytes, from->len),
			  &key, &value)) {
		int64_t day = day_of_key(key);

		from->len = 0;
		add(from, key.ptr, MIN(key.len, KEY_MAX - 1));
		if (day < before_day && !day_is_within(day, held))
			return true;
		add(from, "", 1);
	}
	return false;
}

bool evidencemarks_expire(struct state *state, int64_t before_day,
			  const GArray *held, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct key from = { .len = 0 };
	bool is_any = txn && find_old(txn, before_day, held, &from);

	if (!txn)
		return false;
	state_end(&txn);
	if (!is_any)
		return true;
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	while (find_old(txn, before_day, held, &from))
		(void)!state_delete(txn, STATE_EVIDENCE,
				    span_of(from.bytes, from.len));
	return state_commit(&txn, error);
}

void evidencemarks_hash_body(struct span body, uint8_t *sha256_out)
{
	while (body.len && (body.ptr[body.len - 1] == '\n' ||
			    body.ptr[body.len - 1] == '\r'))
		body.len--;
	digest_sha256(body, sha256_out);
}
