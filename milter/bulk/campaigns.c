#include <config.h>

#include "bulk/campaigns.h"

#include "bulk/campaignrows.h"

#include <pthread.h>
#include <string.h>

/* Of each only the smallest marks are looked up: who shares enough of all has
 * one of these, nearly always. */
#define HANDLES 16
#define NONE UINT32_MAX
#define CANDIDATES_MAX 128
#define CHAIN_MAX 16		/* campaigns of one mark that are looked at */

struct handle {
	uint64_t mark;
	uint32_t next, before;		/* of its bucket; NONE: the last,
					 * the first */
};

struct row {
	struct campaign of;
	uint32_t before, behind;	/* by when they were met;
					 * NONE: an end */
	unsigned handle_count;
	uint64_t change;		/* number of its last one */
};

/* Handle h of row r has number r * HANDLES + h. Arrays grow by whole rows. */
struct campaigns {
	pthread_mutex_t lock;
	size_t most;
	GArray *rows;			/* of struct row */
	GArray *handles;		/* of struct handle */
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t newest, oldest;
	uint64_t changes, saved;	/* changes up to saved are on disk */
	GArray *free;			/* of uint32_t: rows that nobody has */
	GArray *gone;			/* of struct campaign_key: to be taken
					 * from disk */
};

static struct row *row_at(const struct campaigns *campaigns, uint32_t index)
{
	return &g_array_index(campaigns->rows, struct row, index);
}

static struct handle *handle_at(const struct campaigns *campaigns,
				uint32_t index)
{
	return &g_array_index(campaigns->handles, struct handle, index);
}

static uint32_t *bucket_of(struct campaigns *campaigns, uint64_t mark)
{
	return &campaigns->buckets[(mark * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
				   campaigns->bucket_mask];
}

struct campaigns *campaigns_new(size_t most)
{
	struct campaigns *campaigns = g_new0(struct campaigns, 1);
	size_t buckets = 1024;

	while (buckets < most * HANDLES && buckets < (size_t)1 << 24)
		buckets *= 2;
	pthread_mutex_init(&campaigns->lock, NULL);
	campaigns->most = MIN(most, NONE / HANDLES - 1);
	campaigns->rows = g_array_new(FALSE, TRUE, sizeof(struct row));
	campaigns->handles = g_array_new(FALSE, TRUE, sizeof(struct handle));
	campaigns->buckets = g_new(uint32_t, buckets);
	memset(campaigns->buckets, 0xff, buckets * sizeof(uint32_t));
	campaigns->bucket_mask = (uint32_t)(buckets - 1);
	campaigns->newest = campaigns->oldest = NONE;
	campaigns->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	campaigns->gone = g_array_new(FALSE, FALSE,
				      sizeof(struct campaign_key));
	return campaigns;
}

void campaigns_free(struct campaigns *campaigns)
{
	if (!campaigns)
		return;
	pthread_mutex_destroy(&campaigns->lock);
	g_array_unref(campaigns->rows);
	g_array_unref(campaigns->handles);
	g_array_unref(campaigns->free);
	g_array_unref(campaigns->gone);
	g_free(campaigns->buckets);
	g_free(campaigns);
}

/* All that follows is called with the lock held. */

static void take_out(struct campaigns *campaigns, uint32_t index)
{
	struct row *row = row_at(campaigns, index);

	if (row->before == NONE)
		campaigns->newest = row->behind;
	else
		row_at(campaigns, row->before)->behind = row->behind;
	if (row->behind == NONE)
		campaigns->oldest = row->before;
	else
		row_at(campaigns, row->behind)->before = row->before;
}

static void put_in_front(struct campaigns *campaigns, uint32_t index)
{
	struct row *row = row_at(campaigns, index);

	row->before = NONE;
	row->behind = campaigns->newest;
	if (campaigns->newest != NONE)
		row_at(campaigns, campaigns->newest)->before = index;
	else
		campaigns->oldest = index;
	campaigns->newest = index;
}

static void add_handles(struct campaigns *campaigns, uint32_t index)
{
	struct row *row = row_at(campaigns, index);

	row->handle_count = MIN(row->of.print.count, HANDLES);
	for (unsigned i = 0; i < row->handle_count; i++) {
		uint32_t number = index * HANDLES + i;
		struct handle *handle = handle_at(campaigns, number);
		uint32_t *bucket = bucket_of(campaigns, row->of.print.marks[i]);

		*handle = (struct handle){ row->of.print.marks[i], *bucket,
					   NONE };
		if (*bucket != NONE)
			handle_at(campaigns, *bucket)->before = number;
		*bucket = number;
	}
}

static void drop_handles(struct campaigns *campaigns, uint32_t index)
{
	for (unsigned i = 0; i < row_at(campaigns, index)->handle_count; i++) {
		const struct handle *handle = handle_at(campaigns,
							index * HANDLES + i);

		if (handle->next != NONE)
			handle_at(campaigns, handle->next)->before =
				handle->before;
		if (handle->before != NONE)
			handle_at(campaigns, handle->before)->next =
				handle->next;
		else
			*bucket_of(campaigns, handle->mark) = handle->next;
	}
}

/* Each lookup misses the caches, so all are under way before
 * the first is used. */
static void fetch(struct campaigns *campaigns, const struct fingerprint *print)
{
	for (unsigned i = 0; i < print->count; i++)
		__builtin_prefetch(bucket_of(campaigns, print->marks[i]));
	for (unsigned i = 0; i < print->count; i++) {
		uint32_t at = *bucket_of(campaigns, print->marks[i]);

		if (at != NONE)
			__builtin_prefetch(handle_at(campaigns, at));
	}
}

/* Rows that share marks, and how many of those looked up. */
struct candidates {
	struct {
		uint32_t row;
		unsigned seen;
	} of[CANDIDATES_MAX];
	unsigned count;
};

static void note_candidate(struct candidates *found, uint32_t row)
{
	for (unsigned i = found->count; i > 0; i--)
		if (found->of[i - 1].row == row) {
			found->of[i - 1].seen++;
			return;
		}
	if (found->count == CANDIDATES_MAX)
		return;
	found->of[found->count].row = row;
	found->of[found->count++].seen = 1;
}

/* Each mark's newest campaigns. */
static void find_candidates(struct campaigns *campaigns,
			    const struct fingerprint *print,
			    struct candidates *found)
{
	fetch(campaigns, print);
	found->count = 0;
	for (unsigned i = 0; i < print->count; i++) {
		uint32_t at = *bucket_of(campaigns, print->marks[i]);

		for (unsigned n = 0; at != NONE && n < CHAIN_MAX; ) {
			const struct handle *handle = handle_at(campaigns, at);

			if (handle->mark == print->marks[i]) {
				note_candidate(found, at / HANDLES);
				n++;
			}
			at = handle->next;
		}
	}
}

/* The likest, or NONE. Of those that share enough of many marks hardly one
 * shares a single one of those looked up. */
static uint32_t find(struct campaigns *campaigns,
		     const struct fingerprint *print)
{
	unsigned least = print->count >= FINGERPRINT_MARKS / 2 ? 2 : 1;
	uint32_t best = NONE;
	unsigned best_shared = 0;
	struct candidates found;

	find_candidates(campaigns, print, &found);
	for (unsigned i = 0; i < found.count; i++) {
		unsigned shared;

		if (found.of[i].seen < least)
			continue;
		shared = fingerprint_likeness(print,
			&row_at(campaigns, found.of[i].row)->of.print);
		if (shared > best_shared) {
			best_shared = shared;
			best = found.of[i].row;
		}
	}
	return best;
}

/* Its key goes to gone. */
static void leave(struct campaigns *campaigns, uint32_t index, GArray *gone)
{
	struct campaign_key key = campaignrows_key(
		&row_at(campaigns, index)->of);

	g_array_append_val(gone, key);
	drop_handles(campaigns, index);
	row_at(campaigns, index)->handle_count = 0;
	take_out(campaigns, index);
}

/* A row that is free: a new one, or the oldest's. */
static uint32_t make_room(struct campaigns *campaigns)
{
	uint32_t index = campaigns->rows->len;

	if (campaigns->free->len) {
		index = g_array_index(campaigns->free, uint32_t,
				      campaigns->free->len - 1);
		g_array_set_size(campaigns->free, campaigns->free->len - 1);
		return index;
	}
	if (index < campaigns->most) {
		g_array_set_size(campaigns->rows, index + 1);
		g_array_set_size(campaigns->handles, (index + 1) * HANDLES);
		return index;
	}
	index = campaigns->oldest;
	leave(campaigns, index, campaigns->gone);
	return index;
}

static uint32_t add(struct campaigns *campaigns, const struct campaign *fresh)
{
	uint32_t index = make_room(campaigns);
	struct row *row = row_at(campaigns, index);

	*row = (struct row){ .of = *fresh, .change = ++campaigns->changes };
	add_handles(campaigns, index);
	put_in_front(campaigns, index);
	return index;
}

bool campaigns_meet(struct campaigns *campaigns,
		    const struct fingerprint *print, const char *subject,
		    int64_t now_us, const uint64_t *things,
		    struct campaign *out, bool *is_new_out)
{
	uint32_t index = NONE;

	if (!fingerprint_likeness(print, print))
		return false;
	*out = campaignrows_new(print, subject, now_us);
	pthread_mutex_lock(&campaigns->lock);
	index = find(campaigns, print);
	*is_new_out = index == NONE;
	if (index != NONE) {
		struct row *row = row_at(campaigns, index);

		row->of.last_us = MAX(row->of.last_us, now_us);
		row->change = ++campaigns->changes;
		take_out(campaigns, index);
		put_in_front(campaigns, index);
		*out = row->of;
		memset(row->of.only, 0, sizeof row->of.only);
	} else if (campaigns->most) {
		if (things)
			memcpy(out->only, things, sizeof out->only);
		(void)add(campaigns, out);
	}
	pthread_mutex_unlock(&campaigns->lock);
	return true;
}

bool campaigns_find(struct campaigns *campaigns,
		    const struct fingerprint *print, struct campaign *out)
{
	uint32_t index;

	pthread_mutex_lock(&campaigns->lock);
	index = find(campaigns, print);
	if (index != NONE)
		*out = row_at(campaigns, index)->of;
	pthread_mutex_unlock(&campaigns->lock);
	return index != NONE;
}

size_t campaigns_count(struct campaigns *campaigns)
{
	size_t count = 0;

	pthread_mutex_lock(&campaigns->lock);
	for (uint32_t at = campaigns->newest; at != NONE;
	     at = row_at(campaigns, at)->behind)
		count++;
	pthread_mutex_unlock(&campaigns->lock);
	return count;
}

/* Of struct campaign, those that changed, the last with number *last_out; and
 * what is to go, of struct campaign_key. */
static GArray *take_changes(struct campaigns *campaigns, int64_t then_us,
			    GArray *gone, uint64_t *last_out)
{
	GArray *changed = g_array_new(FALSE, FALSE, sizeof(struct campaign));

	pthread_mutex_lock(&campaigns->lock);
	*last_out = campaigns->changes;
	g_array_append_vals(gone, campaigns->gone->data, campaigns->gone->len);
	g_array_set_size(campaigns->gone, 0);
	while (campaigns->oldest != NONE &&
	       row_at(campaigns, campaigns->oldest)->of.last_us < then_us) {
		uint32_t old = campaigns->oldest;

		leave(campaigns, old, gone);
		g_array_append_val(campaigns->free, old);
	}
	/* Those that changed are in front. */
	for (uint32_t at = campaigns->newest; at != NONE;
	     at = row_at(campaigns, at)->behind) {
		const struct row *row = row_at(campaigns, at);

		if (row->change <= campaigns->saved)
			break;
		g_array_append_val(changed, row->of);
	}
	pthread_mutex_unlock(&campaigns->lock);
	return changed;
}

static bool write_changes(struct state *state, const GArray *changed,
			  const GArray *gone, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	bool is_good = true;

	if (!txn)
		return false;
	for (guint i = 0; i < gone->len; i++)
		campaignrows_delete(txn, &g_array_index(
			gone, struct campaign_key, i));
	for (guint i = 0; is_good && i < changed->len; i++)
		is_good = campaignrows_put(txn, &g_array_index(
			changed, struct campaign, i), error);
	if (is_good)
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool campaigns_save(struct campaigns *campaigns, struct state *state,
		    int64_t then_us, GError **error)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE,
					     sizeof(struct campaign_key));
	uint64_t last;
	g_autoptr(GArray) changed = take_changes(campaigns, then_us, gone,
						 &last);
	bool is_good = (!changed->len && !gone->len) ||
		       write_changes(state, changed, gone, error);

	pthread_mutex_lock(&campaigns->lock);
	if (is_good)
		campaigns->saved = last;
	else
		g_array_append_vals(campaigns->gone, gone->data, gone->len);
	pthread_mutex_unlock(&campaigns->lock);
	return is_good;
}

static void take_loaded(const struct campaign *campaign, void *context)
{
	g_array_append_vals(context, campaign, 1);
}

static int later_met_last(const void *left, const void *right)
{
	const struct campaign *a = left, *b = right;

	return a->last_us < b->last_us ? -1 : a->last_us > b->last_us;
}

bool campaigns_load(struct campaigns *campaigns, struct state *state,
		    GError **error)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE,
					    sizeof(struct campaign));

	if (!campaigns_each(state, take_loaded, all, error))
		return false;
	g_array_sort(all, later_met_last);
	for (guint i = 0; i < all->len && campaigns->most; i++)
		(void)add(campaigns, &g_array_index(all, struct campaign, i));
	campaigns->saved = campaigns->changes;
	return true;
}
