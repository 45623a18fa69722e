#include <config.h>

#include "cases/customerbook.h"

#include "cases/customerchanges.h"
#include "cases/customerform.h"
#include "cases/customerkey.h"
#include "store/storeerror.h"

#include <string.h>

/* What the keys are made of: whose is what. */
static const enum customer_field keyed[] = {
	CUSTOMER_FIELD_NETWORKS, CUSTOMER_FIELD_ACCOUNTS,
	CUSTOMER_FIELD_DOMAINS,
};

static bool find_entry(struct state_txn *txn, const char *id,
		       struct arena *arena, struct customer_entry *out)
{
	const struct customer_key key = customerkey_id(id);
	struct span value;

	return state_find(txn, STATE_CUSTOMERS, customerkey_span(&key),
			  &value) && customerform_unpack(value, arena, out);
}

/* Calls for each key of the entry; false ends, and is returned. */
typedef bool key_fn(struct state_txn *txn, const struct customer_entry *entry,
		    enum customer_field field, const char *value,
		    GError **error);

static bool each_key(struct state_txn *txn, const struct customer_entry *entry,
		     key_fn *on_key, GError **error)
{
	for (size_t i = 0; i < COUNT_OF(keyed); i++) {
		const char *const *list = customerentry_list(entry, keyed[i]);

		for (; *list; list++)
			if (!on_key(txn, entry, keyed[i], *list, error))
				return false;
	}
	return true;
}

static bool delete_key(struct state_txn *txn,
		       const struct customer_entry *entry,
		       enum customer_field field, const char *value,
		       GError **error)
{
	const struct customer_key key = customerkey_of(field, value);

	(void)entry;
	(void)error;
	state_delete(txn, STATE_CUSTOMER_KEYS, customerkey_span(&key));
	return true;
}

static bool put_key(struct state_txn *txn, const struct customer_entry *entry,
		    enum customer_field field, const char *value,
		    GError **error)
{
	const struct customer_key key = customerkey_of(field, value);
	struct span owner;

	if (!state_find(txn, STATE_CUSTOMER_KEYS, customerkey_span(&key),
			&owner))
		return state_put(txn, STATE_CUSTOMER_KEYS,
				 customerkey_span(&key), span_text(entry->id),
				 error);
	if (span_is_word(owner, entry->id))
		return true;
	store_error_set_text(error, STORE_ERROR_INVALID, "%s%scustomer %s: "
		"%s: %s is customer %.*s's; take it away there first",
		entry->where, *entry->where ? ": " : "", entry->id,
		customerentry_word(field), value, (int)owner.len, owner.ptr);
	return false;
}

/* What is known of the one before: its keys go, its times stay. */
static bool clear_old(struct state_txn *txn, struct customer_entry *entry,
		      bool is_replaced, const struct customer_editor *editor,
		      GError **error)
{
	struct customer_entry old;
	struct arena arena;
	bool is_clear;

	arena_init(&arena);
	if (!find_entry(txn, entry->id, &arena, &old)) {
		entry->created_us = editor->now_us;
		is_clear = customerchanges_note(txn, editor->now_us,
			editor->operator_name, NULL, entry, error);
	} else if (!is_replaced || (entry->changed_us &&
				    entry->changed_us != old.changed_us)) {
		store_error_set_text(error, is_replaced ? STORE_ERROR_BUSY :
			STORE_ERROR_INVALID, "%s%scustomer %s %s",
			entry->where, *entry->where ? ": " : "", entry->id,
			is_replaced ? "was changed meanwhile; try again" :
			"is in the book already; customer edit changes it, "
			"--replace of customer import overwrites it");
		is_clear = false;
	} else {
		entry->created_us = old.created_us;
		is_clear = each_key(txn, &old, delete_key, error) &&
			   customerchanges_note(txn, editor->now_us,
				editor->operator_name, &old, entry, error);
	}
	entry->changed_us = editor->now_us;
	arena_release(&arena);
	return is_clear;
}

/* Two customers of one file with the same id are a mistake. */
static bool put_value(struct state_txn *txn,
		      const struct customer_entry *entry, GHashTable *seen,
		      GError **error)
{
	const struct customer_key key = customerkey_id(entry->id);
	struct arena arena;
	bool is_put;

	if (!g_hash_table_add(seen, g_ascii_strdown(entry->id, -1))) {
		store_error_set_text(error, STORE_ERROR_INVALID,
				     "%s: customer %s is there twice",
				     entry->where, entry->id);
		return false;
	}
	arena_init(&arena);
	is_put = state_put(txn, STATE_CUSTOMERS, customerkey_span(&key),
			   customerform_pack(entry, &arena), error);
	arena_release(&arena);
	return is_put;
}

/* All old keys go before the first new one comes: within a file a network may
 * move from one customer to another. */
static bool put_all(struct state_txn *txn, const GPtrArray *entries,
		    bool is_replaced, const struct customer_editor *editor,
		    GError **error)
{
	g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < entries->len; i++) {
		struct customer_entry *entry = g_memdup2(
			g_ptr_array_index(entries, i), sizeof *entry);

		g_ptr_array_add(fresh, entry);
		if (!clear_old(txn, entry, is_replaced, editor, error))
			return false;
	}
	for (guint i = 0; i < fresh->len; i++) {
		const struct customer_entry *entry = g_ptr_array_index(fresh,
								       i);

		if (!put_value(txn, entry, seen, error) ||
		    !each_key(txn, entry, put_key, error))
			return false;
	}
	return true;
}

bool customerbook_put(struct state *state, const GPtrArray *entries,
		      bool is_replaced, const struct customer_editor *editor,
		      GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	if (put_all(txn, entries, is_replaced, editor, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

static bool remove_one(struct state_txn *txn, const char *id,
		       const struct customer_editor *editor, GError **error)
{
	const struct customer_key key = customerkey_id(id);
	struct customer_entry entry;
	struct arena arena;
	bool is_good;

	arena_init(&arena);
	is_good = find_entry(txn, id, &arena, &entry);
	if (is_good)
		is_good = each_key(txn, &entry, delete_key, error) &&
			  customerchanges_note(txn, editor->now_us,
				editor->operator_name, &entry, NULL, error);
	else
		store_error_set_text(error, STORE_ERROR_MISSING,
				     "there is no customer %s", id);
	state_delete(txn, STATE_CUSTOMERS, customerkey_span(&key));
	arena_release(&arena);
	return is_good;
}

bool customerbook_remove(struct state *state, const char *id,
			 const struct customer_editor *editor, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	if (remove_one(txn, id, editor, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool customerbook_get(struct state *state, const char *id,
		      struct arena *arena, struct customer_entry *entry_out)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	bool is_found = txn && find_entry(txn, id, arena, entry_out);

	state_end(&txn);
	return is_found;
}

static void walk(struct state_txn *txn, const char *after,
		 customer_take_fn *take, void *context)
{
	struct customer_key from = customerkey_id(after ? after : "");
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	if (after)
		is_more = customerkey_step(&from, customerkey_span(&from));
	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_CUSTOMERS,
				     customerkey_span(&from), &key, &value)) {
		struct customer_entry entry;

		is_more = customerkey_step(&from, key);
		if (customerform_unpack(value, &arena, &entry))
			is_more = take(&entry, context) && is_more;
		arena_reset(&arena);
	}
	arena_release(&arena);
}

bool customerbook_each(struct state *state, const char *after,
		       customer_take_fn *take, void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	walk(txn, after, take, context);
	state_end(&txn);
	return true;
}

static bool find_key(struct state_txn *txn, const struct customer_key *key,
		     struct span *id_out)
{
	return state_find(txn, STATE_CUSTOMER_KEYS, customerkey_span(key),
			  id_out);
}

static bool find_account(struct state_txn *txn, const char *account,
			 struct span *id_out)
{
	struct customer_key key = customerkey_of(CUSTOMER_FIELD_ACCOUNTS,
						 account);
	const char *at = strrchr(account, '@');

	if (strlen(account) > CUSTOMER_ACCOUNT_MAX)
		return false;
	if (find_key(txn, &key, id_out))
		return true;
	if (!at)
		return false;
	key = customerkey_of(CUSTOMER_FIELD_ACCOUNTS, at);
	return find_key(txn, &key, id_out);
}

/*
 * Networks lie in each other or apart. The keys go down from the longest that
 * addr may lie in: the first one that there is holds addr, or lies before it
 * and apart; what holds addr then holds the base of that one, too, and so is no
 * longer than what the two have in common. From there it goes on: mostly a step
 * or two, whatever lengths there are.
 */
static bool find_network(struct state_txn *txn, const struct netaddr *addr,
			 struct span *id_out)
{
	struct network around = network_around(addr, 128), seen;
	struct customer_key from = customerkey_network(&around);
	struct span key;

	while (state_seek(txn, STATE_CUSTOMER_KEYS, customerkey_span(&from),
			  &key, id_out) &&
	       customerkey_is_network(key, addr->family, &seen)) {
		if (network_has(&seen, addr))
			return true;
		around = network_around(addr, customerkey_common_bits(
						&seen.base, addr));
		from = customerkey_network(&around);
	}
	return false;
}

static bool find_domain(struct state_txn *txn, const char *domain,
			struct span *id_out)
{
	while (domain && strlen(domain) < CUSTOMER_ACCOUNT_MAX) {
		struct customer_key key = customerkey_of(
			CUSTOMER_FIELD_DOMAINS, domain);

		if (find_key(txn, &key, id_out))
			return true;
		domain = strchr(domain + (*domain == '.'), '.');
	}
	return false;
}

const char *customerbook_find(struct state *state, const char *account,
			      const struct netaddr *addr,
			      const char *sender_domain, struct arena *arena)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	const char *found = NULL;
	struct span id;

	if (!txn)
		return NULL;
	if (state_count(txn, STATE_CUSTOMERS) &&
	    ((account && *account && find_account(txn, account, &id)) ||
	     (addr && addr->family != NETADDR_NONE &&
	      find_network(txn, addr, &id)) ||
	     (sender_domain && *sender_domain &&
	      find_domain(txn, sender_domain, &id))))
		found = arena_span_text(arena, id);
	state_end(&txn);
	return found;
}
