/* dmarcoutbox.h - aggregate reports that wait in the state, and
 * what became of them */
#ifndef REPORT_DMARCOUTBOX_H
#define REPORT_DMARCOUTBOX_H

#include "base/arena.h"
#include "store/state.h"

/* On disk: never renumber. */
enum dmarcoutbox_state {
	DMARCOUTBOX_WAITING,
	DMARCOUTBOX_SENDING,	/* sendmail has it just now, or we were
				 * ended then */
	DMARCOUTBOX_SENT,	/* sendmail took it */
	DMARCOUTBOX_DOUBTFUL,	/* perhaps it did: not sent again by itself */
	DMARCOUTBOX_REFUSED,	/* it is not to have it: too large */
	DMARCOUTBOX_GIVEN_UP,
};
const char *dmarcoutbox_state_word(enum dmarcoutbox_state state);

struct dmarcoutbox_target {
	const char *address;
	uint64_t most_bytes;		/* 0: no limit */
	enum dmarcoutbox_state state;
	int64_t when_us;
	const char *why;		/* "" where there is nothing to say */
};

/* One report. What is read lives in the caller's arena. */
struct dmarcoutbox_report {
	int64_t day;
	const char *domain;
	struct span report;		/* as dmarcxml_pack() has it; empty
					 * when over */
	uint64_t messages, rows, left_out;
	int64_t made_us;
	int64_t next_us;		/* 0: all is over */
	unsigned tries;
	struct dmarcoutbox_target *targets;
	size_t target_count;		/* 0: not looked up yet, or there
					 * are none */
	const char *why;
};

/* Writes it in the place of what is there of its day and domain.
 * On disk when true. */
bool dmarcoutbox_put(struct state *state,
		     const struct dmarcoutbox_report *report, GError **error)
	MUST_USE;
/* Writes those that are not there yet, as one; how many, or -1 with error. */
int dmarcoutbox_add(struct state *state,
		    const struct dmarcoutbox_report *reports, size_t count,
		    GError **error) MUST_USE;
/* False without error: there is none. */
bool dmarcoutbox_find(struct state *state, int64_t day, const char *domain,
		      struct arena *arena, struct dmarcoutbox_report *out,
		      GError **error) MUST_USE;
/* The one whose turn comes first, when that is by then; likewise. One that
 * cannot be read is set apart first, and logged ("dmarc_report_unreadable"): it
 * holds up no other. */
bool dmarcoutbox_find_due(struct state *state, int64_t now_us,
			  struct arena *arena, struct dmarcoutbox_report *out,
			  GError **error) MUST_USE;
/* Those that were set apart (char *: day and domain), until they are made anew
 * or are forgotten; NULL with error. Free with g_ptr_array_unref(). */
GPtrArray *dmarcoutbox_apart(struct state *state, GError **error) MUST_USE;
/* The domains that have a report of that day (char *, in order); NULL with
 * error. Free with g_ptr_array_unref(). */
GPtrArray *dmarcoutbox_domains(struct state *state, int64_t day,
			       GError **error) MUST_USE;

/* All reports of the day were added. */
bool dmarcoutbox_end_day(struct state *state, int64_t day, GError **error)
	MUST_USE;
bool dmarcoutbox_has_day(struct state *state, int64_t day, bool *has_out,
			 GError **error) MUST_USE;
/* The oldest such day that is kept, INT64_MAX for none. */
bool dmarcoutbox_first_day(struct state *state, int64_t *day_out,
			   GError **error) MUST_USE;
/* Forgets what is over of the days before. */
bool dmarcoutbox_expire(struct state *state, int64_t before, GError **error)
	MUST_USE;

/* The right to make and send, for one at a time, whatever the
 * process. A descriptor to close(); -1 with error, STORE_ERROR_BUSY
 * when another has it. */
int dmarcoutbox_lock(const char *state_dir, GError **error) MUST_USE;

#endif
