#include <config.h>

#include "bulk/greylist.h"

#include "base/arena.h"
#include "store/state.pb-c.h"

#include <pthread.h>
#include <string.h>

/* Keys on disk: what it is, and the key. A wish to clear has no value. */
#define ROW_ENTRY 'e'
#define ROW_CLEAR 'c'
#define CROWD 16		/* that are looked at for one to leave */
#define SWEEP 4096		/* that are looked at, at a time, for what
				 * is over */

struct visitor {
	int64_t first_us, last_us;
	bool is_welcome, is_changed;
};

struct greylist {
	pthread_mutex_t lock;
	size_t most;
	GHashTable *visitors;		/* key -> struct visitor * */
	GPtrArray *keys;		/* of char *, the table's: for those who
					 * have to leave */
	GHashTable *places;		/* key -> index in keys */
	GPtrArray *changed, *gone;	/* of char *: to be written, taken
					 * from disk */
	guint swept;			/* index in keys */
};

struct greylist *greylist_new(size_t most)
{
	struct greylist *greylist = g_new0(struct greylist, 1);

	pthread_mutex_init(&greylist->lock, NULL);
	greylist->most = most;
	greylist->visitors = g_hash_table_new_full(g_str_hash, g_str_equal,
						   g_free, g_free);
	greylist->keys = g_ptr_array_new();
	greylist->places = g_hash_table_new(g_str_hash, g_str_equal);
	greylist->changed = g_ptr_array_new_with_free_func(g_free);
	greylist->gone = g_ptr_array_new_with_free_func(g_free);
	return greylist;
}

void greylist_free(struct greylist *greylist)
{
	if (!greylist)
		return;
	pthread_mutex_destroy(&greylist->lock);
	g_hash_table_unref(greylist->places);
	g_ptr_array_unref(greylist->keys);
	g_hash_table_unref(greylist->visitors);
	g_ptr_array_unref(greylist->changed);
	g_ptr_array_unref(greylist->gone);
	g_free(greylist);
}

/* What follows is called with the lock held. */

static void drop(struct greylist *greylist, const char *key)
{
	guint place = GPOINTER_TO_UINT(g_hash_table_lookup(greylist->places,
							   key));
	char *last = g_ptr_array_index(greylist->keys,
				       greylist->keys->len - 1);

	g_ptr_array_add(greylist->gone, g_strdup(key));
	greylist->keys->pdata[place] = last;
	g_hash_table_insert(greylist->places, last, GUINT_TO_POINTER(place));
	g_ptr_array_set_size(greylist->keys, (gint)greylist->keys->len - 1);
	g_hash_table_remove(greylist->places, key);
	g_hash_table_remove(greylist->visitors, key);
}

static bool is_worse(const struct visitor *a, const struct visitor *b)
{
	return a->is_welcome != b->is_welcome ? !a->is_welcome :
	       a->last_us < b->last_us;
}

/* Of some that lie anywhere the one that matters least. */
static void push_one_out(struct greylist *greylist)
{
	const char *worst = NULL;
	const struct visitor *his = NULL;

	for (unsigned i = 0; i < CROWD; i++) {
		const char *key = g_ptr_array_index(greylist->keys,
			(guint)g_random_int_range(0,
				(gint)greylist->keys->len));
		const struct visitor *one = g_hash_table_lookup(
			greylist->visitors, key);

		if (!his || is_worse(one, his)) {
			his = one;
			worst = key;
		}
	}
	drop(greylist, worst);
}

static struct visitor *add(struct greylist *greylist, const char *key,
			   int64_t now_us)
{
	struct visitor *fresh = g_new(struct visitor, 1);
	char *mine = g_strdup(key);

	if (greylist->keys->len >= greylist->most)
		push_one_out(greylist);
	*fresh = (struct visitor){ now_us, now_us, false, false };
	g_hash_table_insert(greylist->visitors, mine, fresh);
	g_hash_table_insert(greylist->places, mine,
			    GUINT_TO_POINTER(greylist->keys->len));
	g_ptr_array_add(greylist->keys, mine);
	return fresh;
}

static bool is_over(const struct visitor *one,
		    const struct greylist_times *times, int64_t now_us)
{
	return now_us - one->last_us >
	       (one->is_welcome ? times->welcome_us : times->window_us);
}

/* NULL: it is not there, or over. A clock that went back makes
 * nobody wait longer. */
static struct visitor *find(struct greylist *greylist, const char *key,
			    const struct greylist_times *times, int64_t now_us)
{
	struct visitor *one = g_hash_table_lookup(greylist->visitors, key);

	if (!one)
		return NULL;
	if (is_over(one, times, now_us)) {
		drop(greylist, key);
		return NULL;
	}
	one->first_us = MIN(one->first_us, now_us);
	one->last_us = MIN(one->last_us, now_us);
	return one;
}

static void touch(struct greylist *greylist, const char *key,
		  struct visitor *one, int64_t now_us)
{
	one->last_us = now_us;
	if (!one->is_changed)
		g_ptr_array_add(greylist->changed, g_strdup(key));
	one->is_changed = true;
}

/* And here it is not held. */

bool greylist_pass(struct greylist *greylist, const char *key,
		   const struct greylist_times *times, int64_t now_us,
		   int64_t *frees_us_out)
{
	struct visitor *one;
	bool is_let_in;

	if (!greylist->most)
		return true;
	pthread_mutex_lock(&greylist->lock);
	one = find(greylist, key, times, now_us);
	if (!one)
		one = add(greylist, key, now_us);
	is_let_in = one->is_welcome ||
		    now_us - one->first_us >= times->delay_us;
	one->is_welcome = is_let_in;
	*frees_us_out = one->first_us + times->delay_us;
	touch(greylist, key, one, now_us);
	pthread_mutex_unlock(&greylist->lock);
	return is_let_in;
}

bool greylist_is_welcome(struct greylist *greylist, const char *key,
			 const struct greylist_times *times, int64_t now_us)
{
	struct visitor *one;
	bool is_welcome;

	pthread_mutex_lock(&greylist->lock);
	one = find(greylist, key, times, now_us);
	is_welcome = one && one->is_welcome;
	if (is_welcome)
		touch(greylist, key, one, now_us);
	pthread_mutex_unlock(&greylist->lock);
	return is_welcome;
}

void greylist_make_welcome(struct greylist *greylist, const char *key,
			   int64_t now_us)
{
	struct visitor *one;

	if (!greylist->most)
		return;
	pthread_mutex_lock(&greylist->lock);
	one = g_hash_table_lookup(greylist->visitors, key);
	if (!one)
		one = add(greylist, key, now_us);
	one->is_welcome = true;
	touch(greylist, key, one, now_us);
	pthread_mutex_unlock(&greylist->lock);
}

size_t greylist_count(struct greylist *greylist)
{
	size_t count;

	pthread_mutex_lock(&greylist->lock);
	count = greylist->keys->len;
	pthread_mutex_unlock(&greylist->lock);
	return count;
}

static struct span row_key(char kind, const char *key, char *buffer)
{
	size_t len = MIN(strlen(key), GREYLIST_KEY_MAX);

	buffer[0] = kind;
	memcpy(buffer + 1, key, len);
	return span_of(buffer, len + 1);
}

static bool put(struct state_txn *txn, const struct greylist_entry *entry,
		GError **error)
{
	Reeve__Visitor packed = REEVE__VISITOR__INIT;
	uint8_t bytes[64];
	char key[GREYLIST_KEY_MAX + 1];
	size_t len;

	packed.has_first_us = packed.has_last_us = packed.has_is_welcome = true;
	packed.first_us = entry->first_us;
	packed.last_us = entry->last_us;
	packed.is_welcome = entry->is_welcome;
	BUG_IF(reeve__visitor__get_packed_size(&packed) > sizeof bytes);
	len = reeve__visitor__pack(&packed, bytes);
	return state_put(txn, STATE_GREYLIST, row_key(ROW_ENTRY, entry->key,
						      key),
			 span_of((const char *)bytes, len), error);
}

/* Calls with each row of a kind, whose key it gives as text. What is on
 * disk is a stranger's. */
static void each_row(struct state_txn *txn, char kind,
		     void (*on_row)(const char *key, struct span value,
				    void *context), void *context)
{
	char from[STATE_KEY_MAX + 2] = { kind };
	struct span key, value;
	size_t len = 1;

	while (state_seek(txn, STATE_GREYLIST, span_of(from, len), &key,
			  &value) && key.len && *key.ptr == kind) {
		len = MIN(key.len, STATE_KEY_MAX);
		memcpy(from, key.ptr, len);
		from[len] = '\0';
		on_row(from + 1, value, context);
		from[len++] = '\0';
	}
}

struct seeing {
	greylist_see_fn *see;
	void *context;
};

static void see_row(const char *key, struct span value, void *context)
{
	const struct seeing *seeing = context;
	Reeve__Visitor *packed = reeve__visitor__unpack(
		NULL, value.len, (const uint8_t *)value.ptr);
	struct greylist_entry entry = { .key = key };

	if (!packed)
		return;
	entry.first_us = packed->first_us;
	entry.last_us = packed->last_us;
	entry.is_welcome = packed->is_welcome;
	reeve__visitor__free_unpacked(packed, NULL);
	seeing->see(&entry, seeing->context);
}

bool greylist_each(struct state *state, greylist_see_fn *see, void *context,
		   GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct seeing seeing = { see, context };

	if (!txn)
		return false;
	each_row(txn, ROW_ENTRY, see_row, &seeing);
	state_end(&txn);
	return true;
}

static void take_loaded(const struct greylist_entry *entry, void *context)
{
	struct greylist *greylist = context;
	struct visitor *one;

	if (greylist->keys->len >= greylist->most)
		return;
	one = add(greylist, entry->key, entry->first_us);
	*one = (struct visitor){ entry->first_us, entry->last_us,
				 entry->is_welcome, false };
}

bool greylist_load(struct greylist *greylist, struct state *state,
		   GError **error)
{
	return greylist_each(state, take_loaded, greylist, error);
}

bool greylist_ask_clear(struct state *state, const char *key, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	char row[GREYLIST_KEY_MAX + 1];

	if (!txn)
		return false;
	if (!state_put(txn, STATE_GREYLIST, row_key(ROW_CLEAR, key ? key : "",
						    row),
		       span_text("x"), error)) {
		state_end(&txn);
		return false;
	}
	return state_commit(&txn, error);
}

static void add_key(const char *key, struct span value, void *context)
{
	(void)value;
	g_ptr_array_add(context, g_strdup(key));
}

static GPtrArray *wishes_in(struct state *state)
{
	GPtrArray *wishes = g_ptr_array_new_with_free_func(g_free);
	struct state_txn *txn = state_begin_read(state, NULL);

	if (txn)
		each_row(txn, ROW_CLEAR, add_key, wishes);
	state_end(&txn);
	return wishes;
}

/* The lock is held. An empty wish is for all. */
static void clear(struct greylist *greylist, const char *wish)
{
	if (*wish && g_hash_table_contains(greylist->visitors, wish))
		drop(greylist, wish);
	while (!*wish && greylist->keys->len) {
		g_autofree char *key = g_strdup(g_ptr_array_index(
			greylist->keys, greylist->keys->len - 1));

		drop(greylist, key);
	}
}

/* The lock is held. */
static void sweep(struct greylist *greylist,
		  const struct greylist_times *times, int64_t now_us)
{
	for (unsigned n = 0; n < SWEEP && greylist->keys->len; n++) {
		const char *key;

		if (greylist->swept >= greylist->keys->len)
			greylist->swept = 0;
		key = g_ptr_array_index(greylist->keys, greylist->swept);
		if (find(greylist, key, times, now_us))
			greylist->swept++;
	}
}

/* The lock is held. Of struct greylist_entry; keys are those of the array. */
static GArray *take_changes(struct greylist *greylist, const GPtrArray *keys)
{
	GArray *changed = g_array_new(FALSE, FALSE,
				      sizeof(struct greylist_entry));

	for (guint i = 0; i < keys->len; i++) {
		const char *key = g_ptr_array_index(keys, i);
		struct visitor *one = g_hash_table_lookup(greylist->visitors,
							  key);
		struct greylist_entry entry = { .key = key };

		if (!one || !one->is_changed)
			continue;
		one->is_changed = false;
		entry.first_us = one->first_us;
		entry.last_us = one->last_us;
		entry.is_welcome = one->is_welcome;
		g_array_append_val(changed, entry);
	}
	return changed;
}

static bool write_changes(struct state *state, const GPtrArray *gone,
			  const GPtrArray *wishes, const GArray *changed,
			  GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	char key[GREYLIST_KEY_MAX + 1];
	bool is_good = true;

	if (!txn)
		return false;
	for (guint i = 0; i < gone->len; i++)
		(void)state_delete(txn, STATE_GREYLIST, row_key(ROW_ENTRY,
			g_ptr_array_index(gone, i), key));
	for (guint i = 0; i < wishes->len; i++)
		(void)state_delete(txn, STATE_GREYLIST, row_key(ROW_CLEAR,
			g_ptr_array_index(wishes, i), key));
	for (guint i = 0; is_good && i < changed->len; i++)
		is_good = put(txn, &g_array_index(changed,
						  struct greylist_entry, i),
			      error);
	if (is_good)
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

/* What could not be written is to be the next time. */
static void mark_again(struct greylist *greylist, const GArray *changed)
{
	pthread_mutex_lock(&greylist->lock);
	for (guint i = 0; i < changed->len; i++) {
		const char *key = g_array_index(changed, struct greylist_entry,
						i).key;
		struct visitor *one = g_hash_table_lookup(greylist->visitors,
							  key);

		if (one)
			touch(greylist, key, one, one->last_us);
	}
	pthread_mutex_unlock(&greylist->lock);
}

bool greylist_save(struct greylist *greylist, struct state *state,
		   const struct greylist_times *times, int64_t now_us,
		   GError **error)
{
	g_autoptr(GPtrArray) wishes = wishes_in(state), gone = NULL;
	g_autoptr(GPtrArray) keys = NULL;
	g_autoptr(GArray) changed = NULL;
	bool is_good = true;

	pthread_mutex_lock(&greylist->lock);
	for (guint i = 0; i < wishes->len; i++)
		clear(greylist, g_ptr_array_index(wishes, i));
	sweep(greylist, times, now_us);
	keys = greylist->changed;
	greylist->changed = g_ptr_array_new_with_free_func(g_free);
	changed = take_changes(greylist, keys);
	gone = greylist->gone;
	greylist->gone = g_ptr_array_new_with_free_func(g_free);
	pthread_mutex_unlock(&greylist->lock);
	if (changed->len || gone->len || wishes->len)
		is_good = write_changes(state, gone, wishes, changed, error);
	if (!is_good)
		mark_again(greylist, changed);
	return is_good;
}
