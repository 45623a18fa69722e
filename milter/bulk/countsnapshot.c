#include <config.h>

#include "bulk/countsnapshot.h"

#include "bulk/countentry.h"

#include <string.h>

#define BATCH_BYTES (4u << 20)
#define SECRET_KEY "secret"
#define PAGE_KEY_BYTES 3		/* 'p', shard, page */

static void write_page_key(uint8_t key[PAGE_KEY_BYTES], unsigned shard,
			   unsigned page)
{
	key[0] = 'p';
	key[1] = (uint8_t)shard;
	key[2] = (uint8_t)page;
}

/* Bytes of a page within a batch; none: it is to be deleted. */
struct packed_page {
	uint8_t key[PAGE_KEY_BYTES];
	size_t from, len;
};

struct batch {
	GByteArray *bytes, *page;
	GArray *pages;			/* of struct packed_page */
};

static void take_page(struct counts *counts, unsigned shard, unsigned page,
		      struct batch *batch)
{
	struct packed_page packed = { .from = batch->bytes->len };

	counts_pack_page(counts, shard, page, batch->page);
	write_page_key(packed.key, shard, page);
	packed.len = batch->page->len;
	g_byte_array_append(batch->bytes, batch->page->data, batch->page->len);
	g_array_append_val(batch->pages, packed);
}

/* Without it the pages would be others after the next start. */
static bool write_secret(const struct counts *counts, struct state_txn *txn,
			 enum state_table table, GError **error)
{
	struct span ours = counts_secret(counts), there;

	return (state_find(txn, table, span_text(SECRET_KEY), &there) &&
		there.len == ours.len &&
		memcmp(there.ptr, ours.ptr, ours.len) == 0) ||
	       state_put(txn, table, span_text(SECRET_KEY),
			 ours, error);
}

static bool write_batch(struct counts *counts, struct state *state,
			enum state_table table, const struct batch *batch,
			GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	bool is_good = txn && write_secret(counts, txn, table, error);

	for (guint i = 0; is_good && i < batch->pages->len; i++) {
		const struct packed_page *page = &g_array_index(
			batch->pages, struct packed_page, i);
		struct span key = span_of((const char *)page->key,
					  sizeof page->key);

		if (page->len == 0)
			state_delete(txn, table, key);
		else
			is_good = state_put(txn, table, key,
				span_of((const char *)batch->bytes->data +
					page->from, page->len), error);
	}
	if (is_good)
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

/* Those of a batch that could not be written. */
static void mark_again(struct counts *counts, const struct batch *batch)
{
	for (guint i = 0; i < batch->pages->len; i++) {
		const struct packed_page *page = &g_array_index(
			batch->pages, struct packed_page, i);

		counts_mark_page(counts, page->key[1], page->key[2]);
	}
}

static bool flush(struct counts *counts, struct state *state,
		  enum state_table table, struct batch *batch,
		  uint64_t *written, GError **error)
{
	if (batch->pages->len == 0)
		return true;
	if (!write_batch(counts, state, table, batch, error)) {
		mark_again(counts, batch);
		return false;
	}
	*written += batch->pages->len;
	g_byte_array_set_size(batch->bytes, 0);
	g_array_set_size(batch->pages, 0);
	return true;
}

bool countsnapshot_save(struct counts *counts, struct state *state,
			enum state_table table, uint64_t *written_out,
			GError **error)
{
	struct batch batch = {
		g_byte_array_new(), g_byte_array_new(),
		g_array_new(FALSE, FALSE, sizeof(struct packed_page)),
	};
	bool is_good = true;

	*written_out = 0;
	for (unsigned i = 0; is_good && i < COUNTS_SHARDS * COUNTS_PAGES; i++) {
		unsigned shard = i / COUNTS_PAGES, page = i % COUNTS_PAGES;

		if (!counts_is_changed(counts, shard, page))
			continue;
		take_page(counts, shard, page, &batch);
		if (batch.bytes->len >= BATCH_BYTES)
			is_good = flush(counts, state, table, &batch,
					written_out, error);
	}
	is_good = is_good && flush(counts, state, table, &batch, written_out,
				   error);
	g_byte_array_unref(batch.bytes);
	g_byte_array_unref(batch.page);
	g_array_unref(batch.pages);
	return is_good;
}

typedef void page_fn(struct span key, struct span page, void *context);

static bool each_page(struct state *state, enum state_table table,
		      page_fn *take, void *context, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	uint8_t from[PAGE_KEY_BYTES + 1] = { 'p' };
	size_t len = PAGE_KEY_BYTES;
	struct span key, page;

	if (!txn)
		return false;
	while (state_seek(txn, table, span_of((const char *)from, len), &key,
			  &page) &&
	       key.len == PAGE_KEY_BYTES && key.ptr[0] == 'p') {
		take(key, page, context);
		/* The least key behind it. */
		memcpy(from, key.ptr, PAGE_KEY_BYTES);
		len = PAGE_KEY_BYTES + 1;
	}
	state_end(&txn);
	return true;
}

struct loading {
	struct counts *counts;
	int64_t now_us;
	uint64_t damaged;
};

static void load_page(struct span key, struct span page, void *context)
{
	struct loading *loading = context;
	const uint8_t *at = (const uint8_t *)page.ptr, *end = at + page.len;
	uint8_t shard = (uint8_t)key.ptr[1], number = (uint8_t)key.ptr[2];
	struct countentry *entry;

	if (number >= COUNTS_PAGES || !countentry_enter_page(&at, end)) {
		loading->damaged++;
		return;
	}
	while ((entry = countentry_unpack(&at, end)))
		counts_put(loading->counts, entry, shard, number,
			   loading->now_us);
	loading->damaged += at != end;
}

/* Whether the pages go by our secret now; without, each entry is moved. */
static bool load_secret(struct counts *counts, struct state *state,
			enum state_table table, bool *is_there_out,
			GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct span secret;

	if (!txn)
		return false;
	*is_there_out = state_find(txn, table, span_text(SECRET_KEY),
				   &secret) &&
			counts_set_secret(counts, secret);
	state_end(&txn);
	return true;
}

bool countsnapshot_load(struct counts *counts, struct state *state,
			enum state_table table, int64_t now_us,
			uint64_t *damaged_out, GError **error)
{
	struct loading loading = { counts, now_us, 0 };
	bool is_ours = false;

	if (!load_secret(counts, state, table, &is_ours, error) ||
	    !each_page(state, table, load_page, &loading, error))
		return false;
	if (is_ours && !loading.damaged)
		counts_mark_saved(counts);
	*damaged_out = loading.damaged;
	return true;
}

struct seeing {
	int64_t now_us;
	countsnapshot_see_fn *see;
	void *context;
};

static void see_page(struct span key, struct span page, void *context)
{
	struct seeing *seeing = context;
	const uint8_t *at = (const uint8_t *)page.ptr, *end = at + page.len;
	struct countentry *entry;

	(void)key;
	if (!countentry_enter_page(&at, end))
		return;
	while ((entry = countentry_unpack(&at, end))) {
		struct countsnapshot_entry seen = {
			.key = { (enum counts_kind)entry->kind,
				 entry->window_s, countentry_key(entry) },
			.count = countentry_count(entry, seeing->now_us),
		};

		seen.ends_us = countentry_ends_us(entry);
		if (seen.count)
			seeing->see(&seen, seeing->context);
		countentry_free(entry);
	}
}

bool countsnapshot_each(struct state *state, enum state_table table,
			int64_t now_us, countsnapshot_see_fn *see,
			void *context, GError **error)
{
	struct seeing seeing = { now_us, see, context };

	return each_page(state, table, see_page, &seeing, error);
}
