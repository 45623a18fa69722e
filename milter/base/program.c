#include <config.h>

#include "base/program.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 20

static bool write_all(int fd, struct span bytes)
{
	for (size_t at = 0; at < bytes.len;) {
		ssize_t done = write(fd, bytes.ptr + at, bytes.len - at);

		if (done < 0 && errno != EINTR)
			return false;
		at += done > 0 ? (size_t)done : 0;
	}
	return lseek(fd, 0, SEEK_SET) == 0;
}

static int input_of(struct span bytes, GError **error)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && write_all(fd, bytes))
		return fd;
	g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "%s",
		    g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool is_late(const struct program *program, int64_t began_us)
{
	return clock_monotonic_us() - began_us > program->most_ms * 1000;
}

/* Its wait status, or -1: nobody knows. */
static int wait_for(const struct program *program, GPid pid)
{
	bool is_waiting = program->most_ms > 0;
	int64_t began_us = clock_monotonic_us();
	int status = 0;
	pid_t got;

	while ((got = waitpid(pid, &status, is_waiting ? WNOHANG : 0)) != pid) {
		if (got < 0 && errno != EINTR)
			return -1;
		if (is_waiting && is_late(program, began_us)) {
			kill(pid, SIGKILL);
			is_waiting = false;
		} else if (is_waiting) {
			poll(NULL, 0, LOOK_MS);
		}
	}
	return status;
}

enum program_end program_run(const struct program *program, int *status_out,
			     GError **error)
{
	int input = input_of(program->input, error), status;
	bool is_started;
	GPid pid;

	if (input < 0)
		return PROGRAM_NOT_STARTED;
	/* -1: as they are. Named 1 and 2 themselves, GLib has them closed. */
	is_started = g_spawn_async_with_fds("/", (char **)program->words, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
		&pid, input, -1, -1, error);
	close(input);
	if (!is_started)
		return PROGRAM_NOT_STARTED;
	status = wait_for(program, pid);
	if (status < 0 || !WIFEXITED(status))
		return PROGRAM_KILLED;
	*status_out = WEXITSTATUS(status);
	return PROGRAM_EXITED;
}
