#include <config.h>

#include "content/clamdsettings.h"

#include "base/netaddr.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#define SOCKETS_MAX 16

static const char *const on_error_words[] = { "accept", "defer", NULL };

static const struct setting rows[] = {
	SETTING_LIST(struct clamd_settings, sockets, "clamd.sockets",
		.preset_text = "",
		.help = "Where clamd listens: a path, 127.0.0.1:3310 or "
			"[2001:db8::1]:3310. The first that answers scans. "
			"None: no message is scanned for viruses."),
	SETTING_TIME_MS(struct clamd_settings, timeout_ms, "clamd.timeout",
		.preset = 10000, .min = 100, .max = 120000,
		.help = "Longest that one message waits for clamd. Of several "
			"sockets each has an equal share, and what those "
			"before it left."),
	SETTING_TIME_MS(struct clamd_settings, retry_ms, "clamd.retry",
		.preset = 10000, .min = 0, .max = 3600000,
		.help = "How long a clamd that lets one wait, even for an "
			"answer to PING, is not asked again."),
	SETTING_BYTES(struct clamd_settings, max_bytes, "clamd.max_size",
		.preset = 25 << 20, .min = 1024, .max = 1 << 30,
		.help = "Most bytes of a message that are sent; the finding "
			"VIRUS_PARTLY tells of a longer one. At most clamd's "
			"StreamMaxLength, past which it scans nothing."),
	SETTING_WORD(struct clamd_settings, on_error, "clamd.on_error",
		.words = on_error_words, .preset = CLAMD_ON_ERROR_ACCEPT,
		.help = "What becomes of a message that no clamd could scan: "
			"accept, or defer (451 4.7.1)."),
};

static bool set_path(const char *text, struct clamd_address *out)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(text) >= sizeof addr.sun_path)
		return false;
	g_strlcpy(addr.sun_path, text, sizeof addr.sun_path);
	memcpy(&out->addr, &addr, sizeof addr);
	out->size = sizeof addr;
	return true;
}

/* 0: none. */
static uint16_t port_of(struct span text)
{
	unsigned port = 0;

	for (size_t i = 0; i < text.len && port <= 65535; i++) {
		if (!g_ascii_isdigit(text.ptr[i]))
			return 0;
		port = port * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return port <= 65535 ? (uint16_t)port : 0;
}

static void set_inet(const struct netaddr *from, uint16_t port,
		     struct clamd_address *out)
{
	struct sockaddr_in addr4 = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 addr6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	memcpy(&addr4.sin_addr, from->bytes + 12, 4);
	memcpy(&addr6.sin6_addr, from->bytes, 16);
	if (from->family == NETADDR_IP4)
		memcpy(&out->addr, &addr4, sizeof addr4);
	else
		memcpy(&out->addr, &addr6, sizeof addr6);
	out->size = from->family == NETADDR_IP4 ? sizeof addr4 : sizeof addr6;
}

static bool read_address(const char *text, struct clamd_address *out)
{
	struct span all = span_text(text), host;
	ptrdiff_t colon = span_find_last(all, ':');
	struct netaddr addr;
	uint16_t port;

	*out = (struct clamd_address){ .text = text };
	if (text[0] == '/')
		return set_path(text, out);
	if (colon < 3)
		return false;
	host = span_first(all, (size_t)colon);
	port = port_of(span_from(all, (size_t)colon + 1));
	if (host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = span_of(host.ptr + 1, host.len - 2);
	else if (span_find(host, ':') >= 0)
		return false;
	if (port == 0 || !netaddr_parse(host, &addr))
		return false;
	set_inet(&addr, port, out);
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct clamd_settings *mine = values;

	mine->addresses = g_array_new(FALSE, TRUE,
				      sizeof(struct clamd_address));
	if (mine->sockets->len > SOCKETS_MAX)
		return settings_fail(settings, "clamd.sockets", error,
				     "more than %d", SOCKETS_MAX);
	for (guint i = 0; i < mine->sockets->len; i++) {
		const char *text = g_ptr_array_index(mine->sockets, i);
		struct clamd_address address;

		if (!read_address(text, &address))
			return settings_fail(settings, "clamd.sockets", error,
				"\"%s\" is no socket; write a whole path, or "
				"address:port, with [] around IPv6", text);
		g_array_append_val(mine->addresses, address);
	}
	return true;
}

static void release(void *values)
{
	struct clamd_settings *mine = values;

	g_clear_pointer(&mine->addresses, g_array_unref);
}

const struct setting_group clamd_group = {
	.size = sizeof(struct clamd_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct clamd_settings *clamd_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &clamd_group);
}
