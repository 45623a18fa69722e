/* diskwatch.h - watches the disk of the records, and makes room when it may */
#ifndef STORE_DISKWATCH_H
#define STORE_DISKWATCH_H

#include "settings/settings.h"
#include "store/state.h"

struct diskwatch;

/* Of the records below state_dir. state, of the holds and the audit, is
 * borrowed until diskwatch_free(). */
struct diskwatch *diskwatch_new(const char *state_dir, struct state *state)
	MUST_USE;
/* Accepts NULL, clears the pointer. */
void diskwatch_free(struct diskwatch **watch);

/*
 * Looks how full the disk is; for a timer, one thread. A level (diskuse.h) that
 * is reached is told in the log, and again each hour. At the limit, and with
 * records.at_disk_limit = "expire", as many of the oldest days are removed as
 * it takes: each is in the audit before it goes, and one that cannot be written
 * there stays.
 */
void diskwatch_look(struct diskwatch *watch, const struct settings *settings);

/* False: the limit is reached, and no days are left that could make room: mail
 * has to wait. Any thread; costs one atomic load. NULL has room. */
bool diskwatch_has_room(const struct diskwatch *watch);
/* Days removed since the start. Any thread. */
uint64_t diskwatch_days_dropped(const struct diskwatch *watch);

/*
 * Of all (struct space_day, oldest first), puts those days that go into chosen
 * (int64_t), oldest first, until wanted_bytes are free; returns what they free,
 * which may be less. Never one that is on hold, that ended less than
 * least_keep_ms before now_us, or the newest, from which the chain goes on.
 * Pure.
 */
uint64_t diskwatch_choose(const GArray *all, int64_t least_keep_ms,
			  int64_t now_us, uint64_t wanted_bytes,
			  GArray *chosen);

/* The newest day that the audit says was removed so; INT64_MIN: none. False
 * with error: the audit cannot be read. */
bool diskwatch_newest_dropped(struct state *state, int64_t *day_out,
			      GError **error) MUST_USE;

#endif
