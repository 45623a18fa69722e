#include <config.h>

#include "sender/keyfetch.h"

#include "sender/signkey.h"

#include <glib.h>
#include <pthread.h>

#define KEPT_MAX 4096		/* keys; a few KiB each */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *kept;	/* text of the record -> EVP_PKEY * */

const char *keyfetch_name(const char *selector, const char *domain,
			  struct arena *arena)
{
	return selector && signkey_is_selector(selector) ?
	       arena_printf(arena, "%s._domainkey.%s", selector, domain) :
	       NULL;
}

static void free_key(gpointer key)
{
	EVP_PKEY_free(key);
}

static EVP_PKEY *find_kept(const char *text)
{
	EVP_PKEY *key = NULL;

	pthread_mutex_lock(&lock);
	if (kept)
		key = g_hash_table_lookup(kept, text);
	if (key)
		BUG_IF(EVP_PKEY_up_ref(key) != 1);
	pthread_mutex_unlock(&lock);
	return key;
}

/* When there are too many, all go: those in use come back at once. */
static void keep(const char *text, EVP_PKEY *key)
{
	BUG_IF(EVP_PKEY_up_ref(key) != 1);
	pthread_mutex_lock(&lock);
	if (!kept)
		kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     free_key);
	if (g_hash_table_size(kept) >= KEPT_MAX)
		g_hash_table_remove_all(kept);
	g_hash_table_replace(kept, g_strdup(text), key);
	pthread_mutex_unlock(&lock);
}

static const char *open_key(const char *text, struct keyfetch *out)
{
	out->key = find_kept(text);
	if (!out->key) {
		out->key = pubkey_open(&out->record);
		if (!out->key)
			return "the key cannot be read";
		keep(text, out->key);
	}
	out->bits = (unsigned)EVP_PKEY_get_bits(out->key);
	return NULL;
}

const char *keyfetch_get(const struct dns_asker *asker, const char *name,
			 struct arena *arena, struct keyfetch *out)
{
	const struct dnsanswer *answer = asker->ask(asker->asker, name,
						    DNS_TXT);
	struct span text;
	const char *wrong;

	*out = (struct keyfetch){ .key = NULL };
	if (!answer || dnsanswer_is_temporary(answer)) {
		out->is_temporary = true;
		return "the DNS does not tell the key";
	}
	out->is_secure = answer->is_secure;
	if (answer->count != 1)
		return answer->count ? "several key records" :
				       "no key record";
	text = dnsanswer_text(answer, 0, arena);
	wrong = pubkey_parse(text, arena, &out->record);
	if (wrong)
		return wrong;
	if (pubkey_is_revoked(&out->record))
		return "the key was withdrawn";
	return open_key(arena_span_text(arena, text), out);
}

void keyfetch_release(struct keyfetch *fetched)
{
	EVP_PKEY_free(fetched->key);
	fetched->key = NULL;
}
