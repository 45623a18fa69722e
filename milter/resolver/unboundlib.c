#include <config.h>

#include "resolver/unboundlib.h"

#include "resolver/resolversettings.h"

#include <string.h>
#include <unbound.h>

static bool check(int err, const char *what, GError **error)
{
	if (!err)
		return true;
	g_set_error(error, g_quark_from_static_string("resolver"), 0, "resolver: %s: %s", what,
		    ub_strerror(err));
	return false;
}

static bool set_servers(struct ub_ctx *unbound, const GPtrArray *servers,
			GError **error)
{
	if (!servers->len)
		return check(ub_ctx_resolvconf(unbound, NULL),
			     "/etc/resolv.conf", error);
	for (guint i = 0; i < servers->len; i++) {
		const char *server = g_ptr_array_index(servers, i);

		if (!check(ub_ctx_set_fwd(unbound, server), server, error))
			return false;
	}
	return true;
}

bool unboundlib_set_up(struct ub_ctx *unbound,
		       const struct resolver_settings *settings, GError **error)
{
	static const struct { const char *name, *value; } options[] = {
		{ "do-not-query-localhost:", "no" },
		/* A forwarder that did not answer is asked again, rather than
		 * left alone for a quarter of an hour. */
		{ "infra-keep-probing:", "yes" },
		{ "use-syslog:", "no" },
		/* Names of private networks are the local servers' to know. */
		{ "unblock-lan-zones:", "yes" },
		{ "local-zone:", "test. nodefault" },
		{ "local-zone:", "invalid. nodefault" },
		{ "local-zone:", "home.arpa. nodefault" },
	};

	/* What goes wrong is told as an answer, and not on standard error. */
	ub_ctx_debugout(unbound, NULL);
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (!check(ub_ctx_set_option(unbound, options[i].name,
					     options[i].value),
			   options[i].name, error))
			return false;
	if (!check(ub_ctx_set_option(unbound, "module-config:",
				     settings->is_dnssec ?
				     "validator iterator" : "iterator"),
		   "module-config", error) ||
	    !set_servers(unbound, settings->servers, error))
		return false;
	if (settings->is_dnssec &&
	    !check(ub_ctx_add_ta_file(unbound, settings->trust_anchor),
		   settings->trust_anchor, error))
		return false;
	return check(ub_ctx_async(unbound, 1), "threads", error);
}

/* libunbound reads names with escapes, so what is odd is escaped. */
char *unboundlib_name(const char *name)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c <= 0x20 || c >= 0x7f || strchr("\\\"();@$", c))
			g_string_append_printf(out, "\\%03u", c);
		else
			g_string_append_c(out, (char)c);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* libunbound's own reading of its packet fails on a record without data (an
 * empty TXT), so the packet is read here. */
struct dnsanswer *unboundlib_answer(const struct ub_result *result)
{
	struct dnsanswer *answer;

	if (result->bogus)
		return dnsanswer_new(DNS_BOGUS, 0, NULL, 0);
	answer = dnsanswer_parse(
		span_of(result->answer_packet, (size_t)result->answer_len),
		(enum dns_type)result->qtype);
	if (!answer->count)
		answer->ttl_s = (uint32_t)MAX(result->ttl, 0);
	answer->is_secure = result->secure;
	return answer;
}
