/* service.h - what all sessions of the daemon share */
#ifndef SESSION_SERVICE_H
#define SESSION_SERVICE_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

struct bulk;
struct contacts;
struct diskwatch;
struct recorder;
struct resolver;
struct settings;
struct state;

enum service_counter {
	COUNTER_SESSIONS,		/* since the start */
	COUNTER_SESSIONS_OPEN,
	COUNTER_MESSAGES,		/* since the start, whatever
					 * their end */
	COUNTER_MESSAGES_OPEN,
	COUNTER_ACCEPTED, COUNTER_TAGGED, COUNTER_QUARANTINED,
	COUNTER_DEFERRED, COUNTER_REJECTED, COUNTER_DISCARDED,
	COUNTER_UNFINISHED,		/* refused at RCPT, aborted or lost */
	COUNTER_RECIPIENTS_REFUSED,
	COUNTERS
};

/*
 * Opens the state and the records below the state_dir of the settings; takes
 * settings over. Once a process, before the first session.
 */
bool service_open(struct settings *settings, GError **error) MUST_USE;
/* Waits until all that was submitted is on disk, 10 s at most. */
void service_close(void);

/* The snapshot in force; the caller owns the reference. Any thread. */
struct settings *service_settings(void) MUST_USE;
/* Puts a new one in force, and takes it over. */
void service_set_settings(struct settings *settings);

struct state *service_state(void);
struct resolver *service_resolver(void);
struct bulk *service_bulk(void);
struct contacts *service_contacts(void);
/* Writes what is known of contacts to disk, if anything changed. */
void service_save_contacts(void);
struct recorder *service_recorder(void);
struct diskwatch *service_disk(void);

/* SIGTERM came: no message begins any more, those in hand end. */
void service_begin_draining(void);
bool service_is_draining(void);

void service_count(enum service_counter counter, int64_t by);
int64_t service_counter(enum service_counter counter);
/* "messages_open" and so on. */
const char *service_counter_word(enum service_counter counter);

#endif
