#include <config.h>

#include "store/searchahead.h"

#include <pthread.h>

#define THREADS 16

/* What one day has: the hits lie in bytes, one behind the other. */
struct answer {
	GArray *hits;			/* of struct kept_hit */
	GByteArray *bytes;
	struct search_result result;
	bool is_done;			/* under lock */
};

struct kept_hit {
	uint64_t sequence;
	int64_t day;
	guint offset, len;
};

struct ahead {
	const struct searching *on;
	const char *dir;
	const GArray *days;
	struct answer *answers;		/* one a day */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	guint next;			/* day to look at; under lock */
	guint given;			/* days done with; under lock */
	uint64_t limit;			/* what is still wanted; under lock */
	atomic_bool is_over;
};

static bool keep_hit(const struct search_hit *hit, void *context)
{
	struct answer *answer = context;
	struct kept_hit kept = {
		hit->sequence, hit->day, answer->bytes->len,
		(guint)hit->bytes.len,
	};

	g_array_append_val(answer->hits, kept);
	g_byte_array_append(answer->bytes, (const guint8 *)hit->bytes.ptr,
			    kept.len);
	return true;
}

static void answer_init(struct answer *answer)
{
	answer->hits = g_array_new(FALSE, FALSE, sizeof(struct kept_hit));
	answer->bytes = g_byte_array_new();
	search_result_init(&answer->result);
}

static void answer_clear(struct answer *answer)
{
	g_array_unref(answer->hits);
	g_byte_array_unref(answer->bytes);
	search_result_release(&answer->result);
}

/* As many days ahead as were looked at, so that one that ends soon costs little. */
static bool take_day(struct ahead *ahead, guint *day_out,
		     uint64_t *limit_out)
{
	bool is_more;

	pthread_mutex_lock(&ahead->lock);
	while (!atomic_load(&ahead->is_over) &&
	       ahead->next < ahead->days->len &&
	       ahead->next - ahead->given >= MIN(THREADS,
						 2 * (ahead->given + 1)))
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	is_more = !atomic_load(&ahead->is_over) &&
		  ahead->next < ahead->days->len;
	if (is_more)
		*day_out = ahead->next++;
	*limit_out = ahead->limit;
	pthread_mutex_unlock(&ahead->lock);
	return is_more;
}

static void *look_ahead(void *context)
{
	struct ahead *ahead = context;
	uint64_t limit;
	guint i;

	while (take_day(ahead, &i, &limit)) {
		struct answer *answer = &ahead->answers[i];
		struct searching mine;

		searchday_init(&mine, ahead->on->match, keep_hit, answer,
			       &answer->result);
		mine.limit = limit;
		mine.seen = ahead->on->seen;
		mine.is_over = &ahead->is_over;
		searchday_run(&mine, ahead->dir, g_array_index(
				ahead->days, int64_t, i));
		searchday_release(&mine);
		pthread_mutex_lock(&ahead->lock);
		answer->is_done = true;
		pthread_cond_broadcast(&ahead->changed);
		pthread_mutex_unlock(&ahead->lock);
	}
	return NULL;
}

static void give_hits(struct searching *on, const struct answer *answer)
{
	for (guint i = 0; i < answer->hits->len && !on->result->is_cut; i++) {
		struct kept_hit kept = g_array_index(answer->hits,
						     struct kept_hit, i);
		struct search_hit hit = {
			.sequence = kept.sequence, .day = kept.day,
			.bytes = span_of((const char *)answer->bytes->data +
					 kept.offset, kept.len),
		};

		arena_reset(&on->arena);
		hit.record = recordview_unpack(hit.bytes, &on->arena);
		BUG_IF(!hit.record);		/* it was read a moment ago */
		searchday_give(on, &hit);
	}
	on->result->looked_at += answer->result.looked_at;
	for (guint i = 0; i < answer->result.problems->len; i++)
		searchday_note(on, answer->result.problems->pdata[i]);
}

/* Day by day, as they were asked for. */
static void give_all(struct ahead *ahead, struct searching *on)
{
	for (guint i = 0; i < ahead->days->len && !on->result->is_cut; i++) {
		pthread_mutex_lock(&ahead->lock);
		while (!ahead->answers[i].is_done)
			pthread_cond_wait(&ahead->changed, &ahead->lock);
		pthread_mutex_unlock(&ahead->lock);
		give_hits(on, &ahead->answers[i]);
		pthread_mutex_lock(&ahead->lock);
		ahead->given = i + 1;
		ahead->limit = MAX(on->limit - on->result->found, 1);
		pthread_cond_broadcast(&ahead->changed);
		pthread_mutex_unlock(&ahead->lock);
	}
}

/* Without a thread the caller looks itself. */
static guint start(struct ahead *ahead, pthread_t *threads)
{
	guint count = 0;

	while (count < MIN(THREADS, ahead->days->len) &&
	       pthread_create(&threads[count], NULL, look_ahead, ahead) == 0)
		count++;
	if (!count)
		look_ahead(ahead);
	return count;
}

static void stop(struct ahead *ahead, const pthread_t *threads, guint count)
{
	pthread_mutex_lock(&ahead->lock);
	atomic_store(&ahead->is_over, true);
	pthread_cond_broadcast(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	for (guint i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

void searchahead_run(struct searching *on, const char *dir,
		     const GArray *days)
{
	struct ahead ahead = {
		.on = on, .dir = dir, .days = days,
		.answers = g_new0(struct answer, days->len),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.limit = on->limit - on->result->found,
	};
	pthread_t threads[THREADS];
	guint count;

	for (guint i = 0; i < days->len; i++)
		answer_init(&ahead.answers[i]);
	count = start(&ahead, threads);
	give_all(&ahead, on);
	stop(&ahead, threads, count);
	for (guint i = 0; i < days->len; i++)
		answer_clear(&ahead.answers[i]);
	g_free(ahead.answers);
}
