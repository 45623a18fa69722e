#include <config.h>

#include "settings/global.h"

#include "base/span.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const char *const mode_words[] = { "enforce", "monitor", NULL };
static const char *const target_words[] = { "auto", "syslog", "stderr", NULL };
/* In syslog's order, so that the index is the level. */
static const char *const level_words[] = {
	"emerg", "alert", "crit", "error", "warning", "notice", "info",
	"debug", NULL,
};

static const struct setting rows[] = {
	SETTING_TEXT(struct global_settings, listen, "listen",
		.preset_text = "inet:8891@127.0.0.1", .apply = APPLY_START,
		.help = "Where the MTA reaches the filter: inet:PORT@ADDRESS, "
			"inet6:PORT@ADDRESS or unix:PATH. Not to be open to "
			"strangers: who reaches it can make records."),
	SETTING_TEXT(struct global_settings, listen_mode, "listen_mode",
		.preset_text = "0660", .apply = APPLY_START,
		.help = "Mode of a unix socket, in octal."),
	SETTING_TEXT(struct global_settings, listen_group, "listen_group",
		.preset_text = "", .apply = APPLY_START,
		.help = "Group of a unix socket, such as the MTA's. Empty: "
			"the group of the daemon."),
	SETTING_COUNT(struct global_settings, backlog, "backlog",
		.preset = 128, .min = 1, .max = 65535, .apply = APPLY_START,
		.help = "Connections that may wait to be accepted."),
	SETTING_TEXT(struct global_settings, state_dir, "state_dir",
		.preset_text = "/var/lib/mailreeve", .apply = APPLY_START,
		.help = "Folder of records and state. It belongs to the "
			"daemon's user alone; not on a network file system."),
	SETTING_TEXT(struct global_settings, user, "user",
		.preset_text = "mailreeve", .apply = APPLY_START,
		.help = "The user that the daemon becomes when root starts "
			"it."),
	SETTING_TEXT(struct global_settings, authserv_id, "authserv_id",
		.preset_text = "",
		.help = "Our name in headers that we add (RFC 8601). Empty: "
			"the host's name."),
	SETTING_WORD(struct global_settings, mode, "mode",
		.words = mode_words, .preset = MODE_ENFORCE,
		.help = "monitor: decide and record, but always accept."),
	SETTING_WORD(struct global_settings, log_level, "log.level",
		.words = level_words, .preset = 6,
		.help = "The least grave events that are logged."),
	SETTING_WORD(struct global_settings, log_target, "log.target",
		.words = target_words, .preset = LOG_WHERE_AUTO,
		.apply = APPLY_START,
		.help = "auto: standard error in the foreground, else "
			"syslog's mail facility."),
	SETTING_TIME_MS(struct global_settings, shutdown_wait_ms,
		"shutdown_wait", .preset = 30000, .min = 0, .max = 600000,
		.help = "How long, at SIGTERM, messages in hand may take to "
			"end. New ones are deferred meanwhile."),
	SETTING_TIME_MS(struct global_settings, session_timeout_ms,
		"session_timeout", .preset = 1800000, .min = 10000,
		.max = 7200000, .apply = APPLY_START,
		.help = "A connection on which the MTA says nothing for so "
			"long is closed. Longer than the MTA's own time-outs "
			"towards its clients."),
};

static bool is_port(struct span text)
{
	unsigned port = 0;

	if (text.len == 0 || text.len > 5)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!g_ascii_isdigit(text.ptr[i]))
			return false;
		port = port * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return port > 0 && port <= 65535;
}

static bool is_listen(const char *listen)
{
	const char *colon = strchr(listen, ':'), *at;

	if (!colon)
		return false;
	if (g_str_has_prefix(listen, "unix:") ||
	    g_str_has_prefix(listen, "local:"))
		return colon[1] == '/' &&
		       strlen(colon + 1) <
		       sizeof ((struct sockaddr_un *)0)->sun_path;
	if (!g_str_has_prefix(listen, "inet:") &&
	    !g_str_has_prefix(listen, "inet6:"))
		return false;
	at = strchr(colon, '@');
	return at && at[1] &&
	       is_port(span_of(colon + 1, (size_t)(at - colon - 1)));
}

static bool is_octal(const char *text)
{
	size_t len = strlen(text);

	return len >= 3 && len <= 4 && strspn(text, "01234567") == len;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct global_settings *global = values;

	if (!is_listen(global->listen))
		return settings_fail(settings, "listen", error,
			"\"%s\" is no socket; write inet:8891@127.0.0.1 or "
			"unix:/run/mailreeve/milter.sock", global->listen);
	if (!is_octal(global->listen_mode))
		return settings_fail(settings, "listen_mode", error,
			"\"%s\" is no mode; write it in octal, as 0660",
			global->listen_mode);
	if (!g_path_is_absolute(global->state_dir))
		return settings_fail(settings, "state_dir", error,
			"\"%s\" is not an absolute path", global->state_dir);
	if (!*global->authserv_id) {
		g_free(global->authserv_id);
		global->authserv_id = g_strdup(g_get_host_name());
	}
	return true;
}

const struct setting_group global_group = {
	.size = sizeof(struct global_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

const struct global_settings *global_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &global_group);
}
