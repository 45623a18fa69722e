#include <config.h>

#include "cases/noticebook.h"

#include "base/bigendian.h"
#include "base/log.h"
#include "store/storeerror.h"

#include <openssl/rand.h>
#include <string.h>

/* Keys, numbers big-endian. 'a' and 'w' have no value. */
enum prefix {
	PREFIX_APART = 'a',	/* case, number: waited, and cannot be read */
	PREFIX_NOTICE = 'n',	/* case, number */
	PREFIX_WAITING = 'w',	/* time, case, number */
};

#define NAME_BYTES 10		/* of case and number */

static GString *key_of(enum prefix prefix)
{
	GString *key = g_string_new(NULL);

	g_string_append_c(key, (char)prefix);
	return key;
}

static GString *named_key(enum prefix prefix, struct case_id id,
			  uint32_t number)
{
	GString *key = key_of(prefix);

	bigendian_append(key, id.year, 2);
	bigendian_append(key, id.number, 4);
	bigendian_append(key, number, 4);
	return key;
}

static GString *notice_key(struct case_id id, uint32_t number)
{
	return named_key(PREFIX_NOTICE, id, number);
}

static GString *waiting_key(const struct notice_entry *entry)
{
	g_autoptr(GString) name = notice_key(entry->id, entry->number);
	GString *key = key_of(PREFIX_WAITING);

	bigendian_append(key, (uint64_t)MAX(entry->next_us, 0), 8);
	g_string_append_len(key, name->str + 1, NAME_BYTES);
	return key;
}

static void read_name(struct span key, struct notice_entry *out)
{
	const char *from = key.ptr + key.len - NAME_BYTES;

	out->id = (struct case_id){ (uint16_t)bigendian_read(from, 2),
				    (uint32_t)bigendian_read(from + 2, 4) };
	out->number = (uint32_t)bigendian_read(from + 6, 4);
}

static bool find(struct state_txn *txn, struct case_id id, uint32_t number,
		 struct arena *arena, struct notice_entry *out)
{
	g_autoptr(GString) key = notice_key(id, number);
	struct span value;

	if (!state_find(txn, STATE_NOTICES, span_string(key), &value) ||
	    !noticeform_unpack(value, arena, out))
		return false;
	out->id = id;
	out->number = number;
	return true;
}

static bool is_of(struct span key, const GString *prefix)
{
	return key.len == 1 + NAME_BYTES &&
	       memcmp(key.ptr, prefix->str, 1 + NAME_BYTES - 4) == 0;
}

static bool walk(struct state_txn *txn, struct case_id id,
		 notice_take_fn *take, void *context)
{
	g_autoptr(GString) from = notice_key(id, 0);
	struct notice_entry entry = { .number = 0 };
	struct span key, value;
	struct arena arena;
	bool is_more = true;

	arena_init(&arena);
	while (is_more && state_seek(txn, STATE_NOTICES, span_string(from),
				     &key, &value) && is_of(key, from)) {
		if (noticeform_unpack(value, &arena, &entry)) {
			read_name(key, &entry);
			is_more = take(&entry, context);
		}
		g_string_truncate(from, 0);
		g_string_append_len(from, key.ptr, (gssize)key.len);
		g_string_append_c(from, '\0');
		arena_reset(&arena);
	}
	arena_release(&arena);
	return is_more;
}

/* Behind the last one, also when that cannot be read. */
static void name_it(struct state_txn *txn, struct notice_entry *entry)
{
	g_autoptr(GString) before = notice_key(entry->id, UINT32_MAX);
	struct notice_entry last = { .number = 0 };
	struct span key, value;

	if (state_seek_back(txn, STATE_NOTICES, span_string(before), &key,
			    &value) && is_of(key, before))
		read_name(key, &last);
	entry->number = last.number + 1;
	BUG_IF(RAND_bytes(entry->token, sizeof entry->token) != 1);
}

/* Where it stands by its time now goes. */
static void drop_waiting(struct state_txn *txn,
			 const struct notice_entry *entry)
{
	struct notice_entry old;
	struct arena arena;

	arena_init(&arena);
	if (find(txn, entry->id, entry->number, &arena, &old)) {
		g_autoptr(GString) key = waiting_key(&old);

		state_delete(txn, STATE_NOTICES, span_string(key));
	}
	arena_release(&arena);
}

/* What could not be read of the case is made up for. */
static void drop_apart(struct state_txn *txn, struct case_id id)
{
	g_autoptr(GString) from = named_key(PREFIX_APART, id, 0);
	struct span key, value;

	while (state_seek(txn, STATE_NOTICES, span_string(from), &key,
			  &value) && is_of(key, from)) {
		g_string_truncate(from, 0);
		g_string_append_len(from, key.ptr, (gssize)key.len);
		state_delete(txn, STATE_NOTICES, span_string(from));
	}
}

bool noticebook_put(struct state_txn *txn, struct notice_entry *entry,
		    GError **error)
{
	g_autoptr(GString) key = NULL, waiting = NULL;
	g_autoptr(GBytes) bytes = noticeform_pack(entry);
	gsize len;
	const char *ptr;

	if (entry->number) {
		drop_waiting(txn, entry);
	} else {
		name_it(txn, entry);
		g_bytes_unref(bytes);
		bytes = noticeform_pack(entry);
	}
	if (entry->state == NOTICE_STATE_SENT)
		drop_apart(txn, entry->id);
	key = notice_key(entry->id, entry->number);
	waiting = waiting_key(entry);
	ptr = g_bytes_get_data(bytes, &len);
	return state_put(txn, STATE_NOTICES, span_string(key),
			 span_of(ptr, len), error) &&
	       (entry->state != NOTICE_STATE_WAITING ||
		state_put(txn, STATE_NOTICES, span_string(waiting),
			  span_text(""), error));
}

bool noticebook_save(struct state *state, struct notice_entry *entry,
		     GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	if (noticebook_put(txn, entry, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool noticebook_get(struct state *state, struct case_id id, uint32_t number,
		    struct arena *arena, struct notice_entry *out)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	bool is_found;

	if (!txn)
		return false;
	is_found = find(txn, id, number, arena, out);
	state_end(&txn);
	return is_found;
}

bool noticebook_each(struct state *state, struct case_id id,
		     notice_take_fn *take, void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);

	if (!txn)
		return false;
	walk(txn, id, take, context);
	state_end(&txn);
	return true;
}

enum due { DUE_NONE, DUE_GOOD, DUE_STALE, DUE_UNREADABLE };

/* The first by time. What is not good has its name and time in out. */
static enum due find_due(struct state_txn *txn, int64_t now_us,
			 struct arena *arena, struct notice_entry *out)
{
	struct span key, value;
	int64_t due_us;

	if (!state_seek(txn, STATE_NOTICES, span_text("w"), &key, &value) ||
	    key.len != 9 + NAME_BYTES || key.ptr[0] != PREFIX_WAITING)
		return DUE_NONE;
	due_us = (int64_t)bigendian_read(key.ptr + 1, 8);
	if (due_us > now_us)
		return DUE_NONE;
	read_name(key, out);
	if (find(txn, out->id, out->number, arena, out)) {
		if (out->state == NOTICE_STATE_WAITING &&
		    MAX(out->next_us, 0) == due_us)
			return DUE_GOOD;
		out->next_us = due_us;
		return DUE_STALE;
	}
	out->next_us = due_us;
	return DUE_UNREADABLE;
}

static void tell_apart(const struct notice_entry *entry)
{
	char id[CASE_ID_TEXT_MAX];

	log_event(NULL, LOG_ERR, "letter_unreadable", "case=%s letter=%"
		  G_GUINT32_FORMAT " set apart: it cannot be read, send "
		  "another (reevectl case notice)",
		  case_id_format(entry->id, id), entry->number);
}

/* Takes it out of the queue. False: it cannot be written now. */
static bool set_apart(struct state *state, int64_t now_us)
{
	struct state_txn *txn = state_begin_write(state, NULL);
	struct notice_entry entry = { .number = 0 };
	g_autoptr(GString) waiting = NULL, apart = NULL;
	struct arena arena;
	enum due due;
	bool is_good;

	if (!txn)
		return false;
	arena_init(&arena);
	due = find_due(txn, now_us, &arena, &entry);
	arena_release(&arena);
	waiting = waiting_key(&entry);
	apart = named_key(PREFIX_APART, entry.id, entry.number);
	if (due == DUE_STALE || due == DUE_UNREADABLE)
		state_delete(txn, STATE_NOTICES, span_string(waiting));
	is_good = due != DUE_UNREADABLE ||
		  state_put(txn, STATE_NOTICES, span_string(apart),
			    span_text(""), NULL);
	is_good = is_good && state_commit(&txn, NULL);
	state_end(&txn);
	if (is_good && due == DUE_UNREADABLE)
		tell_apart(&entry);
	return is_good;
}

bool noticebook_next(struct state *state, int64_t now_us, struct arena *arena,
		     struct notice_entry *out)
{
	enum due due;

	do {
		struct state_txn *txn = state_begin_read(state, NULL);

		if (!txn)
			return false;
		due = find_due(txn, now_us, arena, out);
		state_end(&txn);
		if (due == DUE_GOOD)
			return true;
		/* A disk that fails just now may give it later. */
	} while (due != DUE_NONE && !state_is_in_doubt(state) &&
		 set_apart(state, now_us));
	return false;
}

GPtrArray *noticebook_apart(struct state *state, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	g_autoptr(GString) from = key_of(PREFIX_APART);
	struct span key, value;
	GPtrArray *ids;

	if (!txn)
		return NULL;
	ids = g_ptr_array_new_with_free_func(g_free);
	while (state_seek(txn, STATE_NOTICES, span_string(from), &key,
			  &value) &&
	       key.len == 1 + NAME_BYTES && key.ptr[0] == PREFIX_APART) {
		char id[CASE_ID_TEXT_MAX];
		struct notice_entry entry;

		read_name(key, &entry);
		g_ptr_array_add(ids, g_strdup(case_id_format(entry.id, id)));
		/* The next case. */
		g_string_truncate(from, 0);
		g_string_append_len(from, key.ptr, 1 + NAME_BYTES - 4);
		g_string_append(from, "\xff\xff\xff\xff\xff");
	}
	state_end(&txn);
	return ids;
}

static bool is_still(struct state_txn *txn, const struct notice_entry *entry)
{
	struct notice_entry now;
	struct arena arena;
	bool is_same;

	arena_init(&arena);
	is_same = find(txn, entry->id, entry->number, &arena, &now) &&
		  now.state == NOTICE_STATE_WAITING &&
		  now.next_us == entry->next_us;
	arena_release(&arena);
	return is_same;
}

bool noticebook_claim(struct state *state, struct notice_entry *entry,
		      int64_t until_us, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (!txn)
		return false;
	if (is_still(txn, entry)) {
		entry->next_us = until_us;
		if (noticebook_put(txn, entry, error))
			return state_commit(&txn, error);
	}
	state_end(&txn);
	return false;
}
