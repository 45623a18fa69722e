#include <config.h>

#include "message/ourdomains.h"

#include "message/domaintable.h"

/* Named after the first use that was made of them. */
static const struct setting rows[] = {
	SETTING_LIST(struct ourdomains, list, "relay.domains",
		.preset_text = "",
		.help = "Our domains, to which anyone may send: example.org, "
			"or .example.org for all its subdomains. When neither "
			"this nor relay.domains_file is given, the MTA's own "
			"opinion decides: see relay.remote_mailers."),
	SETTING_TEXT(struct ourdomains, file, "relay.domains_file",
		.preset_text = "",
		.help = "A file with more of our domains, one a line, # "
			"begins a comment. It is read anew when it changes."),
};

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct ourdomains *ours = values;
	g_autoptr(GError) why = NULL;

	ours->table = domaintable_new();
	ours->is_given = ours->list->len || *ours->file;
	for (guint i = 0; i < ours->list->len; i++)
		if (!domaintable_add(ours->table,
			span_text(g_ptr_array_index(ours->list, i)), &why))
			return settings_fail(settings, "relay.domains", error,
					     "%s", why->message);
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
	struct ourdomains *ours = values;

	domaintable_free(ours->table);
}

const struct setting_group ourdomains_group = {
	.size = sizeof(struct ourdomains),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct ourdomains *ourdomains_of(const struct settings *settings)
{
	return settings_values(settings, &ourdomains_group);
}
