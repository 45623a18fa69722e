#include <config.h>

#include "store/diskwatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/audit.h"
#include "store/day.h"
#include "store/diskuse.h"
#include "store/expiry.h"
#include "store/heldday.h"
#include "store/sealfiles.h"
#include "store/space.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#define TELL_AGAIN_US (INT64_C(3600) * G_USEC_PER_SEC)
#define SETTLE_US (60 * G_USEC_PER_SEC)	/* for a disk to give back what was
					 * removed */
#define AUDIT_OPERATOR "mailreeve"
#define AUDIT_ACTION "records drop"

struct diskwatch {
	char *dir;			/* state_dir/records */
	struct state *state;
	atomic_bool is_full;
	atomic_uint_fast64_t dropped;

	/* The timer's alone. */
	enum diskuse_level level;
	int64_t told_us[DISKUSE_LIMIT + 1];
	int64_t settled_us;		/* 0, or when to look for days again */
	bool is_enough;			/* what was removed last */
};

struct diskwatch *diskwatch_new(const char *state_dir, struct state *state)
{
	struct diskwatch *watch = g_new0(struct diskwatch, 1);

	watch->dir = g_build_filename(state_dir, "records", NULL);
	watch->state = state;
	return watch;
}

void diskwatch_free(struct diskwatch **watch)
{
	struct diskwatch *old = *watch;

	*watch = NULL;
	if (!old)
		return;
	g_free(old->dir);
	g_free(old);
}

uint64_t diskwatch_choose(const GArray *all, int64_t least_keep_ms,
			  int64_t now_us, uint64_t wanted_bytes,
			  GArray *chosen)
{
	int64_t cut_us = now_us - least_keep_ms * 1000;
	uint64_t bytes = 0;

	for (guint i = 0; i + 1 < all->len && bytes < wanted_bytes; i++) {
		const struct space_day *one = &g_array_index(
			all, struct space_day, i);

		if (day_begin_us(one->day + 1) > cut_us)
			break;
		if (one->is_held)
			continue;
		g_array_append_val(chosen, one->day);
		bytes += one->bytes;
	}
	return bytes;
}

/* As one hears of it, so that it can be told from a removal by hand. */
static bool note(const struct diskwatch *watch, const char *day,
		 const struct diskuse *use, GError **error)
{
	g_autofree char *reason = g_strdup_printf("%u%% of the disk were in "
		"use (records.at_disk_limit)", diskuse_percent(use));
	const struct audit_entry entry = {
		.when_us = clock_now_us(), .operator_name = AUDIT_OPERATOR,
		.action = AUDIT_ACTION, .subject = day, .reason = reason,
	};

	return audit_note(watch->state, &entry, error);
}

static bool drop(struct diskwatch *watch, int64_t day,
		 const struct diskuse *use, GError **error)
{
	struct holdset *set = holdset_load(watch->state, error);
	enum heldday held = HELDDAY_NOTHING;
	bool is_known = set && heldday_look(watch->dir, day, set, &held,
					    error);
	char text[DAY_TEXT_MAX];

	holdset_free(&set);
	if (!is_known)
		return false;
	if (held != HELDDAY_NOTHING)
		return true;		/* since a moment ago */
	if (!note(watch, day_format(day, text), use, error) ||
	    !day_remove(watch->dir, day, error))
		return false;
	atomic_fetch_add(&watch->dropped, 1);
	log_event(NULL, LOG_WARNING, "day_dropped", "day=%s in_use=%u%% "
		  "before its term was over (records.at_disk_limit)", text,
		  diskuse_percent(use));
	return true;
}

/* By a clock that has leapt forward all days would be old enough. */
static bool is_clock_steady(const struct diskwatch *watch,
			    const struct store_settings *settings,
			    GError **error)
{
	g_autoptr(GArray) days = day_list(watch->dir, error);
	int64_t before;

	if (!days)
		return false;
	if (expiry_is_clock_steady(days, day_of_us(clock_now_us()),
				   settings->keep_ms, &before))
		return true;
	store_error_set_text(error, STORE_ERROR_TEMP, "the clock has leapt "
			     "forward: nothing goes until it is known to be "
			     "right");
	return false;
}

static bool drop_days(struct diskwatch *watch,
		      const struct store_settings *settings,
		      const struct diskuse *use, GError **error)
{
	g_autoptr(GArray) all = space_days(watch->dir, watch->state, error);
	g_autoptr(GArray) chosen = g_array_new(FALSE, FALSE, sizeof(int64_t));
	uint64_t wanted_bytes = diskuse_excess_bytes(use, settings), bytes;

	if (!all)
		return false;
	bytes = diskwatch_choose(all, store_settings_least_keep_ms(settings),
				 clock_now_us(), wanted_bytes, chosen);
	for (guint i = 0; i < chosen->len; i++)
		if (!drop(watch, g_array_index(chosen, int64_t, i), use,
			  error))
			return false;
	return bytes >= wanted_bytes;
}

/* Whether what goes is enough. Nobody may write one of them anew meanwhile. */
static bool drop_locked(struct diskwatch *watch,
			const struct store_settings *settings,
			const struct diskuse *use, GError **error)
{
	int lock = sealfiles_lock(watch->dir, error);
	bool is_enough;

	if (lock < 0)
		return false;
	is_enough = is_clock_steady(watch, settings, error) &&
		    drop_days(watch, settings, use, error);
	sealfiles_unlock(lock);
	return is_enough;
}

/*
 * Some file systems give back what was removed later, all of them what a search
 * still reads: until then no more goes, or it would be too much. While a day is
 * being sealed, which makes room as well, its end is waited for.
 */
static bool make_room(struct diskwatch *watch,
		      const struct store_settings *settings,
		      const struct diskuse *use)
{
	int64_t now_us = clock_monotonic_us();
	g_autoptr(GError) why = NULL;

	if (settings->at_disk_limit != AT_DISK_LIMIT_EXPIRE)
		return false;
	if (watch->settled_us && now_us < watch->settled_us)
		return watch->is_enough;
	watch->is_enough = drop_locked(watch, settings, use, &why);
	if (g_error_matches(why, STORE_ERROR, STORE_ERROR_BUSY))
		return true;
	watch->settled_us = now_us + SETTLE_US;
	if (why)
		log_event(NULL, LOG_ERR, "days_not_dropped", "why=\"%s\"",
			  why->message);
	return watch->is_enough;
}

/* A level that was reached, or lasts: each hour, and the limit also whenever it
 * is reached, since mail may wait for it. */
static bool is_to_be_told(const struct diskwatch *watch,
			  enum diskuse_level level, int64_t now_us)
{
	int64_t told_us = watch->told_us[level];

	return (level == DISKUSE_LIMIT && watch->level != level) ||
	       (level != DISKUSE_FINE &&
		(!told_us || now_us >= told_us + TELL_AGAIN_US));
}

static void tell(struct diskwatch *watch, enum diskuse_level level,
		 const struct store_settings *settings,
		 const struct diskuse *use)
{
	int64_t now_us = clock_monotonic_us();
	bool is_better = level < watch->level;
	bool is_limit = level == DISKUSE_LIMIT;

	if (!is_better && !is_to_be_told(watch, level, now_us))
		return;
	if (!is_better)
		watch->told_us[level] = now_us;
	log_event(NULL, is_better ? LOG_NOTICE : is_limit ? LOG_ERR :
		  LOG_WARNING, is_better ? "disk_has_room" : is_limit ?
		  "disk_limit" : "disk_warning",
		  "dir=%s in_use=%u%% free_bytes=%" PRIu64 " warning=%" PRId64
		  "%% limit=%" PRId64 "%%", watch->dir, diskuse_percent(use),
		  use->free_bytes, settings->disk_warning_percent,
		  settings->disk_limit_percent);
}

/* What cannot be asked stays as it was: the recorder will tell
 * of such a disk. */
void diskwatch_look(struct diskwatch *watch, const struct settings *settings)
{
	const struct store_settings *store = store_settings_of(settings);
	enum diskuse_level level;
	struct diskuse use;

	if (!diskuse_of(watch->dir, &use, NULL))
		return;
	level = diskuse_level(&use, store, watch->level);
	tell(watch, level, store, &use);
	watch->level = level;
	if (level != DISKUSE_LIMIT)
		watch->settled_us = 0;
	atomic_store(&watch->is_full, level == DISKUSE_LIMIT &&
				      !make_room(watch, store, &use));
}

bool diskwatch_has_room(const struct diskwatch *watch)
{
	return !watch || !atomic_load_explicit(&watch->is_full,
					       memory_order_relaxed);
}

uint64_t diskwatch_days_dropped(const struct diskwatch *watch)
{
	return atomic_load(&watch->dropped);
}

static bool take_drop(const struct audit_entry *entry, void *context)
{
	int64_t *newest = context, day;

	if (strcmp(entry->action, AUDIT_ACTION) == 0 &&
	    strcmp(entry->operator_name, AUDIT_OPERATOR) == 0 &&
	    day_parse(span_text(entry->subject), &day))
		*newest = MAX(*newest, day);
	return true;
}

bool diskwatch_newest_dropped(struct state *state, int64_t *day_out,
			      GError **error)
{
	*day_out = INT64_MIN;
	return audit_each(state, take_drop, day_out, error);
}
