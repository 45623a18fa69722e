#include <config.h>

#include "resolver/resolversettings.h"

#include "base/netaddr.h"

#include <string.h>

static const struct setting rows[] = {
	SETTING_LIST(struct resolver_settings, servers, "resolver.servers",
		.preset_text = "", .apply = APPLY_START,
		.help = "Name servers to ask, as 192.0.2.53 or "
			"127.0.0.1@5353. None: those of /etc/resolv.conf."),
	SETTING_TIME_MS(struct resolver_settings, timeout_ms,
		"resolver.timeout", .preset = 5000, .min = 100, .max = 30000,
		.help = "Longest wait for one DNS answer."),
	SETTING_TIME_MS(struct resolver_settings, budget_ms,
		"resolver.budget", .preset = 15000, .min = 100, .max = 120000,
		.help = "Longest that one message waits for all its DNS "
			"answers together. What is not known by then counts "
			"as a time-out. Shorter than the MTA's own patience "
			"(Postfix: milter_content_timeout)."),
	SETTING_COUNT(struct resolver_settings, questions,
		"resolver.questions", .preset = 250, .min = 20, .max = 10000,
		.help = "Most DNS questions asked for one message; a "
			"stranger's signatures and policies decide how many "
			"it needs. Those past it count as failed."),
	SETTING_BYTES(struct resolver_settings, cache_bytes, "resolver.cache",
		.preset = 16 << 20, .min = 0, .max = 1 << 30,
		.apply = APPLY_START,
		.help = "Memory for answers that are kept for their time to "
			"live; the least recently used leave first."),
	SETTING_TIME_MS(struct resolver_settings, failure_ttl_ms,
		"resolver.failure_ttl", .preset = 5000, .min = 0,
		.max = 300000,
		.help = "How long a failure or a time-out is remembered, so "
			"that a dead name server does not hold up each message "
			"anew."),
	SETTING_BOOL(struct resolver_settings, is_dnssec, "resolver.dnssec",
		.preset = false, .apply = APPLY_START,
		.help = "Validate answers by DNSSEC. A bogus answer counts "
			"as a failure."),
	SETTING_TEXT(struct resolver_settings, trust_anchor,
		"resolver.trust_anchor",
		.preset_text = "/usr/share/dns/root.key", .apply = APPLY_START,
		.help = "The root's keys for resolver.dnssec (Debian package "
			"dns-root-data)."),
};

static bool is_server(struct span text)
{
	ptrdiff_t at = span_find(text, '@');
	struct netaddr addr;
	unsigned port = 0;

	if (at < 0)
		return netaddr_parse(text, &addr);
	for (size_t i = (size_t)at + 1; i < text.len && port <= 65535; i++) {
		if (!g_ascii_isdigit(text.ptr[i]))
			return false;
		port = port * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return port > 0 && port <= 65535 &&
	       netaddr_parse(span_first(text, (size_t)at), &addr);
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct resolver_settings *mine = values;

	for (guint i = 0; i < mine->servers->len; i++) {
		const char *server = g_ptr_array_index(mine->servers, i);

		if (!is_server(span_text(server)))
			return settings_fail(settings, "resolver.servers",
				error, "\"%s\" is no name server; write an "
				"address, or address@port", server);
	}
	if (mine->is_dnssec && !g_file_test(mine->trust_anchor,
					    G_FILE_TEST_IS_REGULAR))
		return settings_fail(settings, "resolver.trust_anchor", error,
			"\"%s\" is not there; install dns-root-data, or name "
			"another file", mine->trust_anchor);
	return true;
}

const struct setting_group resolver_group = {
	.size = sizeof(struct resolver_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
};

const struct resolver_settings *resolver_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &resolver_group);
}
