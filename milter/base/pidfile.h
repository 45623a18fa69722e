/* pidfile.h - which process is the daemon, told by a lock and not by trust */
#ifndef BASE_PIDFILE_H
#define BASE_PIDFILE_H

#include "base/guard.h"

#include <glib.h>
#include <sys/types.h>

/*
 * Takes the file for this process until it ends, and writes its number into it.
 * The lock goes with the process however it ends, so that a file left behind
 * says nothing. Error, naming the holder, when another process has it.
 */
bool pidfile_take(const char *path, GError **error) MUST_USE;

/* The process that holds it now, or 0. */
pid_t pidfile_owner(const char *path);

#endif
