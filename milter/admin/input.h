/* input.h - messages given to a command: files, folders, standard input */
#ifndef ADMIN_INPUT_H
#define ADMIN_INPUT_H

#include "admin/admin.h"
#include "base/span.h"

/* One message; is_named: there are several, so that its name matters.
 * Returns an exit status. */
typedef int input_fn(void *mydata, struct span bytes, const char *name,
		     bool is_named);

/* admin_parse() for a command that goes through messages: none is an error. */
int input_parse(const struct command *self, const GOptionEntry *entries,
		int *argc, char ***argv) MUST_USE;

/*
 * Calls for each file, for each file of a folder (by name, one level), and for
 * standard input where the path is "-". What cannot be read is said; the rest
 * goes on. Returns the first exit status that is not 0.
 */
int input_each(const struct command *self, int count, char **paths,
	       input_fn *on_message, void *mydata);

#endif
