#include <config.h>

#include "bulk/limitsettings.h"

#include "bulk/window.h"
#include "message/domaintable.h"
#include "settings/unit.h"

#include <string.h>

#define LIMITS_MAX 200		/* each costs a look-up a recipient */
#define NAME_MAX_BYTES 40
#define KIB 1024

/* As read; the names of fields are those of the settings. */
struct limit_section {
	GPtrArray *key, *except;
	unsigned count, direction, action;
	int64_t most, within_ms, prefix4, prefix6;
	double score;
	bool incident;
};

struct limit_settings {
	GPtrArray *sections;
	GPtrArray *exempt;
	bool is_preset;

	/* Made from the above. */
	GArray *all;				/* of struct limit */
	struct limit_exceptions exemptions;
};

static const char *const part_words[] = {
	"client", "network", "account", "customer", "sender",
	"sender-domain", "recipient", "recipient-domain", NULL,
};
static const char *const count_words[] = {
	"messages", "recipients", "distinct-recipients", "refused-recipients",
	"bytes", "sessions", "deferred-messages", "refused-messages", NULL,
};
/* As enum direction has them, with any in place of unknown. */
static const char *const direction_words[] = {
	"any", "inbound", "outbound", "local", NULL,
};
static const char *const action_words[] = { "none", "defer", "reject", NULL };
static const enum action actions[] = {
	ACTION_NONE, ACTION_DEFER, ACTION_REJECT,
};

static const struct setting section_rows[] = {
	SETTING_LIST(struct limit_section, key, "key",
		.preset_text = "account",
		.help = "Who is counted, one or two of: client, network, "
			"account, customer, sender, sender-domain, recipient, "
			"recipient-domain. Of two, each pair has its own "
			"count. Mail that has none, such as a stranger's for "
			"account, is passed over."),
	SETTING_WORD(struct limit_section, count, "count",
		.words = count_words, .preset = LIMIT_MESSAGES,
		.help = "What is counted: messages, recipients and bytes (in "
			"whole KiB) that were accepted; distinct-recipients, "
			"when they are named, so that the same ones again are "
			"none; refused-recipients, by the MTA or by us for "
			"good; sessions in which mail was tried; "
			"deferred-messages and refused-messages, but for those "
			"that a limit held up."),
	SETTING_BYTES(struct limit_section, most, "most", .preset = 0,
		.help = "How many are let through. To be given; of bytes, "
			"write 10M."),
	SETTING_TIME_MS(struct limit_section, within_ms, "within",
		.preset = 3600000, .min = WINDOW_LEAST_S * 1000,
		.max = WINDOW_MOST_S * INT64_C(1000),
		.help = "In what time. The window slides: what came counts "
			"for at least seven eighths of it, and never longer."),
	SETTING_WORD(struct limit_section, direction, "direction",
		.words = direction_words, .preset = DIRECTION_OUTBOUND,
		.help = "The mail that is counted: any, inbound, outbound or "
			"local."),
	SETTING_LIST(struct limit_section, except, "except",
		.preset_text = "",
		.help = "Whom it does not concern: addresses and networks of "
			"clients, accounts, customers, addresses, domains "
			"(.example.org for all below), as the key has them."),
	SETTING_WORD(struct limit_section, action, "action",
		.words = action_words, .preset = 1,
		.help = "What follows for what is past it: none (but the "
			"finding), defer or reject. The reply names the limit "
			"and when it frees."),
	SETTING_SCORE(struct limit_section, score, "score",
		.preset_score = 0, .min_score = -1000, .max_score = 1000,
		.help = "Score of the finding, BULK_LIMIT_ and the limit's "
			"name in capitals; for action = none."),
	SETTING_BOOL(struct limit_section, incident, "incident",
		.preset = true,
		.help = "Record an incident for the abuse desk, one for as "
			"long as it goes on; reevectl incidents lists them. When "
			"the limit has one key, and that is no recipient, it "
			"opens or joins a case about whom it is of ours."),
	SETTING_COUNT(struct limit_section, prefix4, "prefix4",
		.preset = 24, .min = 8, .max = 32,
		.help = "Bits of an IPv4 client's network."),
	SETTING_COUNT(struct limit_section, prefix6, "prefix6",
		.preset = 64, .min = 16, .max = 128,
		.help = "Bits of an IPv6 client's network."),
};

static const struct setting_section_type section_type = {
	.size = sizeof(struct limit_section),
	.rows = section_rows,
	.row_count = G_N_ELEMENTS(section_rows),
};

static const struct setting rows[] = {
	SETTING_SECTIONS(struct limit_settings, sections, "bulk.limits",
		.section = &section_type,
		.help = "Limits, a named section each: limits { "
			"strangers { key = [network, recipient]; count = "
			"messages; most = 20; within = 10min; direction = "
			"inbound; } }."),
	SETTING_BOOL(struct limit_settings, is_preset, "bulk.preset_limits",
		.preset = true,
		.help = "Have these as well, for accounts: account-messages "
			"(1000 in 1h), account-recipients (2000 in 1h), "
			"account-distinct (10000 different recipients in 1d) "
			"and account-refused (300 recipients that were "
			"refused in 1h); each defers and is an incident. A "
			"limit of the same name takes the place of one."),
	SETTING_LIST(struct limit_settings, exempt, "bulk.exempt",
		.preset_text = "127.0.0.0/8 ::1/128",
		.help = "Whom no limit concerns, as except of a limit has it: "
			"relays of yours, such as a second MX, whose mail is "
			"that of many. An address here frees nobody's login."),
};

static const struct {
	const char *name;
	enum limit_count count;
	int64_t most, within_ms;
} presets[] = {
	{ "account-messages", LIMIT_MESSAGES, 1000, 3600000 },
	{ "account-recipients", LIMIT_RECIPIENTS, 2000, 3600000 },
	{ "account-distinct", LIMIT_DISTINCT_RECIPIENTS, 10000, 86400000 },
	{ "account-refused", LIMIT_REFUSED_RECIPIENTS, 300, 3600000 },
};

const char *limit_part_word(enum limit_part part)
{
	return part_words[part];
}

const char *limit_count_word(enum limit_count count)
{
	return count_words[count];
}

static bool fail(const struct settings *settings, const char *limit,
		 const char *field, GError **error, const char *what)
{
	g_autofree char *name = g_strdup_printf("bulk.limits.%s.%s", limit,
						field);

	return settings_fail(settings, name, error, "%s", what);
}

static void init_exceptions(struct limit_exceptions *exceptions)
{
	exceptions->networks = netset_new();
	exceptions->names = g_hash_table_new_full(g_str_hash, g_str_equal,
						  g_free, NULL);
	exceptions->domains = domaintable_new();
}

static void release_exceptions(struct limit_exceptions *exceptions)
{
	netset_free(exceptions->networks);
	g_clear_pointer(&exceptions->names, g_hash_table_unref);
	domaintable_free(exceptions->domains);
}

/* What looks like a network is one; the rest are names, and those that can be
 * domains are these as well. False: it begins like a network, and is none. */
static bool take_exceptions(struct limit_exceptions *exceptions,
			    const GPtrArray *texts, char **why_out)
{
	for (guint i = 0; i < texts->len; i++) {
		const char *text = g_ptr_array_index(texts, i);
		g_autoptr(GError) why = NULL;
		struct network net;
		bool is_domain;

		if (network_parse(span_text(text), &net, &why)) {
			netset_add(exceptions->networks, &net);
			continue;
		}
		if (strchr(text, '/') || !*text) {
			*why_out = g_strdup(why->message);
			return false;
		}
		g_hash_table_add(exceptions->names,
				 g_ascii_strdown(text, -1));
		is_domain = domaintable_add(exceptions->domains,
					    span_text(text), NULL);
		(void)is_domain;
	}
	netset_seal(exceptions->networks);
	return true;
}

static bool read_parts(struct limit *limit, const GPtrArray *words,
		       const struct settings *settings, GError **error)
{
	if (words->len == 0 || words->len > LIMIT_PARTS_MAX)
		return fail(settings, limit->name, "key", error,
			    "one part is needed, or two");
	for (guint i = 0; i < words->len; i++) {
		const char *word = g_ptr_array_index(words, i);
		unsigned part = 0;

		while (part < LIMIT_PARTS &&
		       g_ascii_strcasecmp(part_words[part], word) != 0)
			part++;
		if (part == LIMIT_PARTS) {
			g_autofree char *known = g_strjoinv(
				", ", (char **)part_words);
			g_autofree char *what = g_strdup_printf(
				"\"%s\" is none of %s", word, known);

			return fail(settings, limit->name, "key", error, what);
		}
		limit->parts[i] = (enum limit_part)part;
	}
	limit->part_count = words->len;
	if (words->len == 2 && limit->parts[0] == limit->parts[1])
		return fail(settings, limit->name, "key", error,
			    "both parts are the same");
	return true;
}

bool limit_has_recipient(const struct limit *limit)
{
	for (size_t i = 0; i < limit->part_count; i++)
		if (limit->parts[i] == LIMIT_RECIPIENT ||
		    limit->parts[i] == LIMIT_RECIPIENT_DOMAIN)
			return true;
	return false;
}

static bool check_limit(const struct limit *limit,
			const struct settings *settings, GError **error)
{
	bool is_whole = limit->count == LIMIT_SESSIONS ||
			limit->count == LIMIT_DEFERRED_MESSAGES ||
			limit->count == LIMIT_REFUSED_MESSAGES;

	if (limit->most == 0)
		return fail(settings, limit->name, "most", error,
			    limit->count == LIMIT_BYTES ?
			    "must be given, and 1k at least" :
			    "must be given, and 1 at least");
	if (is_whole && limit_has_recipient(limit))
		return fail(settings, limit->name, "count", error,
			    "sessions, deferred-messages and refused-messages "
			    "have no recipient: leave it out of the key");
	return true;
}

static bool name_limit(struct limit *limit, const struct settings *settings,
		       GError **error)
{
	g_autoptr(GString) symbol = g_string_new("BULK_LIMIT_");
	bool is_good = *limit->name && strlen(limit->name) <= NAME_MAX_BYTES;

	for (const char *c = limit->name; *c; c++) {
		is_good = is_good && (g_ascii_isalnum(*c) || *c == '-' ||
				      *c == '_');
		g_string_append_c(symbol, *c == '-' ? '_' :
						      g_ascii_toupper(*c));
	}
	if (!is_good)
		return settings_fail(settings, "bulk.limits", error,
			"%s: a name is one to " G_STRINGIFY(NAME_MAX_BYTES)
			" letters, digits, - and _", limit->name);
	limit->symbol = g_intern_string(symbol->str);
	return true;
}

static void write_terms(struct limit *limit)
{
	g_autofree char *within = unit_format(
		SETTING_TYPE_TIME_MS, (int64_t)limit->window_s * 1000);
	g_autofree char *most = limit->count == LIMIT_BYTES ?
		unit_format(SETTING_TYPE_BYTES, (int64_t)limit->most * KIB) :
		unit_format(SETTING_TYPE_COUNT, (int64_t)limit->most);

	limit->terms = g_strdup_printf("%s %s in %s", most,
				       count_words[limit->count], within);
	g_strdelimit((char *)limit->terms, "-", ' ');
}

static bool read_limit(struct limit_settings *all,
		       const struct setting_section *section,
		       const struct settings *settings, GError **error)
{
	const struct limit_section *values = section->values;
	g_autofree char *why = NULL;
	struct limit limit = {
		.name = section->name,
		.count = (enum limit_count)values->count,
		.most = (uint64_t)values->most,
		.window_s = (uint32_t)(values->within_ms / 1000),
		.is_any_direction = values->direction == 0,
		.direction = (enum direction)values->direction,
		.action = actions[values->action], .score = values->score,
		.is_incident = values->incident,
		.prefix4 = (unsigned)values->prefix4,
		.prefix6 = (unsigned)values->prefix6,
		.exempt = &all->exemptions,
	};
	bool is_good;

	if (limit.count == LIMIT_BYTES)
		limit.most /= KIB;
	init_exceptions(&limit.exceptions);
	is_good = name_limit(&limit, settings, error) &&
		  read_parts(&limit, values->key, settings, error) &&
		  check_limit(&limit, settings, error);
	if (is_good && !take_exceptions(&limit.exceptions, values->except,
					&why))
		is_good = fail(settings, limit.name, "except", error, why);
	write_terms(&limit);
	g_array_append_val(all->all, limit);
	return is_good;
}

static const struct limit *find(const struct limit_settings *all,
				const char *name)
{
	for (guint i = 0; i < all->all->len; i++) {
		const struct limit *limit = &g_array_index(all->all,
							   struct limit, i);

		if (strcmp(limit->name, name) == 0)
			return limit;
	}
	return NULL;
}

static void add_presets(struct limit_settings *all)
{
	for (size_t i = 0; all->is_preset && i < G_N_ELEMENTS(presets); i++) {
		struct limit limit = {
			.name = presets[i].name, .parts = { LIMIT_ACCOUNT },
			.part_count = 1, .count = presets[i].count,
			.most = (uint64_t)presets[i].most,
			.window_s = (uint32_t)(presets[i].within_ms / 1000),
			.direction = DIRECTION_OUTBOUND,
			.action = ACTION_DEFER, .is_incident = true,
			.exempt = &all->exemptions,
		};

		if (find(all, limit.name))
			continue;
		(void)name_limit(&limit, NULL, NULL);
		init_exceptions(&limit.exceptions);
		netset_seal(limit.exceptions.networks);
		write_terms(&limit);
		g_array_append_val(all->all, limit);
	}
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct limit_settings *all = values;
	g_autofree char *why = NULL;

	all->all = g_array_new(FALSE, FALSE, sizeof(struct limit));
	init_exceptions(&all->exemptions);
	if (all->sections->len > LIMITS_MAX)
		return settings_fail(settings, "bulk.limits", error,
				     "more than " G_STRINGIFY(LIMITS_MAX));
	if (!take_exceptions(&all->exemptions, all->exempt, &why))
		return settings_fail(settings, "bulk.exempt", error, "%s",
				     why);
	for (guint i = 0; i < all->sections->len; i++)
		if (!read_limit(all, g_ptr_array_index(all->sections, i),
				settings, error))
			return false;
	add_presets(all);
	return true;
}

static void release(void *values)
{
	struct limit_settings *all = values;

	for (guint i = 0; all->all && i < all->all->len; i++) {
		struct limit *limit = &g_array_index(all->all, struct limit,
						     i);

		release_exceptions(&limit->exceptions);
		g_free((char *)limit->terms);
	}
	g_clear_pointer(&all->all, g_array_unref);
	if (all->exemptions.names)
		release_exceptions(&all->exemptions);
}

const struct setting_group limit_group = {
	.size = sizeof(struct limit_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

static const struct limit_settings *settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &limit_group);
}

const GArray *limit_settings_all(const struct settings *settings)
{
	return settings_of(settings)->all;
}

const struct limit *limit_settings_find(const struct settings *settings,
					const char *name)
{
	return find(settings_of(settings), name);
}

static bool names(const struct limit_exceptions *exceptions,
		  enum limit_part part, const char *value,
		  const struct netaddr *addr)
{
	const char *at;

	if (part == LIMIT_CLIENT || part == LIMIT_NETWORK)
		return netset_has(exceptions->networks, addr);
	if (g_hash_table_size(exceptions->names) == 0)
		return false;		/* so there are no domains */
	if (g_hash_table_contains(exceptions->names, value))
		return true;
	at = strrchr(value, '@');
	return part >= LIMIT_SENDER &&
	       domaintable_has(exceptions->domains, at ? at + 1 : value);
}

bool limit_is_exempt(const struct limit *limit, enum limit_part part,
		     const char *value, const struct netaddr *addr)
{
	return names(&limit->exceptions, part, value, addr) ||
	       names(limit->exempt, part, value, addr);
}
