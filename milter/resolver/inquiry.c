#include <config.h>

#include "resolver/inquiry.h"

#include "base/clock.h"
#include "resolver/dnsname.h"
#include "resolver/resolver.h"
#include "resolver/resolversettings.h"

#include <stdio.h>

struct inquiry {
	struct resolver *resolver;
	int64_t left_us, waited_us;
	size_t most;			/* questions */
	bool is_limit_reached;
	GHashTable *questions;		/* "type name" -> struct question * */
	GPtrArray *open;		/* those not answered when last seen */
	pthread_cond_t arrived;
};

struct inquiry *inquiry_new(struct resolver *resolver,
			    const struct resolver_settings *settings)
{
	struct inquiry *inquiry;

	if (!resolver)
		return NULL;
	inquiry = g_new0(struct inquiry, 1);
	inquiry->resolver = resolver;
	inquiry->left_us = settings->budget_ms * 1000;
	inquiry->most = (size_t)settings->questions;
	inquiry->questions = g_hash_table_new_full(g_str_hash, g_str_equal,
						   g_free, NULL);
	inquiry->open = g_ptr_array_new();
	resolver_init_waiter(&inquiry->arrived);
	return inquiry;
}

void inquiry_free(struct inquiry *inquiry)
{
	GHashTableIter iter;
	gpointer question;

	if (!inquiry)
		return;
	g_hash_table_iter_init(&iter, inquiry->questions);
	while (g_hash_table_iter_next(&iter, NULL, &question))
		question_drop(inquiry->resolver, question, &inquiry->arrived);
	g_hash_table_unref(inquiry->questions);
	g_ptr_array_unref(inquiry->open);
	pthread_cond_destroy(&inquiry->arrived);
	g_free(inquiry);
}

static const struct dnsanswer *answer_now(const struct inquiry *inquiry,
					  struct question *question)
{
	const struct dnsanswer *answer = question_answer(question);

	return !answer && inquiry->left_us <= 0 ? dnsanswer_of(DNS_TIMEOUT) :
						  answer;
}

static const struct dnsanswer *ask_within(struct inquiry *inquiry,
					  const char *name,
					  enum dns_type type, size_t most)
{
	char key[DNSNAME_MAX + 16];
	struct question *question;

	if (!dnsname_is_valid(name))
		return dnsanswer_of(DNS_NXDOMAIN);
	if (!inquiry)
		return dnsanswer_of(DNS_TIMEOUT);
	snprintf(key, sizeof key, "%d %s", (int)type, name);
	question = g_hash_table_lookup(inquiry->questions, key);
	if (question)
		return answer_now(inquiry, question);
	if (g_hash_table_size(inquiry->questions) >= most) {
		inquiry->is_limit_reached = true;
		return dnsanswer_of(DNS_NODATA);
	}
	question = resolver_ask(inquiry->resolver, name, type,
				&inquiry->arrived);
	g_hash_table_insert(inquiry->questions, g_strdup(key), question);
	if (!question_answer(question))
		g_ptr_array_add(inquiry->open, question);
	return answer_now(inquiry, question);
}

const struct dnsanswer *inquiry_ask(struct inquiry *inquiry, const char *name,
				    enum dns_type type)
{
	return ask_within(inquiry, name, type, inquiry ? inquiry->most : 0);
}

static const struct dnsanswer *ask(void *asker, const char *name,
				   enum dns_type type)
{
	return inquiry_ask(asker, name, type);
}

static const struct dnsanswer *ask_reserved(void *asker, const char *name,
					    enum dns_type type)
{
	struct inquiry *inquiry = asker;

	return ask_within(inquiry, name, type,
			  inquiry ? inquiry->most + INQUIRY_RESERVE : 0);
}

struct dns_asker inquiry_asker(struct inquiry *inquiry)
{
	return (struct dns_asker){ ask, inquiry };
}

struct dns_asker inquiry_reserved_asker(struct inquiry *inquiry)
{
	return (struct dns_asker){ ask_reserved, inquiry };
}

static void drop_answered(struct inquiry *inquiry)
{
	for (guint i = inquiry->open->len; i > 0; i--)
		if (question_answer(g_ptr_array_index(inquiry->open, i - 1)))
			g_ptr_array_remove_index_fast(inquiry->open, i - 1);
}

bool inquiry_wait(struct inquiry *inquiry)
{
	int64_t began_us = clock_monotonic_us(), took_us;

	if (!inquiry || !inquiry->open->len || inquiry->left_us <= 0)
		return false;
	/* One was answered since it was last asked for: no wait. */
	resolver_wait(inquiry->resolver, &inquiry->arrived,
		      (struct question *const *)inquiry->open->pdata,
		      inquiry->open->len, began_us + inquiry->left_us);
	took_us = clock_monotonic_us() - began_us;
	inquiry->left_us -= took_us;
	inquiry->waited_us += took_us;
	drop_answered(inquiry);
	return true;
}

int64_t inquiry_waited_us(const struct inquiry *inquiry)
{
	return inquiry ? inquiry->waited_us : 0;
}

bool inquiry_is_exhausted(const struct inquiry *inquiry)
{
	return inquiry && (inquiry->left_us <= 0 ||
			   inquiry->is_limit_reached);
}
