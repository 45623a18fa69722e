#include <config.h>

#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_target where = LOG_TARGET_STDERR;
static atomic_int threshold = LOG_INFO;
static _Atomic(log_listener_fn *) listening;

void log_open(enum log_target target, int most_verbose)
{
	where = target;
	log_set_level(most_verbose);
	if (target == LOG_TARGET_SYSLOG)
		openlog("mailreeve", LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_set_level(int most_verbose)
{
	atomic_store(&threshold, most_verbose);
}

void log_set_listener(log_listener_fn *listener)
{
	atomic_store(&listening, listener);
}

static const char *level_word(int level)
{
	static const char *const words[] = {
		"emerg", "alert", "crit", "error", "warning", "notice",
		"info", "debug",
	};

	return words[level & 7];
}

/* One write() a line, so that lines of several threads do not mix. */
static void to_stderr(int level, const GString *line)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
	g_autofree char *text = g_strdup_printf(
		"%s.%03dZ %s %s\n", stamp,
		g_date_time_get_microsecond(now) / 1000, level_word(level),
		line->str);
	ssize_t done = write(STDERR_FILENO, text, strlen(text));

	(void)done;		/* nowhere left to tell it */
}

void log_event(const struct log_context *context, int level,
	       const char *event, const char *fmt, ...)
{
	bool is_written = level <= atomic_load_explicit(&threshold,
							memory_order_relaxed);
	log_listener_fn *listener = level <= LOG_WARNING ?
				    atomic_load(&listening) : NULL;
	va_list args;

	if (!is_written && !listener)
		return;
	g_autoptr(GString) line = g_string_new(event);

	if (context && context->session && *context->session)
		g_string_append_printf(line, " session=%s", context->session);
	if (context && context->queue_id && *context->queue_id)
		g_string_append_printf(line, " queue=%s", context->queue_id);
	if (*fmt)
		g_string_append_c(line, ' ');
	va_start(args, fmt);
	g_string_append_vprintf(line, fmt, args);
	va_end(args);
	if (is_written && where == LOG_TARGET_SYSLOG)
		syslog(level, "%s", line->str);
	else if (is_written)
		to_stderr(level, line);
	if (listener)
		listener(level, event, line->str);
}

char *log_text(struct span bytes)
{
	struct span shown = span_first(bytes, LOG_TEXT_MAX);
	GString *out = g_string_sized_new(shown.len + 8);

	g_string_append_c(out, '"');
	for (size_t i = 0; i < shown.len; i++) {
		unsigned char c = (unsigned char)shown.ptr[i];

		if (c == '"' || c == '\\')
			g_string_append_c(out, '\\');
		if (c >= 0x20 && c < 0x7f)
			g_string_append_c(out, (char)c);
		else
			g_string_append_printf(out, "\\x%02x", c);
	}
	if (shown.len < bytes.len)
		g_string_append(out, "...");
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}
