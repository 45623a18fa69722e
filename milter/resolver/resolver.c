#include <config.h>

#include "resolver/resolver.h"

#include "base/clock.h"
#include "base/log.h"
#include "resolver/dnsname.h"
#include "resolver/resolversettings.h"
#include "resolver/unboundlib.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unbound.h>
#include <unistd.h>

#define IDLE_MS 60000
#define TTL_MAX_S 86400		/* a stranger's TTL may say years */
#define ENTRY_COST 200		/* bytes of tables beside name and answer */
#define MS_US 1000

/*
 * A question lives in the cache from the moment it is asked: pending first, so
 * that others join it, then answered until it expires. libunbound keeps a cache
 * of its own below, but asking it costs a trip through two pipes and another
 * thread; most questions are of the same few domains.
 */
struct question {
	atomic_int refs;
	atomic_bool is_done;
	char *key;		/* type, a space, the name in lower case */
	struct resolver *resolver;
	struct dnsanswer *answer;
	int64_t expires_us;	/* CLOCK_MONOTONIC */
	int64_t deadline_us;	/* while pending */
	int async_id;
	bool is_sent;
	GPtrArray *waiters;	/* of pthread_cond_t * */
	GList recent;		/* in resolver->recent, while in the cache */
	GList waiting;		/* in resolver->pending */
};

struct resolver {
	struct ub_ctx *unbound;
	pthread_t pump;
	int wake_fd;
	atomic_bool is_closing;
	atomic_int_fast64_t timeout_us, failure_ttl_us;
	size_t cache_bytes;

	pthread_mutex_t lock;	/* of all below, and of questions' fields */
	GHashTable *cache;	/* key -> struct question * */
	GQueue recent;		/* the answered ones, last used first */
	GQueue pending;		/* in the order in which they were asked */
	size_t bytes;
	struct resolver_stats stats;
};

static GQuark resolver_error(void)
{
	return g_quark_from_static_string("resolver");
}

static void question_unref(struct question *question)
{
	if (atomic_fetch_sub(&question->refs, 1) != 1)
		return;
	g_free(question->key);
	g_free(question->answer);
	g_ptr_array_unref(question->waiters);
	g_free(question);
}

static size_t cost_of(const struct question *question)
{
	return ENTRY_COST + sizeof *question + strlen(question->key) +
	       question->answer->bytes;
}

/* The lock is held in all that follows, up to the callback. */

static void forget(struct resolver *resolver, struct question *question)
{
	g_queue_unlink(&resolver->recent, &question->recent);
	resolver->bytes -= cost_of(question);
	g_hash_table_remove(resolver->cache, question->key);
	question_unref(question);
}

static void make_room(struct resolver *resolver)
{
	while (resolver->bytes > resolver->cache_bytes) {
		GList *last = g_queue_peek_tail_link(&resolver->recent);

		resolver->stats.evicted++;
		forget(resolver, last->data);
	}
}

static int64_t life_of(const struct resolver *resolver,
		       const struct dnsanswer *answer)
{
	if (dnsanswer_is_temporary(answer))
		return atomic_load(&resolver->failure_ttl_us);
	return (int64_t)MIN(answer->ttl_s, TTL_MAX_S) * G_USEC_PER_SEC;
}

static void settle(struct resolver *resolver, struct question *question,
		   struct dnsanswer *answer)
{
	int64_t life_us = life_of(resolver, answer);

	question->answer = answer;
	question->expires_us = clock_monotonic_us() + life_us;
	g_queue_unlink(&resolver->pending, &question->waiting);
	resolver->bytes += cost_of(question);
	g_queue_push_head_link(&resolver->recent, &question->recent);
	for (guint i = 0; i < question->waiters->len; i++)
		pthread_cond_signal(g_ptr_array_index(question->waiters, i));
	g_ptr_array_set_size(question->waiters, 0);
	/* Last: from here on a waiter may be gone without having waited. */
	atomic_store_explicit(&question->is_done, true, memory_order_release);
	if (life_us == 0)
		forget(resolver, question);
	make_room(resolver);
}

/* Called by ub_process() in the pump, without our lock. */
static void on_answer(void *mydata, int err, struct ub_result *result)
{
	struct question *question = mydata;
	struct resolver *resolver = question->resolver;
	struct dnsanswer *answer = err || !result ?
		dnsanswer_new(DNS_SERVFAIL, 0, NULL, 0) :
		unboundlib_answer(result);

	if (result)
		ub_resolve_free(result);
	pthread_mutex_lock(&resolver->lock);
	resolver->stats.failures += dnsanswer_is_temporary(answer);
	settle(resolver, question, answer);
	pthread_mutex_unlock(&resolver->lock);
	question_unref(question);
}

/* Those whose time is over. ub_cancel() is called by the pump alone, as is
 * ub_process(), so that no callback can come for what was cancelled. */
static void expire(struct resolver *resolver)
{
	int64_t now_us = clock_monotonic_us();
	GList *first;

	pthread_mutex_lock(&resolver->lock);
	while ((first = g_queue_peek_head_link(&resolver->pending))) {
		struct question *question = first->data;

		if (question->deadline_us > now_us || !question->is_sent)
			break;
		if (ub_cancel(resolver->unbound, question->async_id) != 0)
			log_event(NULL, LOG_DEBUG, "dns_cancel_failed",
				  "id=%d", question->async_id);
		resolver->stats.timeouts++;
		settle(resolver, question,
		       dnsanswer_new(DNS_TIMEOUT, 0, NULL, 0));
		question_unref(question);
	}
	pthread_mutex_unlock(&resolver->lock);
}

static int wait_ms(struct resolver *resolver)
{
	int64_t left_us = IDLE_MS * MS_US;
	const struct question *first;

	pthread_mutex_lock(&resolver->lock);
	first = g_queue_peek_head(&resolver->pending);
	if (first)
		left_us = first->deadline_us - clock_monotonic_us();
	pthread_mutex_unlock(&resolver->lock);
	return (int)CLAMP(left_us / MS_US + 1, 1, IDLE_MS);
}

static void *pump(void *mydata)
{
	struct resolver *resolver = mydata;
	struct pollfd fds[] = {
		{ .fd = ub_fd(resolver->unbound), .events = POLLIN },
		{ .fd = resolver->wake_fd, .events = POLLIN },
	};
	uint64_t count;

	while (!atomic_load(&resolver->is_closing)) {
		if (poll(fds, COUNT_OF(fds), wait_ms(resolver)) < 0 &&
		    errno != EINTR)
			break;
		if (fds[1].revents &&
		    read(resolver->wake_fd, &count, sizeof count) < 0)
			continue;
		if (fds[0].revents)
			ub_process(resolver->unbound);
		expire(resolver);
	}
	return NULL;
}

static void wake(struct resolver *resolver)
{
	uint64_t one = 1;

	if (write(resolver->wake_fd, &one, sizeof one) < 0)
		log_event(NULL, LOG_DEBUG, "dns_wake_failed", "errno=%d",
			  errno);
}

static void send_question(struct resolver *resolver,
			  struct question *question, const char *name,
			  enum dns_type type)
{
	g_autofree char *quoted = unboundlib_name(name);
	int id = 0;
	int err = ub_resolve_async(resolver->unbound, quoted, (int)type, 1,
				   question, on_answer, &id);

	pthread_mutex_lock(&resolver->lock);
	question->async_id = id;
	question->is_sent = !err;
	if (err) {
		settle(resolver, question,
		       dnsanswer_new(DNS_SERVFAIL, 0, NULL, 0));
		question_unref(question);
	}
	pthread_mutex_unlock(&resolver->lock);
}

static struct question *question_new(struct resolver *resolver, char *key)
{
	struct question *question = g_new0(struct question, 1);

	/* The cache's, the callback's and the caller's. */
	atomic_init(&question->refs, 3);
	question->key = key;
	question->resolver = resolver;
	question->waiters = g_ptr_array_new();
	question->recent.data = question->waiting.data = question;
	question->deadline_us = clock_monotonic_us() +
				atomic_load(&resolver->timeout_us);
	return question;
}

/* From the cache, or NULL; the caller owns a reference. */
static struct question *find(struct resolver *resolver, const char *key,
			     pthread_cond_t *waiter)
{
	struct question *question = g_hash_table_lookup(resolver->cache, key);

	if (!question)
		return NULL;
	if (!atomic_load(&question->is_done)) {
		resolver->stats.joined++;
		if (waiter)
			g_ptr_array_add(question->waiters, waiter);
	} else if (question->expires_us <= clock_monotonic_us()) {
		forget(resolver, question);
		return NULL;
	} else {
		resolver->stats.hits++;
		g_queue_unlink(&resolver->recent, &question->recent);
		g_queue_push_head_link(&resolver->recent, &question->recent);
	}
	atomic_fetch_add(&question->refs, 1);
	return question;
}

struct question *resolver_ask(struct resolver *resolver, const char *name,
			      enum dns_type type, pthread_cond_t *waiter)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);
	g_autofree char *key = g_strdup_printf("%d %s", (int)type, lower);
	struct question *question;
	bool is_idle;

	pthread_mutex_lock(&resolver->lock);
	resolver->stats.questions++;
	question = find(resolver, key, waiter);
	if (question) {
		pthread_mutex_unlock(&resolver->lock);
		return question;
	}
	question = question_new(resolver, g_steal_pointer(&key));
	g_hash_table_insert(resolver->cache, question->key, question);
	is_idle = g_queue_is_empty(&resolver->pending);
	g_queue_push_tail_link(&resolver->pending, &question->waiting);
	if (waiter)
		g_ptr_array_add(question->waiters, waiter);
	resolver->stats.sent++;
	pthread_mutex_unlock(&resolver->lock);
	send_question(resolver, question, lower, type);
	if (is_idle)
		wake(resolver);
	return question;
}

void resolver_prefetch(struct resolver *resolver, const char *name,
		       enum dns_type type)
{
	if (dnsname_is_valid(name))
		question_unref(resolver_ask(resolver, name, type, NULL));
}

const struct dnsanswer *question_answer(struct question *question)
{
	return atomic_load_explicit(&question->is_done,
				    memory_order_acquire) ?
	       question->answer : NULL;
}

void question_drop(struct resolver *resolver, struct question *question,
		   pthread_cond_t *waiter)
{
	if (!question_answer(question)) {
		pthread_mutex_lock(&resolver->lock);
		while (g_ptr_array_remove_fast(question->waiters, waiter))
			;
		pthread_mutex_unlock(&resolver->lock);
	}
	question_unref(question);
}

static bool is_any_done(struct question *const *pending, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (question_answer(pending[i]))
			return true;
	return false;
}

bool resolver_wait(struct resolver *resolver, pthread_cond_t *waiter,
		   struct question *const *pending, size_t count,
		   int64_t until_us)
{
	const struct timespec until = {
		.tv_sec = until_us / G_USEC_PER_SEC,
		.tv_nsec = until_us % G_USEC_PER_SEC * 1000,
	};
	bool is_done;
	int err = 0;

	pthread_mutex_lock(&resolver->lock);
	while (!(is_done = is_any_done(pending, count)) && err != ETIMEDOUT)
		err = pthread_cond_timedwait(waiter, &resolver->lock, &until);
	pthread_mutex_unlock(&resolver->lock);
	return is_done;
}

void resolver_init_waiter(pthread_cond_t *waiter)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(waiter, &attributes);
	pthread_condattr_destroy(&attributes);
}

void resolver_set_times(struct resolver *resolver, int64_t timeout_ms,
			int64_t failure_ttl_ms)
{
	atomic_store(&resolver->timeout_us, timeout_ms * MS_US);
	atomic_store(&resolver->failure_ttl_us, failure_ttl_ms * MS_US);
}

struct resolver *resolver_open(const struct resolver_settings *settings,
			       GError **error)
{
	struct resolver *resolver = g_new0(struct resolver, 1);

	resolver->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	resolver->unbound = ub_ctx_create();
	resolver->cache = g_hash_table_new(g_str_hash, g_str_equal);
	resolver->cache_bytes = (size_t)settings->cache_bytes;
	pthread_mutex_init(&resolver->lock, NULL);
	resolver_set_times(resolver, settings->timeout_ms,
			   settings->failure_ttl_ms);
	if (!resolver->unbound || resolver->wake_fd < 0) {
		g_set_error(error, resolver_error(), 0,
			    "resolver: it cannot be set up: %s",
			    g_strerror(errno));
		goto fail;
	}
	if (!unboundlib_set_up(resolver->unbound, settings, error))
		goto fail;
	if (pthread_create(&resolver->pump, NULL, pump, resolver) != 0) {
		g_set_error_literal(error, resolver_error(), 0,
				    "resolver: no thread could be started");
		goto fail;
	}
	return resolver;
fail:
	if (resolver->unbound)
		ub_ctx_delete(resolver->unbound);
	g_hash_table_unref(resolver->cache);
	if (resolver->wake_fd >= 0)
		close(resolver->wake_fd);
	g_free(resolver);
	return NULL;
}

/* The pump has ended, so nobody else is here: what is pending gets no answer
 * any more, and loses the callback's reference as well as the cache's. */
static void drop_all(struct resolver *resolver)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, resolver->cache);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct question *question = value;
		bool is_done = atomic_load(&question->is_done);

		g_hash_table_iter_remove(&iter);
		if (!is_done)
			question_unref(question);
		question_unref(question);
	}
	g_hash_table_unref(resolver->cache);
}

void resolver_close(struct resolver **resolver)
{
	struct resolver *self = *resolver;

	*resolver = NULL;
	if (!self)
		return;
	atomic_store(&self->is_closing, true);
	wake(self);
	pthread_join(self->pump, NULL);
	ub_ctx_delete(self->unbound);
	drop_all(self);
	pthread_mutex_destroy(&self->lock);
	close(self->wake_fd);
	g_free(self);
}

void resolver_stats(struct resolver *resolver, struct resolver_stats *out)
{
	pthread_mutex_lock(&resolver->lock);
	*out = resolver->stats;
	out->entries = g_hash_table_size(resolver->cache);
	out->bytes = (int64_t)resolver->bytes;
	pthread_mutex_unlock(&resolver->lock);
}
