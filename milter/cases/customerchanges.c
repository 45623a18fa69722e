#include <config.h>

#include "cases/customerchanges.h"

#include "base/bigendian.h"
#include "cases/customerform.h"
#include "store/state.pb-c.h"

#include <string.h>

#define TIME_BYTES 8
#define EXPIRED_AT_ONCE 1000

/* Its time, big-endian, and the customer's id. */
struct key {
	char bytes[TIME_BYTES + CUSTOMER_ID_MAX + 1];
	size_t len;
};

static struct key key_of(int64_t time_us, const char *id)
{
	struct key key = { .len = TIME_BYTES };

	for (int i = 0; i < TIME_BYTES; i++)
		key.bytes[i] = (char)((uint64_t)time_us >>
				      8 * (TIME_BYTES - 1 - i));
	for (; *id && key.len < sizeof key.bytes - 1; id++)
		key.bytes[key.len++] = g_ascii_tolower(*id);
	return key;
}

/* What comes next. */
static struct key key_behind(struct span found)
{
	struct key key = { .len = MIN(found.len, sizeof key.bytes - 1) };

	memcpy(key.bytes, found.ptr, key.len);
	key.len++;			/* a NUL, that no id has */
	return key;
}

static int64_t time_of(struct span key)
{
	return (int64_t)bigendian_read(key.ptr,
				       (int)MIN(key.len, TIME_BYTES));
}

static struct span span_of_key(const struct key *key)
{
	return span_of(key->bytes, key->len);
}

static bool is_same_list(const char *const *a, const char *const *b)
{
	return g_strv_equal((const gchar *const *)a, (const gchar *const *)b);
}

static bool is_same(const struct customer_entry *a,
		    const struct customer_entry *b, enum customer_field field)
{
	return customerentry_is_list(field) ?
	       is_same_list(customerentry_list(a, field),
			    customerentry_list(b, field)) :
	       strcmp(customerentry_text(a, field),
		      customerentry_text(b, field)) == 0;
}

static bool is_change(const struct customer_entry *before,
		      const struct customer_entry *after)
{
	for (int i = 0; before && after && i < CUSTOMER_FIELDS; i++)
		if (!is_same(before, after, (enum customer_field)i))
			return true;
	return !before || !after;
}

static ProtobufCBinaryData data_of(struct span bytes)
{
	return (ProtobufCBinaryData){ bytes.len, (uint8_t *)bytes.ptr };
}

static struct span pack(const char *operator_name,
			const struct customer_entry *before,
			const struct customer_entry *after,
			struct arena *arena)
{
	Reeve__CustomerChange out = REEVE__CUSTOMER_CHANGE__INIT;
	uint8_t *bytes;

	out.has_operator_name = true;
	out.operator_name = data_of(span_text(operator_name));
	out.has_before = before != NULL;
	out.has_after = after != NULL;
	if (before)
		out.before = data_of(customerform_pack(before, arena));
	if (after)
		out.after = data_of(customerform_pack(after, arena));
	bytes = arena_alloc(arena,
			    reeve__customer_change__get_packed_size(&out));
	return span_of((const char *)bytes,
		       reeve__customer_change__pack(&out, bytes));
}

bool customerchanges_note(struct state_txn *txn, int64_t when_us,
			  const char *operator_name,
			  const struct customer_entry *before,
			  const struct customer_entry *after, GError **error)
{
	const char *id = after ? after->id : before->id;
	struct key key = key_of(when_us, id);
	struct span value;
	struct arena arena;
	bool is_good;

	if (!is_change(before, after))
		return true;
	/* Twice in a microsecond: a clock that was set. */
	while (state_find(txn, STATE_CUSTOMER_CHANGES, span_of_key(&key),
			  &value))
		key = key_of(++when_us, id);
	arena_init(&arena);
	is_good = state_put(txn, STATE_CUSTOMER_CHANGES, span_of_key(&key),
			    pack(operator_name, before, after, &arena), error);
	arena_release(&arena);
	return is_good;
}

const char *customerchanges_fields(const struct customer_change *change,
				   struct arena *arena)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;

		if (!is_same(&change->before, &change->after, field))
			g_string_append_printf(out, "%s%s", out->len ? ", " :
				"", customerentry_word(field));
	}
	return arena_text(arena, out->str);
}

static struct span bytes_of(protobuf_c_boolean has,
			    const ProtobufCBinaryData *data)
{
	return span_of((const char *)data->data, has ? data->len : 0);
}

static void unpack_entry(protobuf_c_boolean has,
			 const ProtobufCBinaryData *data, struct arena *arena,
			 struct customer_entry *out)
{
	if (!has || !customerform_unpack(bytes_of(has, data), arena, out))
		customerentry_init(out);
}

/* What is on disk is a stranger's: false when it is no change. */
static bool unpack(struct span key, struct span value, struct arena *arena,
		   struct customer_change *out)
{
	Reeve__CustomerChange *in = reeve__customer_change__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);

	if (!in)
		return false;
	*out = (struct customer_change){
		.when_us = time_of(key),
		.operator_name = arena_span_text(arena, bytes_of(
			in->has_operator_name, &in->operator_name)),
	};
	unpack_entry(in->has_before, &in->before, arena, &out->before);
	unpack_entry(in->has_after, &in->after, arena, &out->after);
	reeve__customer_change__free_unpacked(in, NULL);
	return *out->before.id || *out->after.id;
}

bool customerchanges_each(struct state *state, int64_t since_us,
			  customerchanges_take_fn *take, void *context,
			  GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct key from = key_of(MAX(since_us, 0), "");
	struct customer_change change;
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	if (!txn)
		return false;
	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_CUSTOMER_CHANGES,
				     span_of_key(&from), &key, &value)) {
		from = key_behind(key);
		if (unpack(key, value, &arena, &change))
			is_more = take(&change, context);
		arena_reset(&arena);
	}
	arena_release(&arena);
	state_end(&txn);
	return true;
}

bool customerchanges_expire(struct state *state, int64_t before_us,
			    GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	struct key first = key_of(0, "");
	struct span key, value;

	if (!txn)
		return false;
	for (int i = 0; i < EXPIRED_AT_ONCE; i++) {
		if (!state_seek(txn, STATE_CUSTOMER_CHANGES,
				span_of_key(&first), &key, &value) ||
		    time_of(key) >= before_us)
			break;
		/* What is deleted is no place to read the key from. */
		first = key_behind(key);
		first.len--;
		state_delete(txn, STATE_CUSTOMER_CHANGES,
			     span_of_key(&first));
	}
	return state_commit(&txn, error);
}
