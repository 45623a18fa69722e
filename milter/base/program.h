/* program.h - runs another program on some bytes, and waits for its end */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/guard.h"
#include "base/span.h"

#include <glib.h>
#include <stdint.h>

struct program {
	char *const *words;		/* its name and arguments, then NULL */
	struct span input;		/* of its standard input */
	int64_t most_ms;		/* then it is killed; 0: it may take for ever */
};

enum program_end {
	PROGRAM_NOT_STARTED,
	PROGRAM_EXITED,			/* by itself, with a status */
	PROGRAM_KILLED,			/* by a signal, ours or another's */
};

/*
 * No shell comes between. It reads the input from a file without a name, and so as
 * slowly as it likes; what it says goes where our own words go. status_out is set
 * for PROGRAM_EXITED. error for PROGRAM_NOT_STARTED. Any thread.
 */
enum program_end program_run(const struct program *program, int *status_out,
			     GError **error) MUST_USE;

#endif
