#include <config.h>

#include "store/anchor.h"

#include "base/log.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define LOOK_MS 100

struct job {
	char *command, *line;
};

static void free_job(struct job *job)
{
	g_free(job->command);
	g_free(job->line);
	g_free(job);
}

static void fail(const struct job *job, const char *what)
{
	log_event(NULL, LOG_ERR, "anchor_failed", "command=\"%s\" anchor=\"%s\" "
		  "%s", job->command, job->line, what);
}

static bool start(const struct job *job, GPid *pid_out, int *input_out)
{
	g_autoptr(GError) why = NULL;
	g_auto(GStrv) argv = NULL;

	if (g_shell_parse_argv(job->command, NULL, &argv, &why) &&
	    g_spawn_async_with_pipes("/", argv, NULL,
		G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
		G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, pid_out, input_out,
		NULL, NULL, &why))
		return true;
	fail(job, why->message);
	return false;
}

/* Its end, or ours. */
static int wait_for(GPid pid, bool *is_late_out)
{
	int status = 0;

	*is_late_out = false;
	for (int waited_ms = 0; waitpid(pid, &status, WNOHANG) == 0;
	     waited_ms += LOOK_MS) {
		if (waited_ms >= PATIENCE_MS) {
			*is_late_out = true;
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		g_usleep(LOOK_MS * 1000);
	}
	return status;
}

static void *run(void *data)
{
	struct job *job = data;
	g_autofree char *text = g_strconcat(job->line, "\n", NULL);
	bool is_late;
	int input, status;
	GPid pid;

	if (start(job, &pid, &input)) {
		/* A line is less than a pipe holds: this does not wait. Who
		 * does not read it says so by its exit status. */
		(void)!write(input, text, strlen(text));
		close(input);
		status = wait_for(pid, &is_late);
		if (is_late)
			fail(job, "it took too long and was ended");
		else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail(job, "it failed");
	}
	free_job(job);
	return NULL;
}

void anchor_publish(const struct chain_anchor *anchor, const char *command)
{
	char line[CHAIN_ANCHOR_MAX];
	pthread_t thread;
	struct job *job;

	chain_format_anchor(anchor, line);
	log_event(NULL, LOG_NOTICE, "records_anchor", "anchor=\"%s\"", line);
	if (!*command)
		return;
	job = g_new(struct job, 1);
	*job = (struct job){ g_strdup(command), g_strdup(line) };
	if (pthread_create(&thread, NULL, run, job) == 0) {
		pthread_detach(thread);
		return;
	}
	fail(job, "there is no thread for it");
	free_job(job);
}
