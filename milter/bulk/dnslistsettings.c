#include <config.h>

#include "bulk/dnslistsettings.h"

#include "message/domaintable.h"
#include "resolver/dnsname.h"

#include <string.h>

#define LISTS_MAX 100
#define ZONE_MAX 120		/* bytes, so that names fit in front of it */

struct list_section {
	char *zone, *key_file, *reply;
	GPtrArray *what;
	GHashTable *codes;
	double score;
	unsigned names, action;
};

static const char *const names_words[] = { "organisation", "host", NULL };
static const char *const action_words[] = {
	"none", "accept", "tag", "quarantine", "defer", "reject", NULL,
};
static const enum action actions[] = {
	ACTION_NONE, ACTION_ACCEPT, ACTION_TAG, ACTION_QUARANTINE,
	ACTION_DEFER, ACTION_REJECT,
};
static const struct { const char *word; enum dnslist_item item; } items[] = {
	{ "client", DNSLIST_CLIENT }, { "helo", DNSLIST_HELO },
	{ "sender", DNSLIST_SENDER }, { "from", DNSLIST_FROM },
	{ "uri", DNSLIST_URI },
};

static const struct setting section_rows[] = {
	SETTING_TEXT(struct list_section, zone, "zone", .preset_text = "",
		.help = "The list's domain, which is asked for names below "
			"it."),
	SETTING_LIST(struct list_section, what, "what",
		.preset_text = "client",
		.help = "What it is asked about: client (the address that "
			"connected), helo, sender (the envelope's domain), from "
			"(the domain in the From field), uri (hosts that the "
			"text leads to). All but uri only for mail from "
			"strangers."),
	SETTING_SCORES(struct list_section, codes, "codes",
		.min_score = -1000, .max_score = 1000,
		.help = "Answers that count, and their scores: \"127.0.0.2\", a "
			"range \"127.0.0.4-127.0.0.7\", or \"bit 64\" for a bit "
			"of the last byte. Scores of several are added up. "
			"None: each answer in 127.0.0.0/8 counts as score."),
	SETTING_SCORE(struct list_section, score, "score",
		.preset_score = 2.0, .min_score = -1000, .max_score = 1000,
		.help = "Score of being listed, without codes; below 0 for a "
			"list of the good."),
	SETTING_WORD(struct list_section, action, "action", .preset = 0,
		.words = action_words,
		.help = "What being listed demands whatever the score: none, "
			"accept, tag, quarantine, defer or reject. defer and "
			"reject are answered at RCPT, but for from and uri."),
	SETTING_WORD(struct list_section, names, "names", .preset = 0,
		.words = names_words,
		.help = "Ask for the domain of the organisation alone, or for "
			"the host as it is."),
	SETTING_TEXT(struct list_section, key_file, "key_file",
		.preset_text = "",
		.help = "A file whose first line is the label that the service "
			"gave you, put in front of the zone. It is neither "
			"logged nor recorded."),
	SETTING_TEXT(struct list_section, reply, "reply", .preset_text = "",
		.help = "Text of a refusal; %{item} is what is listed. Empty: "
			"that it is listed by the zone."),
};

static const struct setting_section_type section_type = {
	.size = sizeof(struct list_section),
	.rows = section_rows,
	.row_count = G_N_ELEMENTS(section_rows),
};

static const struct setting rows[] = {
	SETTING_SECTIONS(struct dnslist_settings, sections, "dns_lists.lists",
		.section = &section_type,
		.help = "DNS lists, a named section each: lists { local { zone "
			"= \"bl.example.org\"; what = [\"client\"]; score = 4; "
			"} }. None is asked unless it stands here: look into a "
			"service's terms first."),
	SETTING_LIST(struct dnslist_settings, except, "dns_lists.except",
		.preset_text = "",
		.help = "Domains that no list is asked about; .example.org for "
			"what is below one. Your own (relay.domains, "
			"relay.addresses) and private addresses are never asked "
			"about."),
	SETTING_COUNT(struct dnslist_settings, uris_max, "dns_lists.uris",
		.preset = 20, .min = 0, .max = 200,
		.help = "Most hosts of one text that lists are asked about, "
			"from its beginning."),
	SETTING_COUNT(struct dnslist_settings, failures_max,
		"dns_lists.failures", .preset = 5, .min = 1, .max = 1000,
		.help = "After so many time-outs and failures in a row a list "
			"is passed over for a while."),
	SETTING_TIME_MS(struct dnslist_settings, pause_ms, "dns_lists.pause",
		.preset = 60000, .min = 1000, .max = 86400000,
		.help = "How long it is passed over; then one message tries."),
};

static bool take_zone(struct dnslist *list, const char *zone,
		      struct settings *settings, GError **error)
{
	size_t len = strlen(zone);

	list->zone = g_ascii_strdown(zone, -1);
	if (len && list->zone[len - 1] == '.')
		list->zone[len - 1] = '\0';
	if (len <= ZONE_MAX && dnsname_is_valid(list->zone))
		return true;
	return settings_fail(settings, "dns_lists.lists", error,
			     "%s: zone \"%s\" is no domain of up to "
			     G_STRINGIFY(ZONE_MAX) " bytes", list->name, zone);
}

static bool take_items(struct dnslist *list, const GPtrArray *what,
		       struct settings *settings, GError **error)
{
	for (guint i = 0; i < what->len; i++) {
		const char *word = g_ptr_array_index(what, i);
		unsigned before = list->items;

		for (size_t k = 0; k < G_N_ELEMENTS(items); k++)
			if (strcmp(word, items[k].word) == 0)
				list->items |= items[k].item;
		if (list->items == before)
			return settings_fail(settings, "dns_lists.lists", error,
				"%s: what: \"%s\" is none of client, helo, "
				"sender, from and uri, or stands twice",
				list->name, word);
	}
	return true;
}

static bool read_answer(const char *text, size_t len, uint32_t *out)
{
	struct netaddr addr;

	if (!netaddr_parse(span_trim(span_of(text, len)), &addr) ||
	    addr.family != NETADDR_IP4 || addr.bytes[12] != 127)
		return false;
	*out = (uint32_t)addr.bytes[12] << 24 | (uint32_t)addr.bytes[13] << 16 |
	       (uint32_t)addr.bytes[14] << 8 | addr.bytes[15];
	return true;
}

static bool read_code(const char *text, struct dnslist_code *out)
{
	const char *dash = strchr(text, '-');
	char *end;
	unsigned long bit;

	if (g_str_has_prefix(text, "bit ")) {
		bit = strtoul(text + strlen("bit "), &end, 10);
		out->bit = (uint8_t)bit;
		return !*end && bit && bit <= 128 && !(bit & (bit - 1));
	}
	if (!read_answer(text, dash ? (size_t)(dash - text) : strlen(text),
			 &out->first))
		return false;
	out->last = out->first;
	return !dash || (read_answer(dash + 1, strlen(dash + 1), &out->last) &&
			 out->last >= out->first);
}

static bool take_codes(struct dnslist *list, GHashTable *codes,
		       struct settings *settings, GError **error)
{
	GHashTableIter iter;
	void *text, *score;

	g_hash_table_iter_init(&iter, codes);
	while (g_hash_table_iter_next(&iter, &text, &score)) {
		struct dnslist_code code = { .score = *(double *)score };

		if (!read_code(text, &code))
			return settings_fail(settings, "dns_lists.lists", error,
				"%s: codes: \"%s\" is neither an address in "
				"127.0.0.0/8, nor a range of them, nor \"bit N\"",
				list->name, (const char *)text);
		g_array_append_val(list->codes, code);
	}
	return true;
}

static bool take_key(struct dnslist *list, const char *file,
		     struct settings *settings, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;

	if (!*file)
		return true;
	settings_watch(settings, file);
	if (!g_file_get_contents(file, &text, NULL, &why))
		return settings_fail(settings, "dns_lists.lists", error,
				     "%s: key_file: %s", list->name,
				     why->message);
	text[strcspn(text, "\r\n")] = '\0';
	g_strstrip(text);
	if (!dnsname_is_valid(text) || strlen(text) > 63)
		return settings_fail(settings, "dns_lists.lists", error,
			"%s: key_file: the first line of %s is no label",
			list->name, file);
	list->key = g_ascii_strdown(text, -1);
	return true;
}

static bool take_symbol(struct dnslist *list, struct settings *settings,
			GError **error)
{
	g_autoptr(GString) symbol = g_string_new("DNSLIST_");

	for (const char *c = list->name; *c; c++) {
		if (!g_ascii_isalnum(*c) && *c != '-' && *c != '_')
			return settings_fail(settings, "dns_lists.lists", error,
				"%s: names of lists are made of letters, digits, "
				"- and _", list->name);
		g_string_append_c(symbol, *c == '-' ? '_' :
					  g_ascii_toupper(*c));
	}
	list->symbol = g_intern_string(symbol->str);
	return true;
}

static void list_free(void *value)
{
	struct dnslist *list = value;

	g_free(list->zone);
	g_free(list->key);
	g_array_unref(list->codes);
	g_free(list);
}

static bool add_list(struct dnslist_settings *mine,
		     const struct setting_section *section,
		     struct settings *settings, GError **error)
{
	const struct list_section *values = section->values;
	struct dnslist *list = g_new0(struct dnslist, 1);

	list->name = section->name;
	list->codes = g_array_new(FALSE, FALSE, sizeof(struct dnslist_code));
	list->is_whole_host = values->names == 1;
	list->score = values->score;
	list->action = actions[values->action];
	list->reply = values->reply;
	g_ptr_array_add(mine->lists, list);
	return take_symbol(list, settings, error) &&
	       take_zone(list, values->zone, settings, error) &&
	       take_items(list, values->what, settings, error) &&
	       take_codes(list, values->codes, settings, error) &&
	       take_key(list, values->key_file, settings, error);
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct dnslist_settings *mine = values;
	g_autoptr(GError) why = NULL;

	mine->lists = g_ptr_array_new_with_free_func(list_free);
	mine->excepted = domaintable_new();
	for (guint i = 0; i < mine->except->len; i++)
		if (!domaintable_add(mine->excepted, span_text(
				     g_ptr_array_index(mine->except, i)), &why))
			return settings_fail(settings, "dns_lists.except",
					     error, "%s", why->message);
	if (mine->sections->len > LISTS_MAX)
		return settings_fail(settings, "dns_lists.lists", error,
				     "more than " G_STRINGIFY(LISTS_MAX));
	for (guint i = 0; i < mine->sections->len; i++)
		if (!add_list(mine, g_ptr_array_index(mine->sections, i),
			      settings, error))
			return false;
	return true;
}

static void release(void *values)
{
	struct dnslist_settings *mine = values;

	if (mine->lists)
		g_ptr_array_unref(mine->lists);
	domaintable_free(mine->excepted);
}

const struct setting_group dnslists_group = {
	.size = sizeof(struct dnslist_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct dnslist_settings *dnslists_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &dnslists_group);
}
