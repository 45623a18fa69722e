#include <config.h>

#include "bulk/badprints.h"

#include "base/log.h"
#include "store/lists.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

struct badprints {
	pthread_mutex_t lock;
	struct campaigns *table;
	char *signature;		/* of what it was made of */
};

struct badprints *badprints_new(void)
{
	struct badprints *bad = g_new0(struct badprints, 1);

	pthread_mutex_init(&bad->lock, NULL);
	bad->table = campaigns_new(0);
	bad->signature = g_strdup("");
	return bad;
}

void badprints_free(struct badprints *bad)
{
	if (!bad)
		return;
	pthread_mutex_destroy(&bad->lock);
	campaigns_free(bad->table);
	g_free(bad->signature);
	g_free(bad);
}

struct reading {
	int64_t now_us;
	GPtrArray *values, *reasons;
	GChecksum *sum;
};

static bool take(const struct list_entry *entry, void *context)
{
	struct reading *reading = context;

	if (entry->expires_us && entry->expires_us <= reading->now_us)
		return true;
	g_ptr_array_add(reading->values, g_strdup(entry->value));
	g_ptr_array_add(reading->reasons, g_strdup(entry->reason));
	g_checksum_update(reading->sum, (const guchar *)entry->value, -1);
	g_checksum_update(reading->sum, (const guchar *)"\n", 1);
	g_checksum_update(reading->sum, (const guchar *)entry->reason, -1);
	g_checksum_update(reading->sum, (const guchar *)"\n", 1);
	return true;
}

static struct campaigns *make_table(const struct reading *reading)
{
	struct campaigns *table = campaigns_new(reading->values->len);

	for (guint i = 0; i < reading->values->len; i++) {
		const char *value = g_ptr_array_index(reading->values, i);
		struct fingerprint print;
		struct campaign made;
		bool is_new;

		if (!fingerprint_parse(value, &print) ||
		    !campaigns_meet(table, &print, g_ptr_array_index(
				    reading->reasons, i), 0, NULL, &made,
				    &is_new))
			log_event(NULL, LOG_WARNING, "fingerprint_not_read",
				  "value=%s", value);
	}
	return table;
}

static void put_in_force(struct badprints *bad, struct campaigns *table,
			 const char *signature)
{
	struct campaigns *old;

	pthread_mutex_lock(&bad->lock);
	old = bad->table;
	bad->table = table;
	pthread_mutex_unlock(&bad->lock);
	campaigns_free(old);
	g_free(bad->signature);
	bad->signature = g_strdup(signature);
}

void badprints_refresh(struct badprints *bad, struct state *state,
		       int64_t now_us)
{
	struct reading reading = {
		now_us, g_ptr_array_new_with_free_func(g_free),
		g_ptr_array_new_with_free_func(g_free),
		g_checksum_new(G_CHECKSUM_SHA256),
	};
	g_autoptr(GError) why = NULL;

	if (!lists_each(state, LIST_BLOCK, LIST_FINGERPRINT, take, &reading,
			&why))
		log_event(NULL, LOG_WARNING, "fingerprints_not_read",
			  "why=\"%s\"", why->message);
	else if (strcmp(g_checksum_get_string(reading.sum),
			bad->signature) != 0)
		put_in_force(bad, make_table(&reading),
			     g_checksum_get_string(reading.sum));
	g_ptr_array_unref(reading.values);
	g_ptr_array_unref(reading.reasons);
	g_checksum_free(reading.sum);
}

bool badprints_find(struct badprints *bad, const struct fingerprint *print,
		    struct campaign *out)
{
	bool is_found;

	pthread_mutex_lock(&bad->lock);
	is_found = campaigns_find(bad->table, print, out);
	pthread_mutex_unlock(&bad->lock);
	return is_found;
}
