#include <config.h>

#include "content/routes.h"

#include "base/netaddr.h"
#include "content/globs.h"

#include <glib.h>
#include <string.h>

struct route {
	char *addr, *host;
};

struct routes {
	GArray *all;			/* of struct route */
};

static void clear_route(gpointer memory)
{
	struct route *route = memory;

	g_free(route->addr);
	g_free(route->host);
}

struct routes *routes_new(void)
{
	struct routes *routes = g_new(struct routes, 1);

	routes->all = g_array_new(FALSE, FALSE, sizeof(struct route));
	g_array_set_clear_func(routes->all, clear_route);
	return routes;
}

void routes_free(struct routes *routes)
{
	g_array_unref(routes->all);
	g_free(routes);
}

void routes_add(struct routes *routes, const char *addr, const char *host)
{
	struct route route = {
		g_ascii_strdown(addr, -1), g_ascii_strdown(host, -1),
	};

	g_array_append_val(routes->all, route);
}

void routes_remove(struct routes *routes, const char *addr)
{
	for (guint i = routes->all->len; i > 0; i--)
		if (g_ascii_strcasecmp(g_array_index(
			routes->all, struct route, i - 1).addr, addr) == 0)
			g_array_remove_index(routes->all, i - 1);
}

static bool is_of(const char *name, const char *domain)
{
	size_t len = strlen(name), tail = strlen(domain);

	return len >= tail &&
	       g_ascii_strcasecmp(name + len - tail, domain) == 0 &&
	       (len == tail || name[len - tail - 1] == '.');
}

/* "[10.1.2.3]", "[10.1.2]", "[10.0.0.0/8]" or a name. */
static bool is_from(const char *host, const char *ip, const char *rdns)
{
	size_t len = strcspn(host + 1, "]");
	struct network network;
	struct netaddr addr;

	if (*host != '[')
		return is_of(rdns, host);
	g_autofree char *text = g_strdup_printf("%.*s%s", (int)len, host + 1,
		host[1 + len] ? host + 2 + len : "");

	if (network_parse(span_text(text), &network, NULL))
		return netaddr_parse(span_text(ip), &addr) &&
		       network_has(&network, &addr);
	return text[strspn(text, "0123456789.")] == '\0' && *text &&
	       g_str_has_prefix(ip, text) &&
	       (g_str_has_suffix(text, ".") || ip[strlen(text)] == '.');
}

enum routes_result routes_check(const struct routes *routes, const char *addr,
				const char *ip, const char *rdns)
{
	enum routes_result result = ROUTES_UNLISTED;

	for (guint i = 0; i < routes->all->len; i++) {
		const struct route *route = &g_array_index(
			routes->all, struct route, i);

		if (!globs_fits(route->addr, addr, '\0'))
			continue;
		if (is_from(route->host, ip, rdns))
			return ROUTES_SENT;
		result = ROUTES_FORGED;
	}
	return result;
}
