/* program.h - runs another program on some bytes */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

struct program {
	char *const *words;		/* its name and arguments, then NULL */
	struct span input;		/* of its standard input */
	bool is_heard;			/* what it says is kept for
					 * program_said(); else it goes where
					 * our own words go */
};

enum program_end {
	PROGRAM_NOT_STARTED,
	PROGRAM_RUNS,
	PROGRAM_EXITED,			/* by itself, with a status */
	PROGRAM_KILLED,			/* by a signal of another, if that
					 * is known */
	PROGRAM_LATE,			/* by ours: it took too long */
};

/*
 * No shell comes between. It reads the input from a file without a name, and so
 * as slowly as it likes. NULL with error: it cannot be started. Any thread; the
 * job is one thread's at a time.
 */
struct program_job;
struct program_job *program_start(const struct program *program,
				  GError **error) MUST_USE;
/* Does not wait. One that runs for most_ms by now (0: for ever) is killed.
 * status_out is set for PROGRAM_EXITED, and to the signal (0: nobody knows) for
 * PROGRAM_KILLED; then it is over, and not to be polled again. */
enum program_end program_poll(struct program_job *job, int64_t most_ms,
			      int *status_out) MUST_USE;
/* The first line of what it said, as a log has strangers' text; ""
 * when there is none. */
char *program_said(const struct program_job *job) MUST_USE;
/* Accepts NULL, clears the pointer. A program that runs goes on. */
void program_free(struct program_job **job);

/* From the start to the end; error for PROGRAM_NOT_STARTED. */
enum program_end program_run(const struct program *program, int64_t most_ms,
			     int *status_out, GError **error) MUST_USE;

#endif
