#include <config.h>

#include "base/program.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 5
#define SAID_MAX 200		/* bytes of what it said */

struct program_job {
	GPid pid;
	int said;		/* what it writes on both outputs; -1:
				 * not heard */
	int64_t began_us;
};

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

/* A file without a name that has these bytes; -1 with error. */
static int file_of(struct span bytes, GError **error)
{
	int fd = memfd_create("program", MFD_CLOEXEC);

	if (fd >= 0 && write_all(fd, bytes))
		return fd;
	g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "%s",
		    g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Output of -1: as ours. Named 1 and 2 themselves, GLib has them closed. */
static bool spawn(const struct program *program, int input,
		  struct program_job *job, GError **error)
{
	return g_spawn_async_with_fds("/", (char **)program->words, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
		&job->pid, input, job->said, job->said, error);
}

struct program_job *program_start(const struct program *program,
				  GError **error)
{
	struct program_job *job = g_new0(struct program_job, 1);
	int input = file_of(program->input, error);
	bool is_good = input >= 0;

	job->said = -1;
	job->began_us = clock_monotonic_us();
	if (is_good && program->is_heard) {
		job->said = file_of(span_of(NULL, 0), error);
		is_good = job->said >= 0;
	}
	is_good = is_good && spawn(program, input, job, error);
	if (input >= 0)
		close(input);
	if (!is_good)
		program_free(&job);
	return job;
}

static enum program_end kill_it(struct program_job *job)
{
	int status;

	kill(job->pid, SIGKILL);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	return PROGRAM_LATE;
}

enum program_end program_poll(struct program_job *job, int64_t most_ms,
			      int *status_out)
{
	int64_t lasted_us = clock_monotonic_us() - job->began_us;
	int status = 0;
	pid_t got = waitpid(job->pid, &status, WNOHANG);

	if (got == 0 || (got < 0 && errno == EINTR))
		return most_ms && lasted_us > most_ms * 1000 ? kill_it(job) :
							       PROGRAM_RUNS;
	if (got > 0 && WIFEXITED(status)) {
		*status_out = WEXITSTATUS(status);
		return PROGRAM_EXITED;
	}
	*status_out = got > 0 ? WTERMSIG(status) : 0;
	return PROGRAM_KILLED;
}

char *program_said(const struct program_job *job)
{
	char bytes[SAID_MAX];
	ssize_t len = job->said < 0 ? 0 :
		      pread(job->said, bytes, sizeof bytes, 0);
	struct span text = span_of(bytes, len > 0 ? (size_t)len : 0);
	ptrdiff_t end = span_find(text, '\n');

	text = span_trim(end < 0 ? text : span_first(text, (size_t)end));
	return text.len ? log_text(text) : g_strdup("");
}

void program_free(struct program_job **job)
{
	if (*job && (*job)->said >= 0)
		close((*job)->said);
	g_clear_pointer(job, g_free);
}

enum program_end program_run(const struct program *program, int64_t most_ms,
			     int *status_out, GError **error)
{
	struct program_job *job = program_start(program, error);
	enum program_end end = job ? PROGRAM_RUNS : PROGRAM_NOT_STARTED;

	while (end == PROGRAM_RUNS) {
		end = program_poll(job, most_ms, status_out);
		if (end == PROGRAM_RUNS)
			poll(NULL, 0, LOOK_MS);
	}
	program_free(&job);
	return end;
}
