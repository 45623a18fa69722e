#include <config.h>

#include "message/ours.h"

#include "message/domaintable.h"
#include "message/transaction.h"

#include <ifaddrs.h>

/* Named after the first use that was made of them. */
static const struct setting rows[] = {
	SETTING_LIST(struct ours, list, "relay.domains",
		.preset_text = "",
		.help = "Our domains, to which anyone may send: example.org, "
			"or .example.org for all its subdomains. When neither "
			"this nor relay.domains_file is given, the MTA's own "
			"opinion decides: see relay.remote_mailers."),
	SETTING_TEXT(struct ours, file, "relay.domains_file",
		.preset_text = "",
		.help = "A file with more of our domains, one a line, # "
			"begins a comment. It is read anew when it changes."),
	SETTING_LIST(struct ours, address_list, "relay.addresses",
		.preset_text = "",
		.help = "IP addresses that are ours in user@[address], beside "
			"those of this host and the one that the MTA says it "
			"listens on."),
};

static void add_own_addresses(struct netset *set)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		struct netaddr addr;

		if (!one->ifa_addr ||
		    !netaddr_of_sockaddr(one->ifa_addr, &addr, NULL))
			continue;
		struct network net = network_around(&addr, 128);

		netset_add(set, &net);
	}
	freeifaddrs(all);
}

static bool read_addresses(struct ours *ours, GError **error)
{
	ours->addresses = netset_new();
	if (!netset_add_list(ours->addresses, ours->address_list, error))
		return false;
	add_own_addresses(ours->addresses);
	netset_seal(ours->addresses);
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct ours *ours = values;
	g_autoptr(GError) why = NULL;

	ours->table = domaintable_new();
	ours->is_given = ours->list->len || *ours->file;
	for (guint i = 0; i < ours->list->len; i++)
		if (!domaintable_add(ours->table,
			span_text(g_ptr_array_index(ours->list, i)), &why))
			return settings_fail(settings, "relay.domains", error,
					     "%s", why->message);
	if (!read_addresses(ours, &why))
		return settings_fail(settings, "relay.addresses", error, "%s",
				     why->message);
	if (!*ours->file)
		return true;
	settings_watch(settings, ours->file);
	if (domaintable_add_file(ours->table, ours->file, &why))
		return true;
	return settings_fail(settings, "relay.domains_file", error, "%s",
			     why->message);
}

static void release(void *values)
{
	struct ours *ours = values;

	domaintable_free(ours->table);
	netset_free(ours->addresses);
}

const struct setting_group ours_group = {
	.size = sizeof(struct ours),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct ours *ours_of(const struct settings *settings)
{
	return settings_values(settings, &ours_group);
}

/* {daemon_addr}: Sendmail writes IPv6:::1, Postfix ::1. */
static bool read_daemon_addr(const char *text, struct netaddr *addr_out)
{
	struct span addr = span_text(text);

	if (span_is_word(span_first(addr, 5), "IPv6:"))
		addr = span_from(addr, 5);
	return netaddr_parse(addr, addr_out);
}

bool ours_has_address(const struct ours *ours, const struct client *client,
		      const struct netaddr *addr)
{
	struct netaddr reached;

	if (addr->family == NETADDR_NONE)
		return false;
	return netset_has(ours->addresses, addr) ||
	       (client->daemon_addr &&
		read_daemon_addr(client->daemon_addr, &reached) &&
		netaddr_compare(&reached, addr) == 0);
}
