#include <config.h>

#include "cases/noticebook.h"

#include "store/storeerror.h"

#include <openssl/rand.h>
#include <string.h>

/* Keys, numbers big-endian. 'w' has no value. */
enum prefix {
	PREFIX_NOTICE = 'n',	/* case, number */
	PREFIX_WAITING = 'w',	/* time, case, number */
};

#define NAME_BYTES 10		/* of case and number */

static void add_number(GString *key, uint64_t number, int bytes)
{
	while (bytes-- > 0)
		g_string_append_c(key, (char)(number >> 8 * bytes));
}

static uint64_t read_number(const char *from, int bytes)
{
	uint64_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | (uint8_t)*from++;
	return number;
}

static GString *key_of(enum prefix prefix)
{
	GString *key = g_string_new(NULL);

	g_string_append_c(key, (char)prefix);
	return key;
}

static GString *notice_key(struct case_id id, uint32_t number)
{
	GString *key = key_of(PREFIX_NOTICE);

	add_number(key, id.year, 2);
	add_number(key, id.number, 4);
	add_number(key, number, 4);
	return key;
}

static GString *waiting_key(const struct notice_entry *entry)
{
	g_autoptr(GString) name = notice_key(entry->id, entry->number);
	GString *key = key_of(PREFIX_WAITING);

	add_number(key, (uint64_t)MAX(entry->next_us, 0), 8);
	g_string_append_len(key, name->str + 1, NAME_BYTES);
	return key;
}

static struct span span_of_string(const GString *text)
{
	return span_of(text->str, text->len);
}

static void read_name(struct span key, struct notice_entry *out)
{
	const char *from = key.ptr + key.len - NAME_BYTES;

	out->id = (struct case_id){ (uint16_t)read_number(from, 2),
				    (uint32_t)read_number(from + 2, 4) };
	out->number = (uint32_t)read_number(from + 6, 4);
}

static bool find(struct state_txn *txn, struct case_id id, uint32_t number,
		 struct arena *arena, struct notice_entry *out)
{
	g_autoptr(GString) key = notice_key(id, number);
	struct span value;

	if (!state_find(txn, STATE_NOTICES, span_of_string(key), &value) ||
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
	while (is_more && state_seek(txn, STATE_NOTICES, span_of_string(from),
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

static bool take_number(const struct notice_entry *entry, void *context)
{
	*(uint32_t *)context = entry->number;
	return true;
}

static void name_it(struct state_txn *txn, struct notice_entry *entry)
{
	walk(txn, entry->id, take_number, &entry->number);
	entry->number++;
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

		state_delete(txn, STATE_NOTICES, span_of_string(key));
	}
	arena_release(&arena);
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
	key = notice_key(entry->id, entry->number);
	waiting = waiting_key(entry);
	ptr = g_bytes_get_data(bytes, &len);
	return state_put(txn, STATE_NOTICES, span_of_string(key),
			 span_of(ptr, len), error) &&
	       (entry->state != NOTICE_STATE_WAITING ||
		state_put(txn, STATE_NOTICES, span_of_string(waiting),
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

bool noticebook_next(struct state *state, int64_t now_us, struct arena *arena,
		     struct notice_entry *out)
{
	struct state_txn *txn = state_begin_read(state, NULL);
	struct span key, value;
	bool is_found;

	if (!txn)
		return false;
	is_found = state_seek(txn, STATE_NOTICES, span_text("w"), &key,
			      &value) &&
		   key.len == 9 + NAME_BYTES && key.ptr[0] == PREFIX_WAITING &&
		   (int64_t)read_number(key.ptr + 1, 8) <= now_us;
	if (is_found) {
		read_name(key, out);
		is_found = find(txn, out->id, out->number, arena, out);
	}
	state_end(&txn);
	return is_found;
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
