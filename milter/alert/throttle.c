#include <config.h>

#include "alert/throttle.h"

#define OTHERS ""		/* the key of those past most */

struct entry {
	char *kind, *key, *text;	/* text: of the last one held back */
	int64_t sent_us;
	uint64_t held;
};

struct throttle {
	GHashTable *entries;		/* "kind\nkey" -> struct entry * */
	GHashTable *kinds;		/* kind -> how many entries, a number */
};

static void free_entry(void *data)
{
	struct entry *entry = data;

	g_free(entry->kind);
	g_free(entry->key);
	g_free(entry->text);
	g_free(entry);
}

struct throttle *throttle_new(void)
{
	struct throttle *throttle = g_new(struct throttle, 1);

	throttle->entries = g_hash_table_new_full(g_str_hash, g_str_equal,
						  g_free, free_entry);
	throttle->kinds = g_hash_table_new_full(g_str_hash, g_str_equal,
						g_free, NULL);
	return throttle;
}

void throttle_free(struct throttle **throttle)
{
	struct throttle *old = *throttle;

	*throttle = NULL;
	if (!old)
		return;
	g_hash_table_unref(old->entries);
	g_hash_table_unref(old->kinds);
	g_free(old);
}

static guint count_of(const struct throttle *throttle, const char *kind)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(throttle->kinds, kind));
}

static void set_count(struct throttle *throttle, const char *kind, guint count)
{
	if (count)
		g_hash_table_replace(throttle->kinds, g_strdup(kind),
				     GUINT_TO_POINTER(count));
	else
		g_hash_table_remove(throttle->kinds, kind);
}

static struct entry *find(struct throttle *throttle, const char *kind,
			  const char *key)
{
	g_autofree char *name = g_strconcat(kind, "\n", key, NULL);

	return g_hash_table_lookup(throttle->entries, name);
}

static void add(struct throttle *throttle, const char *kind, const char *key,
		int64_t now_us)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->kind = g_strdup(kind);
	entry->key = g_strdup(key);
	entry->sent_us = now_us;
	g_hash_table_insert(throttle->entries,
			    g_strconcat(kind, "\n", key, NULL), entry);
	set_count(throttle, kind, count_of(throttle, kind) + 1);
}

/* Also when the clock was set back: nothing is held for ever. */
static bool is_over(const struct entry *entry,
		    const struct throttle_terms *terms, int64_t now_us)
{
	return now_us < entry->sent_us ||
	       now_us - entry->sent_us >= terms->every_us;
}

static void hold(struct entry *entry, const char *text)
{
	entry->held++;
	g_free(entry->text);
	entry->text = g_strdup(text);
}

bool throttle_take(struct throttle *throttle,
		   const struct throttle_terms *terms, const char *kind,
		   const char *key, const char *text, int64_t now_us,
		   uint64_t *held_out)
{
	struct entry *entry = find(throttle, kind, key);

	*held_out = 0;
	if (!terms->every_us)
		return true;
	if (!entry && count_of(throttle, kind) >= terms->most) {
		key = OTHERS;
		entry = find(throttle, kind, key);
	}
	if (!entry) {
		add(throttle, kind, key, now_us);
		return true;
	}
	if (!is_over(entry, terms, now_us)) {
		hold(entry, text);
		return false;
	}
	*held_out = entry->held;
	entry->held = 0;
	entry->sent_us = now_us;
	return true;
}

void throttle_sweep(struct throttle *throttle,
		    const struct throttle_terms *terms, int64_t now_us,
		    throttle_take_fn *take, void *context)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, throttle->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct entry *entry = value;

		if (!is_over(entry, terms, now_us))
			continue;
		if (entry->held) {
			take(entry->kind, entry->key, entry->text,
			     entry->held, context);
			entry->held = 0;
			entry->sent_us = now_us;
			continue;
		}
		set_count(throttle, entry->kind,
			  count_of(throttle, entry->kind) - 1);
		g_hash_table_iter_remove(&iter);
	}
}
