#include <config.h>

#include "bulk/exemptions.h"

#include "store/prototext.h"
#include "store/state.pb-c.h"
#include "store/storeerror.h"

#include <string.h>

static GString *key_of(const char *limit, const char *key)
{
	GString *out = g_string_new(limit);

	g_string_append_c(out, '\0');
	g_string_append_len(out, key, (gssize)strnlen(key, EXEMPTION_KEY_MAX));
	return out;
}

static bool put(struct state_txn *txn, const struct exemption *exemption,
		GError **error)
{
	Reeve__Exemption packed = REEVE__EXEMPTION__INIT;
	g_autoptr(GString) key = key_of(exemption->limit, exemption->key);
	g_autofree uint8_t *bytes = NULL;
	size_t len;

	packed.has_times = exemption->times != 0;
	packed.times = exemption->times;
	packed.has_most = exemption->most != 0;
	packed.most = exemption->most;
	packed.has_expires_us = exemption->expires_us != 0;
	packed.expires_us = exemption->expires_us;
	packed.has_clear_us = exemption->clear_us != 0;
	packed.clear_us = exemption->clear_us;
	packed.has_created_us = packed.has_reason = true;
	packed.created_us = exemption->created_us;
	packed.reason = prototext_pack(exemption->reason);
	packed.has_operator_name = true;
	packed.operator_name = prototext_pack(exemption->operator_name);
	bytes = g_malloc(reeve__exemption__get_packed_size(&packed));
	len = reeve__exemption__pack(&packed, bytes);
	return state_put(txn, STATE_EXEMPTIONS, span_string(key),
			 span_of((const char *)bytes, len), error);
}

static const char *text_of(struct arena *arena, protobuf_c_boolean has,
			   const ProtobufCBinaryData *data)
{
	return has ? arena_span_text(arena, span_of((char *)data->data,
						    data->len)) : "";
}

/* What is on disk is a stranger's: what cannot be read is none. */
static bool read_one(struct span key, struct span value, struct arena *arena,
		     struct exemption *out)
{
	Reeve__Exemption *packed = reeve__exemption__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);
	ptrdiff_t nul = span_find(key, '\0');

	if (!packed)
		return false;
	if (nul >= 0)
		*out = (struct exemption){
			arena_span_text(arena, span_first(key, (size_t)nul)),
			arena_span_text(arena, span_from(key,
							 (size_t)nul + 1)),
			packed->times, packed->most, packed->expires_us,
			packed->clear_us, packed->created_us,
			text_of(arena, packed->has_reason, &packed->reason),
			text_of(arena, packed->has_operator_name,
				&packed->operator_name),
		};
	reeve__exemption__free_unpacked(packed, NULL);
	return nul >= 0;
}

static bool find(struct state_txn *txn, const char *limit, const char *key,
		 struct arena *arena, struct exemption *out)
{
	g_autoptr(GString) name = key_of(limit, key);
	struct span value;

	return state_find(txn, STATE_EXEMPTIONS, span_string(name),
			  &value) &&
	       read_one(span_string(name), value, arena, out);
}

static bool put_joined(struct state_txn *txn,
		       const struct exemption *exemption, GError **error)
{
	struct exemption all = *exemption, old;
	struct arena arena;
	bool is_done;

	arena_init(&arena);
	if (find(txn, exemption->limit, exemption->key, &arena, &old)) {
		if (!all.times && !all.most) {
			all = old;
			all.clear_us = exemption->clear_us;
		} else if (!all.clear_us) {
			all.clear_us = old.clear_us;
		}
	}
	is_done = put(txn, &all, error);
	arena_release(&arena);
	return is_done;
}

bool exemptions_put(struct state *state, const struct exemption *exemption,
		    GError **error)
{
	struct state_txn *txn;

	if (!*exemption->key || strlen(exemption->key) > EXEMPTION_KEY_MAX) {
		store_error_set_text(error, STORE_ERROR_INVALID,
				     "a key has 1 to %d bytes",
				     EXEMPTION_KEY_MAX);
		return false;
	}
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	if (put_joined(txn, exemption, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

/* Without the raise, and away when nothing is left. */
static bool put_lowered(struct state_txn *txn,
			const struct exemption *exemption, GError **error)
{
	g_autoptr(GString) key = key_of(exemption->limit, exemption->key);
	struct exemption rest = *exemption;

	rest.times = rest.most = 0;
	rest.expires_us = 0;
	if (rest.clear_us)
		return put(txn, &rest, error);
	state_delete(txn, STATE_EXEMPTIONS, span_string(key));
	return true;
}

bool exemptions_lower(struct state *state, const char *limit, const char *key,
		      GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	struct exemption old;
	struct arena arena;
	bool is_there, is_done = false;

	if (!txn)
		return false;
	arena_init(&arena);
	is_there = find(txn, limit, key, &arena, &old) &&
		   (old.times || old.most);
	if (!is_there)
		store_error_set_text(error, STORE_ERROR_MISSING,
				     "%s was not raised for %s", limit, key);
	else
		is_done = put_lowered(txn, &old, error);
	arena_release(&arena);
	if (is_done)
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool exemptions_find(struct state *state, const char *limit, const char *key,
		     int64_t now_us, struct arena *arena,
		     struct exemption *out)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	bool is_found = txn && find(txn, limit, key, arena, out);

	state_end(&txn);
	if (is_found && out->expires_us && out->expires_us <= now_us)
		out->times = out->most = 0;
	return is_found;
}

/* The least key behind it. */
static bool step(GString *key, struct span seen)
{
	if (seen.len >= STATE_KEY_MAX)
		return false;
	g_string_truncate(key, 0);
	g_string_append_len(key, seen.ptr, (gssize)seen.len);
	g_string_append_c(key, '\0');
	return true;
}

static void walk(struct state_txn *txn, exemption_take_fn *take,
		 void *context)
{
	g_autoptr(GString) from = g_string_new(NULL);
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_EXEMPTIONS,
				     span_string(from), &key, &value)) {
		struct exemption exemption;

		is_more = step(from, key);
		if (read_one(key, value, &arena, &exemption))
			take(&exemption, context);
		arena_reset(&arena);
	}
	arena_release(&arena);
}

bool exemptions_each(struct state *state, exemption_take_fn *take,
		     void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	walk(txn, take, context);
	state_end(&txn);
	return true;
}

static bool finish_clear(struct state_txn *txn, const struct exemption *done,
			 GError **error)
{
	g_autoptr(GString) key = key_of(done->limit, done->key);
	struct exemption now;
	struct arena arena;
	bool is_good = true;

	arena_init(&arena);
	if (find(txn, done->limit, done->key, &arena, &now) &&
	    now.clear_us == done->clear_us) {
		now.clear_us = 0;
		if (now.times || now.most)
			is_good = put(txn, &now, error);
		else
			state_delete(txn, STATE_EXEMPTIONS,
				     span_string(key));
	}
	arena_release(&arena);
	return is_good;
}

struct expiring {
	struct state_txn *txn;
	int64_t now_us;
	bool is_good;
};

static void expire_one(const struct exemption *exemption, void *context)
{
	struct expiring *expiring = context;

	if (exemption->expires_us && exemption->expires_us <= expiring->now_us)
		expiring->is_good = put_lowered(expiring->txn, exemption,
						NULL) && expiring->is_good;
}

bool exemptions_settle(struct state *state, const GArray *done,
		       int64_t now_us, GError **error)
{
	struct expiring expiring = { state_begin_write(state, error), now_us,
				     true };
	bool is_good = true;

	if (!expiring.txn)
		return false;
	for (guint i = 0; is_good && i < done->len; i++)
		is_good = finish_clear(expiring.txn,
				       &g_array_index(done, struct exemption,
						      i), error);
	if (is_good) {
		walk(expiring.txn, expire_one, &expiring);
		return state_commit(&expiring.txn, error);
	}
	state_end(&expiring.txn);
	return false;
}
