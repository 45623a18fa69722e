#include <config.h>

#include "store/searchahead.h"

#include <malloc.h>
#include <pthread.h>

#define THREADS 16
#define STARTED_FIRST 2
#define KEPT_BYTES_MAX ((size_t)16 << 20)	/* of a part's hits */
#define REUSED_BYTES (4 << 20)	/* at once, and four times that in all */

/* What one part has: the hits lie in bytes, one behind the other. */
struct answer {
	GArray *hits;			/* of struct kept_hit */
	GByteArray *bytes;
	struct search_result result;
	bool is_too_much;		/* to be kept */
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
	const GArray *parts;
	struct answer *answers;		/* one a part */
	atomic_bool is_over;
	pthread_mutex_t lock;		/* of all that follows */
	pthread_cond_t done;		/* a part was looked at */
	pthread_cond_t given_one;	/* there is room ahead, or all
					 * is over */
	pthread_t threads[THREADS];
	guint started;			/* of them */
	guint next;			/* part to look at */
	guint given;			/* parts done with */
	guint most_hits;		/* that one of those looked at had */
	uint64_t limit;			/* what is still wanted */
	struct queryplan_seen seen;	/* in the part that was looked
					 * at first */
};

static bool keep_hit(const struct search_hit *hit, void *context)
{
	struct answer *answer = context;
	struct kept_hit kept = {
		hit->sequence, hit->day, answer->bytes->len,
		(guint)hit->bytes.len,
	};

	answer->is_too_much = hit->bytes.len > KEPT_BYTES_MAX -
					       answer->bytes->len;
	if (answer->is_too_much)
		return false;
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

/* Once it was given. */
static void answer_empty(struct answer *answer)
{
	g_array_set_size(answer->hits, 0);
	g_byte_array_unref(answer->bytes);
	answer->bytes = g_byte_array_new();
}

static void answer_clear(struct answer *answer)
{
	g_array_unref(answer->hits);
	g_byte_array_unref(answer->bytes);
	search_result_release(&answer->result);
}

static void look_at(struct ahead *ahead, guint i, struct searching *mine)
{
	struct answer *answer = &ahead->answers[i];

	searchday_run(mine, ahead->dir, &g_array_index(
			ahead->parts, struct queryplan_part, i));
	pthread_mutex_lock(&ahead->lock);
	answer->is_done = true;
	ahead->most_hits = MAX(ahead->most_hits, answer->hits->len);
	if (!ahead->seen.count)
		ahead->seen = mine->seen;
	pthread_cond_signal(&ahead->done);
	pthread_mutex_unlock(&ahead->lock);
}

/* As many at once as may still be needed, as far as one can tell. */
static guint wanted_ahead(const struct ahead *ahead)
{
	return ahead->most_hits ? (guint)MIN(ahead->limit / ahead->most_hits +
					     STARTED_FIRST, THREADS) : THREADS;
}

/* The next part, when there is one that may be looked at. */
static bool take_part(struct ahead *ahead, guint *part_out,
		      struct searching *mine)
{
	bool is_more;

	pthread_mutex_lock(&ahead->lock);
	while (!atomic_load(&ahead->is_over) &&
	       ahead->next < ahead->parts->len &&
	       ahead->next - ahead->given >= wanted_ahead(ahead))
		pthread_cond_wait(&ahead->given_one, &ahead->lock);
	is_more = !atomic_load(&ahead->is_over) &&
		  ahead->next < ahead->parts->len;
	if (is_more) {
		struct answer *answer = &ahead->answers[ahead->next];

		searchday_init(mine, ahead->on->match, keep_hit, answer,
			       &answer->result);
		mine->limit = ahead->limit;
		mine->seen = ahead->seen;
		mine->is_over = &ahead->is_over;
		*part_out = ahead->next++;
	}
	pthread_mutex_unlock(&ahead->lock);
	return is_more;
}

static void *look_ahead(void *context);

/* One more thread, unless there are enough; without it the
 * others do its work. */
static void start_one(struct ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	if (ahead->started < THREADS && ahead->next < ahead->parts->len &&
	    !atomic_load(&ahead->is_over) &&
	    pthread_create(&ahead->threads[ahead->started], NULL, look_ahead,
			   ahead) == 0)
		ahead->started++;
	pthread_mutex_unlock(&ahead->lock);
}

/* Each part that was looked at brings a thread, so that a search which
 * ends soon has few. */
static void *look_ahead(void *context)
{
	struct ahead *ahead = context;
	struct searching mine;
	guint i;

	while (take_part(ahead, &i, &mine)) {
		look_at(ahead, i, &mine);
		searchday_release(&mine);
		start_one(ahead);
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

/* Without a thread the caller looks itself. */
static void await(struct ahead *ahead, guint i)
{
	struct searching mine;
	bool is_alone;
	guint next;

	pthread_mutex_lock(&ahead->lock);
	is_alone = !ahead->started;
	pthread_mutex_unlock(&ahead->lock);
	if (is_alone && take_part(ahead, &next, &mine)) {
		look_at(ahead, next, &mine);
		searchday_release(&mine);
	}
	pthread_mutex_lock(&ahead->lock);
	while (!ahead->answers[i].is_done)
		pthread_cond_wait(&ahead->done, &ahead->lock);
	pthread_mutex_unlock(&ahead->lock);
}

/* Part by part, as they were asked for. */
static void give_all(struct ahead *ahead, struct searching *on)
{
	for (guint i = 0; i < ahead->parts->len && !on->result->is_cut; i++) {
		await(ahead, i);
		if (ahead->answers[i].is_too_much)
			searchday_run(on, ahead->dir, &g_array_index(
				ahead->parts, struct queryplan_part, i));
		else
			give_hits(on, &ahead->answers[i]);
		answer_empty(&ahead->answers[i]);
		pthread_mutex_lock(&ahead->lock);
		ahead->given = i + 1;
		ahead->limit = MAX(on->limit - on->result->found, 1);
		pthread_cond_signal(&ahead->given_one);
		pthread_mutex_unlock(&ahead->lock);
	}
}

/* Each day takes and gives back the same pieces of memory. To give them to the
 * system each time, and get them from it again, page by page, was a sixth of a
 * search. */
static void reuse_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, REUSED_BYTES);
	mallopt(M_TRIM_THRESHOLD, 4 * REUSED_BYTES);
}

/* From here on no thread is started. */
static void stop(struct ahead *ahead)
{
	guint started;

	pthread_mutex_lock(&ahead->lock);
	atomic_store(&ahead->is_over, true);
	pthread_cond_broadcast(&ahead->given_one);
	started = ahead->started;
	pthread_mutex_unlock(&ahead->lock);
	for (guint i = 0; i < started; i++)
		pthread_join(ahead->threads[i], NULL);
}

void searchahead_run(struct searching *on, const char *dir,
		     const GArray *parts)
{
	struct ahead ahead = {
		.on = on, .dir = dir, .parts = parts,
		.answers = g_new0(struct answer, parts->len),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.done = PTHREAD_COND_INITIALIZER,
		.given_one = PTHREAD_COND_INITIALIZER,
		.limit = on->limit - on->result->found,
	};
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, reuse_memory);
	for (guint i = 0; i < parts->len; i++)
		answer_init(&ahead.answers[i]);
	for (guint i = 0; i < STARTED_FIRST; i++)
		start_one(&ahead);
	give_all(&ahead, on);
	stop(&ahead);
	for (guint i = 0; i < parts->len; i++)
		answer_clear(&ahead.answers[i]);
	g_free(ahead.answers);
}
