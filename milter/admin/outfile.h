/* outfile.h - where a command that makes a file writes it */
#ifndef ADMIN_OUTFILE_H
#define ADMIN_OUTFILE_H

#include "admin/admin.h"

/*
 * A new file, or standard output (path NULL). As the caller: to be
 * opened before root becomes the state's owner (admin_load()). Exit
 * status; the message is out.
 */
int outfile_open(const struct command *self, const char *path,
		 int *fd_out) MUST_USE;
/* For what is dangerous or binary: it goes to no terminal. */
int outfile_open_bytes(const struct command *self, const char *path,
		       int *fd_out) MUST_USE;
/* From now on what goes to standard output goes there. */
int outfile_print_to(const struct command *self, int fd) MUST_USE;
/* Exit status. */
int outfile_write(const struct command *self, int fd, const void *bytes,
		  size_t len) MUST_USE;
/* On disk when it returns 0; a file (path) that did not become whole is
 * removed. fd may be -1. Returns status, or that of its own failure. */
int outfile_close(const struct command *self, const char *path, int fd,
		  int status) MUST_USE;

#endif
