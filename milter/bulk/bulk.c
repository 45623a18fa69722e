#include <config.h>

#include "bulk/bulk.h"

#include "base/clock.h"
#include "base/log.h"
#include "bulk/bulkclock.h"
#include "bulk/badprints.h"
#include "bulk/bulksettings.h"
#include "bulk/campaigns.h"
#include "bulk/clears.h"
#include "bulk/counts.h"
#include "bulk/countsnapshot.h"
#include "bulk/greylist.h"
#include "bulk/greysettings.h"
#include "store/incidents.h"

#include <inttypes.h>
#include <pthread.h>
#include <time.h>

#define TICK_S 1
#define EXPIRE_EVERY_US (INT64_C(3600) * G_USEC_PER_SEC)

struct bulk {
	struct state *state;
	bulk_settings_fn *settings;
	struct counts *counts;
	struct clears *clears;
	struct campaigns *campaigns;
	struct badprints *bad;
	struct greylist *greylist;
	pthread_t keeper;
	bool is_keeping;

	pthread_mutex_t lock;		/* over what follows */
	pthread_cond_t wake;
	bool is_ending;
	struct bulk_stats stats;
};

static void warn(const char *event, const GError *why)
{
	log_event(NULL, LOG_WARNING, event, "why=\"%s\"", why->message);
}

static void note_save(struct bulk *bulk, int64_t began_us, uint64_t pages,
		      bool is_good)
{
	pthread_mutex_lock(&bulk->lock);
	bulk->stats.pages_written += pages;
	bulk->stats.save_took_us = clock_monotonic_us() - began_us;
	if (is_good)
		bulk->stats.saved_us = clock_now_us();
	else
		bulk->stats.save_failures++;
	pthread_mutex_unlock(&bulk->lock);
}

static void save_campaigns(struct bulk *bulk, int64_t window_ms)
{
	g_autoptr(GError) why = NULL;

	if (!campaigns_save(bulk->campaigns, bulk->state,
			    clock_now_us() - window_ms * 1000, &why))
		warn("campaigns_not_saved", why);
}

static void save_greylist(struct bulk *bulk, const struct settings *settings)
{
	const struct greylist_times times =
		grey_settings_times(grey_settings_of(settings));
	g_autoptr(GError) why = NULL;

	if (!greylist_save(bulk->greylist, bulk->state, &times,
			   clock_now_us(), &why))
		warn("greylist_not_saved", why);
}

static bool save(struct bulk *bulk)
{
	int64_t began_us = clock_monotonic_us();
	g_autoptr(GError) why = NULL;
	uint64_t pages;
	bool is_good = countsnapshot_save(bulk->counts, bulk->state,
					  STATE_COUNTS, &pages, &why);

	if (!is_good)
		warn("counts_not_saved", why);
	note_save(bulk, began_us, pages, is_good);
	return is_good;
}

/* What was cleared is saved before the row that asks for it goes: a crash in
 * between clears again. */
static void do_clears(struct bulk *bulk, const struct settings *settings)
{
	g_autoptr(GArray) done = NULL;
	g_autoptr(GError) why = NULL;
	struct arena arena;

	arena_init(&arena);
	done = clears_do_all(bulk->clears, bulk->counts, bulk->state, settings,
			     clock_now_us(), &arena);
	if (done && save(bulk) &&
	    !exemptions_settle(bulk->state, done, clock_now_us(), &why))
		warn("exemptions_not_settled", why);
	arena_release(&arena);
}

static void flush_incidents(struct bulk *bulk)
{
	g_autoptr(GError) why = NULL;

	if (!incidents_flush(bulk->state, &why))
		warn("incidents_not_saved", why);
}

static void expire_incidents(struct bulk *bulk)
{
	g_autoptr(GError) why = NULL;

	if (!incidents_expire(bulk->state, clock_now_us(), &why))
		warn("incidents_not_cleaned", why);
}

/* When things are to be done again, by the monotonic clock. */
struct rounds {
	int64_t save_us, expire_us;
};

static void go_round(struct bulk *bulk, struct rounds *next)
{
	struct settings *settings = bulk->settings();
	const struct bulk_settings *mine = bulk_settings_of(settings);
	int64_t now_us = clock_monotonic_us();

	counts_set_max(bulk->counts, (uint64_t)mine->entries);
	counts_sweep(bulk->counts, bulkclock_now_us());
	do_clears(bulk, settings);
	badprints_refresh(bulk->bad, bulk->state, clock_now_us());
	save_greylist(bulk, settings);
	flush_incidents(bulk);
	if (now_us >= next->save_us) {
		next->save_us = now_us + mine->snapshot_ms * 1000;
		save(bulk);
		save_campaigns(bulk, mine->likeness_ms);
	}
	if (now_us >= next->expire_us) {
		next->expire_us = now_us + EXPIRE_EVERY_US;
		expire_incidents(bulk);
	}
	settings_unref(settings);
}

/* False once the end was asked for. */
static bool wait_a_tick(struct bulk *bulk)
{
	struct timespec until;
	bool is_ending;
	int failed = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TICK_S;
	pthread_mutex_lock(&bulk->lock);
	while (!bulk->is_ending && !failed)
		failed = pthread_cond_timedwait(&bulk->wake, &bulk->lock,
						&until);
	is_ending = bulk->is_ending;
	pthread_mutex_unlock(&bulk->lock);
	return !is_ending;
}

static void *keep(void *context)
{
	struct bulk *bulk = context;
	struct rounds next = { 0, 0 };

	while (wait_a_tick(bulk))
		go_round(bulk, &next);
	return NULL;
}

static void load_tables(struct bulk *bulk)
{
	g_autoptr(GError) why = NULL;

	if (!campaigns_load(bulk->campaigns, bulk->state, &why))
		warn("campaigns_not_read", why);
	g_clear_error(&why);
	if (!greylist_load(bulk->greylist, bulk->state, &why))
		warn("greylist_not_read", why);
}

static void load(struct bulk *bulk)
{
	g_autoptr(GError) why = NULL;
	uint64_t damaged;

	if (!countsnapshot_load(bulk->counts, bulk->state, STATE_COUNTS,
				bulkclock_now_us(), &damaged, &why))
		warn("counts_not_read", why);
	else if (damaged)
		log_event(NULL, LOG_WARNING, "counts_damaged",
			  "pages=%" PRIu64, damaged);
}

static void init_lock(struct bulk *bulk)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&bulk->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&bulk->wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct bulk *bulk_open(struct state *state, bulk_settings_fn *settings)
{
	struct bulk *bulk = g_new0(struct bulk, 1);
	struct settings *now = settings();

	bulk->state = state;
	bulk->settings = settings;
	bulk->counts = counts_new((uint64_t)bulk_settings_of(now)->entries);
	bulk->campaigns = campaigns_new(
		(size_t)bulk_settings_of(now)->campaigns);
	bulk->greylist = greylist_new(
		(size_t)grey_settings_of(now)->entries);
	settings_unref(now);
	bulk->clears = clears_new();
	init_lock(bulk);
	load(bulk);
	load_tables(bulk);
	bulk->bad = badprints_new();
	badprints_refresh(bulk->bad, bulk->state, clock_now_us());
	bulk->is_keeping = pthread_create(&bulk->keeper, NULL, keep,
					  bulk) == 0;
	if (!bulk->is_keeping)
		log_event(NULL, LOG_ERR, "no_keeper",
			  "no thread: counts are not saved");
	return bulk;
}

void bulk_close(struct bulk **bulk)
{
	struct bulk *old = *bulk;
	struct settings *now;

	*bulk = NULL;
	if (!old)
		return;
	pthread_mutex_lock(&old->lock);
	old->is_ending = true;
	pthread_cond_signal(&old->wake);
	pthread_mutex_unlock(&old->lock);
	if (old->is_keeping)
		pthread_join(old->keeper, NULL);
	save(old);
	save_campaigns(old, INT64_MAX / 1000 / 2);
	now = old->settings();
	save_greylist(old, now);
	settings_unref(now);
	flush_incidents(old);
	campaigns_free(old->campaigns);
	badprints_free(old->bad);
	greylist_free(old->greylist);
	counts_free(old->counts);
	clears_free(old->clears);
	pthread_cond_destroy(&old->wake);
	pthread_mutex_destroy(&old->lock);
	g_free(old);
}

struct counts *bulk_counts(struct bulk *bulk)
{
	return bulk->counts;
}

struct campaigns *bulk_campaigns(struct bulk *bulk)
{
	return bulk->campaigns;
}

struct greylist *bulk_greylist(struct bulk *bulk)
{
	return bulk->greylist;
}

bool bulk_find_bad(struct bulk *bulk, const struct fingerprint *print,
		   struct campaign *out)
{
	return badprints_find(bulk->bad, print, out);
}

struct clears *bulk_clears(struct bulk *bulk)
{
	return bulk->clears;
}

void bulk_stats(struct bulk *bulk, struct bulk_stats *stats_out)
{
	pthread_mutex_lock(&bulk->lock);
	*stats_out = bulk->stats;
	pthread_mutex_unlock(&bulk->lock);
}
