/* recorder.h - the one thread that writes records */
#ifndef STORE_RECORDER_H
#define STORE_RECORDER_H

#include "base/guard.h"
#include "store/recordform.h"

#include <glib.h>
#include <stdint.h>

/*
 * Records are written in groups: the thread takes all that wait, writes them in
 * one transaction, waits once for the disk, and wakes those who wait. While it
 * waits for the disk the next group gathers, so that the disk's slowness makes
 * groups larger and not the rate lower. The price: a record that fails takes
 * its whole group with it.
 *
 * When a group cannot be written, those who wait are told so and their records
 * are forgotten (each will send another, that says "deferred"); the records of
 * recorder_submit() stay, and are tried again once a second, by which it is
 * also noticed that the store is well again.
 */
struct recorder;
struct housekeeper;
struct settings;

struct recorder_stats {
	uint64_t committed;		/* records on disk */
	uint64_t groups;		/* transactions they took */
	uint64_t largest_group;
	uint64_t queued;		/* records that wait now */
	uint64_t dropped;		/* for want of room in the queue */
	uint64_t failures;		/* groups that could not be written */
	uint64_t last_sequence;		/* of the newest record on disk */
	int64_t ahead_day;		/* openday_ahead() */
	char last_error[256];		/* of the last failure, "" if
					 * none yet */
};

/*
 * Opens the records below state_dir, making the folder if need be, and starts
 * the thread. Error when another process writes there (named), on damage, and
 * without permission. A full or failing disk is no error: the recorder then
 * starts unhealthy. settings are borrowed for the call.
 */
struct recorder *recorder_open(const char *state_dir,
			       const struct settings *settings,
			       GError **error) MUST_USE;

/* Writes what is queued, for wait_ms at most, and ends. No other call may be
 * under way. Accepts NULL, clears the pointer. */
void recorder_close(struct recorder **recorder, int64_t wait_ms);

/* Who is to be told when a day is over; NULL: nobody. It
 * outlives the recorder. */
void recorder_set_housekeeper(struct recorder *recorder,
			      struct housekeeper *keeper);

/* records.queue and records.anchor_command from now on. */
void recorder_set_settings(struct recorder *recorder,
			   const struct settings *settings);

/*
 * Queues a record, which it takes over, and returns at once: it is on disk
 * within about 200 ms while the store is well. Past records.queue the oldest
 * one queued is dropped and counted. Any thread.
 */
void recorder_submit(struct recorder *recorder, struct packed_record *record);

/*
 * Takes the record over, and returns true when it is on disk. False: it cannot
 * be written, and never will be. At once while the store is unwell. Any thread.
 */
bool recorder_commit(struct recorder *recorder, struct packed_record *record)
	MUST_USE;

/* False from a failure until the store is well again. Costs one atomic load. */
bool recorder_is_healthy(const struct recorder *recorder);

void recorder_stats(struct recorder *recorder,
		    struct recorder_stats *stats_out);

#endif
