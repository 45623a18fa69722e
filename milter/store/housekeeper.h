/* housekeeper.h - the thread that seals days that are over, and
 * removes old ones */
#ifndef STORE_HOUSEKEEPER_H
#define STORE_HOUSEKEEPER_H

#include "base/guard.h"

#include <glib.h>

/*
 * It seals every day but the newest, which records are still added to, oldest
 * first, and removes those past records.keep (expiry.h), and originals past
 * their own (evidenceterm.h), at the lowest priority for processor and disk. It
 * looks when it is woken and once a minute; a day that cannot be sealed is
 * logged and tried again after an hour. When the clock leapt nothing is removed
 * for some days (expiry_is_clock_steady()).
 */
struct housekeeper;
struct settings;
struct state;

/* Makes the key (sealkey.h) when there is none yet, later if the disk is full
 * now. state outlives it. */
struct housekeeper *housekeeper_open(const char *state_dir,
				     const struct settings *settings,
				     struct state *state, GError **error)
	MUST_USE;
/* Cuts off what it does. Accepts NULL, clears the pointer. */
void housekeeper_close(struct housekeeper **keeper);
/* records.keep from now on. Any thread, as below. */
void housekeeper_set_settings(struct housekeeper *keeper,
			      const struct settings *settings);
/* A day is over. */
void housekeeper_wake(struct housekeeper *keeper);

#endif
