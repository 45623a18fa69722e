#include <config.h>

#include "bulk/customers.h"

#include "message/domaintable.h"

#include <string.h>

#define CUSTOMERS_MAX 10000

struct customer_section {
	GPtrArray *networks, *accounts, *domains;
	struct customer made;
};

struct customer_settings {
	GPtrArray *sections;
	GHashTable *logins;		/* login or @domain -> struct
					 * customer * */
};

static const struct setting section_rows[] = {
	SETTING_LIST(struct customer_section, networks, "networks",
		.preset_text = "",
		.help = "Addresses and networks of the customer's clients."),
	SETTING_LIST(struct customer_section, accounts, "accounts",
		.preset_text = "",
		.help = "The customer's logins; @example.org for all logins "
			"that end so."),
	SETTING_LIST(struct customer_section, domains, "domains",
		.preset_text = "",
		.help = "Domains that the customer sends as; .example.org for "
			"all below one. With them CUSTOMER_RELAYS tells "
			"whether its server relays for strangers."),
};

static const struct setting_section_type section_type = {
	.size = sizeof(struct customer_section),
	.rows = section_rows,
	.row_count = G_N_ELEMENTS(section_rows),
};

static const struct setting rows[] = {
	SETTING_SECTIONS(struct customer_settings, sections, "bulk.customers",
		.section = &section_type,
		.help = "Who is which customer, for limits by customer, and to "
			"find their open relays: customers { acme { networks = "
			"[\"192.0.2.0/28\"]; accounts = [\"@acme.example\"]; "
			"domains = [\"acme.example\"]; } }."),
};

static bool read_one(struct customer_settings *mine,
		     struct setting_section *section,
		     const struct settings *settings, GError **error)
{
	struct customer_section *values = section->values;
	g_autoptr(GError) why = NULL;

	values->made = (struct customer){ section->name, netset_new(),
					  domaintable_new() };
	if (!netset_add_list(values->made.networks, values->networks, &why))
		return settings_fail(settings, "bulk.customers", error,
				     "%s: networks: %s", section->name,
				     why->message);
	netset_seal(values->made.networks);
	for (guint i = 0; i < values->domains->len; i++)
		if (!domaintable_add(values->made.domains, span_text(
				     g_ptr_array_index(values->domains, i)),
				     &why))
			return settings_fail(settings, "bulk.customers", error,
					     "%s: domains: %s", section->name,
					     why->message);
	for (guint i = 0; i < values->accounts->len; i++)
		g_hash_table_insert(mine->logins, g_ascii_strdown(
			g_ptr_array_index(values->accounts, i), -1),
			&values->made);
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct customer_settings *mine = values;

	mine->logins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					     NULL);
	if (mine->sections->len > CUSTOMERS_MAX)
		return settings_fail(settings, "bulk.customers", error,
				     "more than " G_STRINGIFY(CUSTOMERS_MAX));
	for (guint i = 0; i < mine->sections->len; i++)
		if (!read_one(mine, g_ptr_array_index(mine->sections, i),
			      settings, error))
			return false;
	return true;
}

static void release(void *values)
{
	struct customer_settings *mine = values;

	g_clear_pointer(&mine->logins, g_hash_table_unref);
	for (guint i = 0; mine->sections && i < mine->sections->len; i++) {
		const struct setting_section *section = g_ptr_array_index(
			mine->sections, i);
		struct customer_section *one = section->values;

		netset_free(one->made.networks);
		domaintable_free(one->made.domains);
	}
}

const struct setting_group customers_group = {
	.size = sizeof(struct customer_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

static const struct customer *of_login(const struct customer_settings *mine,
				       const char *login)
{
	g_autofree char *lower = g_ascii_strdown(login, -1);
	const char *at = strrchr(lower, '@');
	const struct customer *found = g_hash_table_lookup(mine->logins,
							   lower);

	return found || !at ? found : g_hash_table_lookup(mine->logins, at);
}

const struct customer *customers_find(const struct settings *settings,
				      const char *login,
				      const struct netaddr *addr)
{
	const struct customer_settings *mine = settings_values(
		settings, &customers_group);
	const struct customer *found = login ? of_login(mine, login) : NULL;

	for (guint i = 0; !found && addr->family != NETADDR_NONE &&
			  i < mine->sections->len; i++) {
		const struct setting_section *section = g_ptr_array_index(
			mine->sections, i);
		const struct customer_section *one = section->values;

		if (netset_has(one->made.networks, addr))
			found = &one->made;
	}
	return found;
}
