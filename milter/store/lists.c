#include <config.h>

#include "store/lists.h"

#include "store/listkey.h"
#include "store/state.pb-c.h"
#include "store/storeerror.h"

#include <string.h>

static const char *const which_words[] = { "", "welcome", "block",
					   "evidence", "watched", "suspended" };
static const char *const kind_words[] = {
	"", "address", "network", "account", "sender", "domain",
	"fingerprint", "customer",
};

const char *list_which_word(enum list_which which)
{
	return which_words[(size_t)which < COUNT_OF(which_words) ? which : 0];
}

const char *list_kind_word(enum list_kind kind)
{
	return kind_words[(size_t)kind < COUNT_OF(kind_words) ? kind : 0];
}

static bool find_word(struct span word, const char *const *words,
		      size_t count, unsigned *index_out)
{
	for (unsigned i = 1; i < count; i++)
		if (span_is_word(word, words[i])) {
			*index_out = i;
			return true;
		}
	return false;
}

bool list_which_parse(struct span word, enum list_which *which_out)
{
	unsigned index;

	if (!find_word(word, which_words, COUNT_OF(which_words), &index))
		return false;
	*which_out = index;
	return true;
}

bool list_kind_parse(struct span word, enum list_kind *kind_out)
{
	unsigned index;

	if (!find_word(word, kind_words, COUNT_OF(kind_words), &index))
		return false;
	*kind_out = index;
	return true;
}

static bool put_entry(struct state_txn *txn, const struct listkey *key,
		      const Reeve__ListEntry *packed, GError **error)
{
	size_t len = reeve__list_entry__get_packed_size(packed);
	g_autofree uint8_t *bytes = g_malloc(len + 1);

	reeve__list_entry__pack(packed, bytes);
	return state_put(txn, STATE_LISTS, listkey_span(key),
			 span_of((const char *)bytes, len), error);
}

static ProtobufCBinaryData data_of(const char *text, size_t most)
{
	return (ProtobufCBinaryData){ MIN(strlen(text), most),
				      (uint8_t *)text };
}

bool lists_put(struct state_txn *txn, const struct list_entry *entry,
	       GError **error)
{
	Reeve__ListEntry packed = REEVE__LIST_ENTRY__INIT;
	struct listkey key;
	struct arena arena;
	const char *form;
	bool is_done;

	arena_init(&arena);
	is_done = listkey_make(entry->which, entry->kind,
			       span_text(entry->value), &arena, &key, &form,
			       error);
	if (is_done) {
		packed.has_value = packed.has_reason = 1;
		packed.has_operator_name = packed.has_created_us = 1;
		packed.value = data_of(form, LIST_VALUE_MAX);
		packed.reason = data_of(entry->reason, LIST_REASON_MAX);
		packed.operator_name = data_of(entry->operator_name, 100);
		packed.created_us = entry->created_us;
		packed.has_expires_us = entry->expires_us != 0;
		packed.expires_us = entry->expires_us;
		is_done = put_entry(txn, &key, &packed, error);
	}
	arena_release(&arena);
	return is_done;
}

bool lists_add(struct state *state, const struct list_entry *entry,
	       GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	if (lists_put(txn, entry, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

const char *lists_form(enum list_kind kind, struct span value,
		       struct arena *arena, GError **error)
{
	struct listkey key;
	const char *form;

	return listkey_make(LIST_BLOCK, kind, value, arena, &key, &form,
			    error) ? form : NULL;
}

bool lists_drop(struct state_txn *txn, enum list_which which,
		enum list_kind kind, struct span value)
{
	struct listkey key;
	struct arena arena;
	const char *form;
	bool was_there;

	arena_init(&arena);
	was_there = listkey_make(which, kind, value, &arena, &key, &form,
				 NULL) &&
		    state_delete(txn, STATE_LISTS, listkey_span(&key));
	arena_release(&arena);
	return was_there;
}

bool lists_remove(struct state *state, enum list_which which,
		  enum list_kind kind, struct span value, GError **error)
{
	struct state_txn *txn;
	struct arena arena;
	bool is_known;

	arena_init(&arena);
	is_known = lists_form(kind, value, &arena, error) != NULL;
	arena_release(&arena);
	if (!is_known)
		return false;
	txn = state_begin_write(state, error);
	if (!txn)
		return false;
	if (lists_drop(txn, which, kind, value))
		return state_commit(&txn, error);
	state_end(&txn);
	store_error_set_text(error, STORE_ERROR_MISSING,
			     "no entry %s %s %.*s", list_which_word(which),
			     list_kind_word(kind), (int)MIN(value.len, 100),
			     value.ptr);
	return false;
}

static const char *text_of(struct arena *arena, protobuf_c_boolean has,
			   const ProtobufCBinaryData *data)
{
	return has ? arena_span_text(arena, span_of((char *)data->data,
						    data->len)) : "";
}

/* What is on disk is a stranger's: an entry that cannot be read is none. */
static bool read_entry(struct span key, struct span value,
		       struct arena *arena, struct list_entry *entry_out)
{
	Reeve__ListEntry *packed = reeve__list_entry__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);

	if (!packed)
		return false;
	if (key.len < 2) {
		reeve__list_entry__free_unpacked(packed, NULL);
		return false;
	}
	*entry_out = (struct list_entry){
		.which = (enum list_which)key.ptr[0],
		.kind = (enum list_kind)key.ptr[1],
		.value = text_of(arena, packed->has_value, &packed->value),
		.reason = text_of(arena, packed->has_reason, &packed->reason),
		.operator_name = text_of(arena, packed->has_operator_name,
					 &packed->operator_name),
		.created_us = packed->created_us,
		.expires_us = packed->expires_us,
	};
	reeve__list_entry__free_unpacked(packed, NULL);
	return true;
}

/* The least key behind this one. */
static bool step(struct listkey *key, struct span seen)
{
	if (seen.len >= sizeof key->bytes)
		return false;
	memcpy(key->bytes, seen.ptr, seen.len);
	key->bytes[seen.len] = 0;
	key->len = seen.len + 1;
	return true;
}

bool lists_each(struct state *state, unsigned int which, unsigned int kind,
		list_take_fn *take, void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct listkey key = { .len = 0 };
	struct span seen, value;
	struct arena arena;
	bool is_more = true;

	if (!txn)
		return false;
	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_LISTS, listkey_span(&key),
				     &seen, &value)) {
		struct list_entry entry;

		if (read_entry(seen, value, &arena, &entry) &&
		    (!which || entry.which == which) &&
		    (!kind || entry.kind == kind))
			is_more = take(&entry, context);
		is_more = is_more && step(&key, seen);
		arena_reset(&arena);
	}
	arena_release(&arena);
	state_end(&txn);
	return true;
}

static bool is_in_force(const struct list_entry *entry, int64_t now_us)
{
	return !entry->expires_us || entry->expires_us > now_us;
}

static bool find_key(struct state_txn *txn, const struct listkey *key,
		     int64_t now_us, struct arena *arena,
		     struct list_entry *entry_out)
{
	struct list_entry entry;
	struct span value;

	if (!state_find(txn, STATE_LISTS, listkey_span(key), &value))
		return false;
	if (!read_entry(listkey_span(key), value, arena, &entry)) {
		state_doubt(txn, "an entry of a list is damaged");
		return false;
	}
	if (!is_in_force(&entry, now_us))
		return false;
	if (entry_out)
		*entry_out = entry;
	return true;
}

/* NULL as well when there is nothing to be found: most lists are empty. */
static struct state_txn *begin_look(struct state *state)
{
	struct state_txn *txn = state_begin_read(state, NULL);

	if (txn && state_count(txn, STATE_LISTS) == 0)
		state_end(&txn);
	return txn;
}

static bool find_domain(struct state_txn *txn, enum list_which which,
			struct span domain, int64_t now_us,
			struct arena *arena, struct list_entry *entry_out)
{
	struct listkey key = listkey_of_text(which, LIST_DOMAIN, domain);

	if (find_key(txn, &key, now_us, arena, entry_out))
		return true;
	for (ptrdiff_t dot = span_find(domain, '.'); dot >= 0;) {
		ptrdiff_t next;

		domain = span_from(domain, (size_t)dot);
		key = listkey_of_text(which, LIST_DOMAIN, domain);
		if (find_key(txn, &key, now_us, arena, entry_out))
			return true;
		next = span_find(span_from(domain, 1), '.');
		dot = next < 0 ? -1 : next + 1;
	}
	return false;
}

bool lists_find(struct state *state, enum list_which which,
		enum list_kind kind, struct span value, int64_t now_us,
		struct arena *arena, struct list_entry *entry_out)
{
	struct state_txn *txn = begin_look(state);
	bool is_found = false;
	struct netaddr addr;
	struct listkey key;

	if (!txn || value.len > LIST_VALUE_MAX) {
		state_end(&txn);
		return false;
	}
	if (kind == LIST_DOMAIN) {
		is_found = find_domain(txn, which, value, now_us, arena,
				       entry_out);
	} else if (kind != LIST_ADDRESS && kind != LIST_NETWORK) {
		key = listkey_of_text(which, kind, value);
		is_found = find_key(txn, &key, now_us, arena, entry_out);
	}
	state_end(&txn);
	if (kind == LIST_ADDRESS && netaddr_parse(value, &addr))
		is_found = lists_find_client(state, which, &addr, now_us,
					     arena, entry_out);
	return is_found;
}

/* One look for each length of prefix that the list has, longest first. */
static bool find_network(struct state_txn *txn, enum list_which which,
			 const struct netaddr *addr, int64_t now_us,
			 struct arena *arena, struct list_entry *entry_out)
{
	struct listkey key = listkey_begin(which, LIST_NETWORK);
	struct span seen, value;

	while (state_seek(txn, STATE_LISTS, listkey_span(&key), &seen,
			  &value) &&
	       seen.len > 2 && seen.ptr[0] == (char)which &&
	       seen.ptr[1] == (char)LIST_NETWORK) {
		uint8_t less = (uint8_t)seen.ptr[2];
		struct network net = network_around(addr,
						    (uint8_t)(128 - less));
		struct listkey wanted = listkey_of_network(which, &net);

		if (find_key(txn, &wanted, now_us, arena, entry_out))
			return true;
		if (less == 128)
			return false;
		key = listkey_begin(which, LIST_NETWORK);
		key.bytes[key.len++] = (uint8_t)(less + 1);
	}
	return false;
}

bool lists_find_client(struct state *state, enum list_which which,
		       const struct netaddr *addr, int64_t now_us,
		       struct arena *arena, struct list_entry *entry_out)
{
	struct state_txn *txn = begin_look(state);
	struct listkey key = listkey_of_address(which, addr);
	bool is_found;

	if (!txn)
		return false;
	is_found = find_key(txn, &key, now_us, arena, entry_out) ||
		   find_network(txn, which, addr, now_us, arena, entry_out);
	state_end(&txn);
	return is_found;
}

static bool delete_expired(struct state_txn *txn, int64_t now_us,
			   struct arena *arena)
{
	uint64_t before = state_count(txn, STATE_LISTS);
	struct listkey key = { .len = 0 };
	struct span seen, value;

	while (state_seek(txn, STATE_LISTS, listkey_span(&key), &seen,
			  &value)) {
		struct list_entry entry;
		struct listkey old = { .len = seen.len };
		bool is_over;

		memcpy(old.bytes, seen.ptr, seen.len);
		is_over = read_entry(seen, value, arena, &entry) &&
			  !is_in_force(&entry, now_us);
		if (!step(&key, seen))
			break;
		if (is_over)
			state_delete(txn, STATE_LISTS, listkey_span(&old));
		arena_reset(arena);
	}
	return state_count(txn, STATE_LISTS) != before;
}

bool lists_expire(struct state *state, int64_t now_us, uint64_t *count_out,
		  GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	struct arena arena;
	uint64_t before;
	bool is_done = true;

	if (!txn)
		return false;
	arena_init(&arena);
	before = state_count(txn, STATE_LISTS);
	if (delete_expired(txn, now_us, &arena)) {
		if (count_out)
			*count_out = before - state_count(txn, STATE_LISTS);
		is_done = state_commit(&txn, error);
	} else {
		if (count_out)
			*count_out = 0;
		state_end(&txn);
	}
	arena_release(&arena);
	return is_done;
}
