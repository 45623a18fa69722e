#include <config.h>

#include "bulk/clears.h"

#include "bulk/limitkey.h"

#include <pthread.h>
#include <string.h>

#define REMEMBERED_US (INT64_C(3600) * G_USEC_PER_SEC)

struct clears {
	pthread_mutex_t lock;
	GHashTable *done;	/* "limit\nkey" -> int64_t *, when it
				 * was asked */
};

struct clears *clears_new(void)
{
	struct clears *clears = g_new(struct clears, 1);

	pthread_mutex_init(&clears->lock, NULL);
	clears->done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     g_free);
	return clears;
}

void clears_free(struct clears *clears)
{
	if (!clears)
		return;
	pthread_mutex_destroy(&clears->lock);
	g_hash_table_unref(clears->done);
	g_free(clears);
}

/* Whether it is the first time. */
static bool remember(struct clears *clears, const struct limit *limit,
		     const char *value, int64_t clear_us)
{
	char *name = g_strdup_printf("%s\n%s", limit->name, value);
	const int64_t *before;
	bool is_first;

	pthread_mutex_lock(&clears->lock);
	before = g_hash_table_lookup(clears->done, name);
	is_first = !before || *before != clear_us;
	if (is_first)
		g_hash_table_replace(clears->done, g_steal_pointer(&name),
				     g_memdup2(&clear_us, sizeof clear_us));
	pthread_mutex_unlock(&clears->lock);
	g_free(name);
	return is_first;
}

void clears_do(struct clears *clears, struct counts *counts,
	       const struct limit *limit, const char *value,
	       int64_t clear_us)
{
	struct arena arena;
	struct counts_key key;

	if (!remember(clears, limit, value, clear_us))
		return;
	arena_init(&arena);
	key = limitkey_counts(limit, value, &arena);
	counts_clear(counts, &key);
	arena_release(&arena);
}

static gboolean is_old(void *name, void *clear_us, void *now_us)
{
	(void)name;
	return *(int64_t *)clear_us < *(int64_t *)now_us - REMEMBERED_US;
}

struct finding_all {
	GArray *asked;			/* of struct exemption */
	struct arena *arena;
	int64_t now_us;
	bool is_any_expired;
};

static void take(const struct exemption *exemption, void *context)
{
	struct finding_all *all = context;
	struct exemption copy = *exemption;

	all->is_any_expired |= exemption->expires_us &&
			       exemption->expires_us <= all->now_us;
	if (!exemption->clear_us)
		return;
	copy.limit = arena_text(all->arena, exemption->limit);
	copy.key = arena_text(all->arena, exemption->key);
	copy.reason = copy.operator_name = NULL;
	g_array_append_val(all->asked, copy);
}

static void do_one(struct clears *clears, struct counts *counts,
		   const struct settings *settings,
		   const struct exemption *asked)
{
	const GArray *limits = limit_settings_all(settings);

	for (guint i = 0; i < limits->len; i++) {
		const struct limit *limit = &g_array_index(limits,
							   struct limit, i);

		if (strcmp(asked->limit, EXEMPTION_ALL) == 0 ||
		    strcmp(asked->limit, limit->name) == 0)
			clears_do(clears, counts, limit, asked->key,
				  asked->clear_us);
	}
}

GArray *clears_do_all(struct clears *clears, struct counts *counts,
		      struct state *state, const struct settings *settings,
		      int64_t now_us, struct arena *arena)
{
	struct finding_all all = {
		g_array_new(FALSE, FALSE, sizeof(struct exemption)), arena,
		now_us, false,
	};

	pthread_mutex_lock(&clears->lock);
	g_hash_table_foreach_remove(clears->done, is_old, &now_us);
	pthread_mutex_unlock(&clears->lock);
	if (exemptions_each(state, take, &all, NULL))
		for (guint i = 0; i < all.asked->len; i++)
			do_one(clears, counts, settings,
			       &g_array_index(all.asked, struct exemption, i));
	if (all.asked->len || all.is_any_expired)
		return all.asked;
	g_array_unref(all.asked);
	return NULL;
}
