#include <config.h>

#include "store/lists.h"

#include "message/mailaddr.h"
#include "store/state.pb-c.h"
#include "store/storeerror.h"

#include <string.h>

/*
 * Keys: list, kind, and the value as it is looked up. An address is its 16
 * bytes; a network the length of its prefix and its 16 bytes, so that those of
 * one length lie together and a look-up jumps from length to length; texts are
 * in lower case.
 */
struct list_key {
	size_t len;
	uint8_t bytes[STATE_KEY_MAX];
};

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

static struct span key_span(const struct list_key *key)
{
	return span_of((const char *)key->bytes, key->len);
}

static struct list_key key_begin(unsigned which, unsigned kind)
{
	struct list_key key = { .len = 2 };

	key.bytes[0] = (uint8_t)which;
	key.bytes[1] = (uint8_t)kind;
	return key;
}

static void key_add(struct list_key *key, const void *bytes, size_t len)
{
	BUG_IF(len > sizeof key->bytes - key->len);
	memcpy(key->bytes + key->len, bytes, len);
	key->len += len;
}

static struct list_key text_key(enum list_which which, enum list_kind kind,
				struct span value)
{
	struct list_key key = key_begin(which, kind);

	for (size_t i = 0; i < MIN(value.len, LIST_VALUE_MAX); i++)
		key.bytes[key.len++] = (uint8_t)g_ascii_tolower(value.ptr[i]);
	return key;
}

static struct list_key address_key(enum list_which which,
				   const struct netaddr *addr)
{
	struct list_key key = key_begin(which, LIST_ADDRESS);

	key_add(&key, addr->bytes, sizeof addr->bytes);
	return key;
}

static struct list_key network_key(enum list_which which,
				   const struct network *net)
{
	struct list_key key = key_begin(which, LIST_NETWORK);

	/* Longest first: what is found first is the closest. */
	key.bytes[key.len++] = (uint8_t)(128 - net->bits);
	key_add(&key, net->base.bytes, sizeof net->base.bytes);
	return key;
}

static bool refuse(GError **error, struct span value, const char *what)
{
	store_error_set_text(error, STORE_ERROR_INVALID, "\"%.*s\" %s",
			     (int)MIN(value.len, 100), value.ptr, what);
	return false;
}

static bool make_address(enum list_which which, struct span value,
			 struct arena *arena, struct list_key *key_out,
			 const char **form_out, GError **error)
{
	struct netaddr addr;
	char text[NETADDR_TEXT_MAX];

	if (!netaddr_parse(value, &addr))
		return refuse(error, value, "is no IP address");
	*key_out = address_key(which, &addr);
	*form_out = arena_text(arena, netaddr_format(&addr, text));
	return true;
}

static bool make_network(enum list_which which, struct span value,
			 struct arena *arena, struct list_key *key_out,
			 const char **form_out, GError **error)
{
	g_autoptr(GError) why = NULL;
	struct network net;
	char text[NETADDR_TEXT_MAX];

	if (!network_parse(value, &net, &why)) {
		store_error_set_text(error, STORE_ERROR_INVALID, "%s",
				     why->message);
		return false;
	}
	*key_out = network_key(which, &net);
	*form_out = arena_text(arena, network_format(&net, text));
	return true;
}

/* Of a domain, with the dot in front that means its subdomains. */
static const char *domain_form(struct span value, struct arena *arena)
{
	bool is_below = value.len && value.ptr[0] == '.';
	const char *ascii = mailaddr_domain_ascii(
		is_below ? span_from(value, 1) : value, arena);

	return ascii ? arena_printf(arena, "%s%s", is_below ? "." : "",
				    ascii) : NULL;
}

static bool make_text(enum list_which which, enum list_kind kind,
		      struct span value, struct arena *arena,
		      struct list_key *key_out, const char **form_out,
		      GError **error)
{
	const char *form = arena_span_text(arena, value);

	if (kind == LIST_DOMAIN) {
		form = domain_form(value, arena);
		if (!form)
			return refuse(error, value, "is no domain; write "
				      "example.org or .example.org");
	} else if (kind == LIST_SENDER) {
		struct mailaddr addr = mailaddr_parse(value, arena);

		if (addr.is_null || !*addr.domain_ascii ||
		    (addr.flaws & MAILADDR_FLAW_SYNTAX))
			return refuse(error, value, "is no address; write "
				      "user@example.org");
		form = mailaddr_format(&addr, arena);
	}
	if (!*form || strlen(form) > LIST_VALUE_MAX)
		return refuse(error, value, "is empty or too long");
	*key_out = text_key(which, kind, span_text(form));
	*form_out = form;
	return true;
}

static bool make_key(enum list_which which, enum list_kind kind,
		     struct span value, struct arena *arena,
		     struct list_key *key_out, const char **form_out,
		     GError **error)
{
	if (kind == LIST_ADDRESS)
		return make_address(which, value, arena, key_out, form_out,
				    error);
	if (kind == LIST_NETWORK)
		return make_network(which, value, arena, key_out, form_out,
				    error);
	return make_text(which, kind, value, arena, key_out, form_out, error);
}

static bool put_entry(struct state_txn *txn, const struct list_key *key,
		      const Reeve__ListEntry *packed, GError **error)
{
	size_t len = reeve__list_entry__get_packed_size(packed);
	g_autofree uint8_t *bytes = g_malloc(len + 1);

	reeve__list_entry__pack(packed, bytes);
	return state_put(txn, STATE_LISTS, key_span(key),
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
	struct list_key key;
	struct arena arena;
	const char *form;
	bool is_done;

	arena_init(&arena);
	is_done = make_key(entry->which, entry->kind,
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
	struct list_key key;
	const char *form;

	return make_key(LIST_BLOCK, kind, value, arena, &key, &form, error) ?
	       form : NULL;
}

bool lists_drop(struct state_txn *txn, enum list_which which,
		enum list_kind kind, struct span value)
{
	struct list_key key;
	struct arena arena;
	const char *form;
	bool was_there;

	arena_init(&arena);
	was_there = make_key(which, kind, value, &arena, &key, &form, NULL) &&
		    state_delete(txn, STATE_LISTS, key_span(&key));
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
static bool step(struct list_key *key, struct span seen)
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
	struct list_key key = { .len = 0 };
	struct span seen, value;
	struct arena arena;
	bool is_more = true;

	if (!txn)
		return false;
	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_LISTS, key_span(&key), &seen,
				     &value)) {
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

static bool find_key(struct state_txn *txn, const struct list_key *key,
		     int64_t now_us, struct arena *arena,
		     struct list_entry *entry_out)
{
	struct list_entry entry;
	struct span value;

	if (!state_find(txn, STATE_LISTS, key_span(key), &value))
		return false;
	if (!read_entry(key_span(key), value, arena, &entry)) {
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
	struct list_key key = text_key(which, LIST_DOMAIN, domain);

	if (find_key(txn, &key, now_us, arena, entry_out))
		return true;
	for (ptrdiff_t dot = span_find(domain, '.'); dot >= 0;) {
		ptrdiff_t next;

		domain = span_from(domain, (size_t)dot);
		key = text_key(which, LIST_DOMAIN, domain);
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
	struct list_key key;

	if (!txn || value.len > LIST_VALUE_MAX) {
		state_end(&txn);
		return false;
	}
	if (kind == LIST_DOMAIN) {
		is_found = find_domain(txn, which, value, now_us, arena,
				       entry_out);
	} else if (kind != LIST_ADDRESS && kind != LIST_NETWORK) {
		key = text_key(which, kind, value);
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
	struct list_key key = key_begin(which, LIST_NETWORK);
	struct span seen, value;

	while (state_seek(txn, STATE_LISTS, key_span(&key), &seen, &value) &&
	       seen.len > 2 && seen.ptr[0] == (char)which &&
	       seen.ptr[1] == (char)LIST_NETWORK) {
		uint8_t less = (uint8_t)seen.ptr[2];
		struct network net = network_around(addr,
						    (uint8_t)(128 - less));
		struct list_key wanted = network_key(which, &net);

		if (find_key(txn, &wanted, now_us, arena, entry_out))
			return true;
		if (less == 128)
			return false;
		key = key_begin(which, LIST_NETWORK);
		key.bytes[key.len++] = (uint8_t)(less + 1);
	}
	return false;
}

bool lists_find_client(struct state *state, enum list_which which,
		       const struct netaddr *addr, int64_t now_us,
		       struct arena *arena, struct list_entry *entry_out)
{
	struct state_txn *txn = begin_look(state);
	struct list_key key = address_key(which, addr);
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
	struct list_key key = { .len = 0 };
	struct span seen, value;

	while (state_seek(txn, STATE_LISTS, key_span(&key), &seen, &value)) {
		struct list_entry entry;
		struct list_key old = { .len = seen.len };
		bool is_over;

		memcpy(old.bytes, seen.ptr, seen.len);
		is_over = read_entry(seen, value, arena, &entry) &&
			  !is_in_force(&entry, now_us);
		if (!step(&key, seen))
			break;
		if (is_over)
			state_delete(txn, STATE_LISTS, key_span(&old));
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
