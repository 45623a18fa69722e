#include <config.h>

#include "message/sendmail.h"

#include "base/program.h"

#define LOOK_EVERY_US 5000

struct sendmail_job {
	struct program_job *program;
	char *name;
};

static void add_span(GPtrArray *words, struct span text)
{
	g_ptr_array_add(words, g_strndup(text.len ? text.ptr : "", text.len));
}

/* A recipient that begins with - stands behind --, and the sender in a word of
 * its own behind its option. */
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

struct sendmail_job *sendmail_start(const struct sendmail_mail *mail,
				    GError **error)
{
	GPtrArray *words = words_of(mail, error);
	struct sendmail_job *job = NULL;

	if (!words)
		return NULL;
	const struct program program = {
		(char **)words->pdata, mail->bytes, true,
	};
	struct program_job *started = program_start(&program, error);

	if (started) {
		job = g_new0(struct sendmail_job, 1);
		job->program = started;
		job->name = g_strdup(words->pdata[0]);
	}
	g_ptr_array_unref(words);
	return job;
}

static void tell_failure(const struct sendmail_job *job, const char *how,
			 int number, GError **error)
{
	g_autofree char *said = program_said(job->program);

	g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
		    "%s failed (%s %d)%s%s", job->name, how, number,
		    *said ? ": " : "", said);
}

static enum sendmail_end look(const struct sendmail_job *job, int64_t limit_ms,
			      GError **error)
{
	int status = 0;

	switch (program_poll(job->program, limit_ms, &status)) {
	case PROGRAM_RUNS:
		return SENDMAIL_RUNS;
	case PROGRAM_EXITED:
		if (status == 0)
			return SENDMAIL_TAKEN;
		tell_failure(job, "status", status, error);
		return SENDMAIL_FAILED;
	case PROGRAM_LATE:
		g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED,
			    "%s had not ended after %d seconds", job->name,
			    (int)(limit_ms / 1000));
		return SENDMAIL_LOST;
	case PROGRAM_KILLED:
	case PROGRAM_NOT_STARTED:
		break;
	}
	tell_failure(job, "signal", status, error);
	return SENDMAIL_LOST;
}

enum sendmail_end sendmail_poll(struct sendmail_job **job, int64_t limit_ms,
				GError **error)
{
	enum sendmail_end end = look(*job, limit_ms, error);

	if (end != SENDMAIL_RUNS) {
		program_free(&(*job)->program);
		g_free((*job)->name);
		g_clear_pointer(job, g_free);
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
