#include <config.h>

#include "message/sendmail.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX 200		/* bytes of what the program wrote */
#define LOOK_EVERY_US 5000

struct sendmail_job {
	GPid pid;
	int said;			/* what it writes on both outputs */
	int64_t began_us;
	char *name;
};

static void add_span(GPtrArray *words, struct span text)
{
	g_ptr_array_add(words, g_strndup(text.len ? text.ptr : "", text.len));
}

/* A recipient that begins with - stands behind --, and the sender in a word of its
 * own behind its option. */
static GPtrArray *words_of(const struct sendmail_mail *mail, GError **error)
{
	g_auto(GStrv) given = NULL;
	GPtrArray *words;

	if (!g_shell_parse_argv(mail->program, NULL, &given, error))
		return NULL;
	words = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; given[i]; i++)
		add_span(words, span_text(given[i]));
	add_span(words, span_text("-i"));
	add_span(words, span_text("-f"));
	add_span(words, mail->sender.len ? mail->sender : span_text("<>"));
	add_span(words, span_text("--"));
	for (size_t i = 0; mail->to[i]; i++)
		add_span(words, span_text(mail->to[i]));
	g_ptr_array_add(words, NULL);
	return words;
}

/* A file without a name; -1 with errno. */
static int file_of(struct span bytes)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	while (fd >= 0 && bytes.len) {
		ssize_t done = write(fd, bytes.ptr, bytes.len);

		if (done < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		bytes = span_from(bytes, done > 0 ? (size_t)done : 0);
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static void job_free(struct sendmail_job *job)
{
	if (job->said >= 0)
		close(job->said);
	g_free(job->name);
	g_free(job);
}

static struct sendmail_job *start(GPtrArray *words, int input, int said,
				  GError **error)
{
	struct sendmail_job *job = g_new0(struct sendmail_job, 1);

	job->said = said;
	job->began_us = clock_monotonic_us();
	job->name = g_strdup(words->pdata[0]);
	if (g_spawn_async_with_fds("/", (char **)words->pdata, NULL,
			G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
			NULL, &job->pid, input, said, said, error))
		return job;
	job_free(job);
	return NULL;
}

struct sendmail_job *sendmail_start(const struct sendmail_mail *mail,
				    GError **error)
{
	GPtrArray *words = words_of(mail, error);
	struct sendmail_job *job = NULL;
	int input, said;

	if (!words)
		return NULL;
	input = file_of(mail->bytes);
	said = file_of(span_of(NULL, 0));
	if (input < 0 || said < 0) {
		g_set_error_literal(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
				    g_strerror(errno));
		if (said >= 0)
			close(said);
	} else {
		job = start(words, input, said, error);
	}
	if (input >= 0)
		close(input);
	g_ptr_array_unref(words);
	return job;
}

/* The first line of it, as a log has strangers' text; "" when there is none. */
static char *said_by(const struct sendmail_job *job)
{
	char bytes[SAID_MAX];
	ssize_t len = pread(job->said, bytes, sizeof bytes, 0);
	struct span text = span_of(bytes, len > 0 ? (size_t)len : 0);
	ptrdiff_t end = span_find(text, '\n');

	text = span_trim(end < 0 ? text : span_first(text, (size_t)end));
	return text.len ? log_text(text) : g_strdup("");
}

static enum sendmail_end end_of(const struct sendmail_job *job, int status,
				GError **error)
{
	g_autofree char *said = NULL;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return SENDMAIL_TAKEN;
	said = said_by(job);
	g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
		    "%s failed (%s %d)%s%s", job->name,
		    WIFEXITED(status) ? "status" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
		    *said ? ": " : "", said);
	return WIFEXITED(status) ? SENDMAIL_FAILED : SENDMAIL_LOST;
}

static enum sendmail_end give_up(const struct sendmail_job *job,
				 int64_t limit_ms, GError **error)
{
	int status;

	kill(job->pid, SIGKILL);
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "%s had not "
		    "ended after %d seconds", job->name,
		    (int)(limit_ms / 1000));
	return SENDMAIL_LOST;
}

enum sendmail_end sendmail_poll(struct sendmail_job **job, int64_t limit_ms,
				GError **error)
{
	int64_t lasted_us = clock_monotonic_us() - (*job)->began_us;
	enum sendmail_end end = SENDMAIL_RUNS;
	int status;
	pid_t got = waitpid((*job)->pid, &status, WNOHANG);

	if (got > 0)
		end = end_of(*job, status, error);
	else if (limit_ms && lasted_us > limit_ms * 1000)
		end = give_up(*job, limit_ms, error);
	if (end != SENDMAIL_RUNS) {
		job_free(*job);
		*job = NULL;
	}
	return end;
}

bool sendmail_run(const struct sendmail_mail *mail, int64_t limit_ms,
		  GError **error)
{
	struct sendmail_job *job = sendmail_start(mail, error);
	enum sendmail_end end = job ? SENDMAIL_RUNS : SENDMAIL_FAILED;

	while (end == SENDMAIL_RUNS) {
		end = sendmail_poll(&job, limit_ms, error);
		if (end == SENDMAIL_RUNS)
			g_usleep(LOOK_EVERY_US);
	}
	return end == SENDMAIL_TAKEN;
}
