#include <config.h>

#include "verdict/verdictsettings.h"

#include "message/domaintable.h"
#include "message/finding.h"

#include <string.h>

static const char *const action_words[] = {
	"none", "accept", "tag", "quarantine", "defer", "reject", "discard",
	NULL,
};

#define THRESHOLDS(s, field, prefix, tag_at, quarantine_at, reject_at)	\
	SETTING_SCORE(s, field.tag, prefix "tag",			\
		.preset_score = tag_at, .min_score = 0,			\
		.max_score = 1000,					\
		.help = "Score from which on a message is tagged, in "	\
			"its headers. 0: never."),			\
	SETTING_SCORE(s, field.quarantine, prefix "quarantine",		\
		.preset_score = quarantine_at, .min_score = 0,		\
		.max_score = 1000,					\
		.help = "Score from which on a message is held in the "	\
			"MTA's quarantine. 0: never."),			\
	SETTING_SCORE(s, field.reject, prefix "reject",			\
		.preset_score = reject_at, .min_score = 0,		\
		.max_score = 1000,					\
		.help = "Score from which on a message is refused. 0: "	\
			"never.")

static const struct setting profile_rows[] = {
	SETTING_LIST(struct profile, domains, "domains",
		.preset_text = "",
		.help = "Recipient domains of this profile; .example.org "
			"stands for all its subdomains."),
	THRESHOLDS(struct profile, thresholds, "", 5.0, 10.0, 15.0),
};

static const struct setting_section_type profile_type = {
	.size = sizeof(struct profile),
	.rows = profile_rows,
	.row_count = G_N_ELEMENTS(profile_rows),
};

static const struct setting rows[] = {
	THRESHOLDS(struct verdict_settings, thresholds, "verdict.",
		   5.0, 10.0, 15.0),
	SETTING_SCORES(struct verdict_settings, scores, "verdict.scores",
		.min_score = -1000, .max_score = 1000,
		.help = "Scores by symbol, in place of the presets: "
			"scores { RELAY_OWN_SENDER = 3.5 }."),
	SETTING_WORDS(struct verdict_settings, actions, "verdict.actions",
		.words = action_words,
		.help = "What a symbol demands, whatever the score: "
			"actions { RELAY_OWN_SENDER = reject }. none takes "
			"a demand away and leaves the score; accept "
			"accepts whatever the score is."),
	SETTING_TEXT(struct verdict_settings, reject_text,
		"verdict.reject_text",
		.preset_text = "%{text} [%{id}]",
		.help = "Text of a refusal. %{text} is the check's own "
			"sentence, %{id} the record's id, %{symbol} the "
			"finding that decided."),
	SETTING_TEXT(struct verdict_settings, defer_text,
		"verdict.defer_text",
		.preset_text = "%{text} [%{id}]",
		.help = "Text of a deferral, like verdict.reject_text."),
	SETTING_TEXT(struct verdict_settings, quarantine_text,
		"verdict.quarantine_text",
		.preset_text = "%{symbol} [%{id}]",
		.help = "Reason that the MTA's quarantine shows, like "
			"verdict.reject_text."),
	SETTING_SECTIONS(struct verdict_settings, profile_sections,
		"verdict.profiles",
		.section = &profile_type,
		.help = "Thresholds by recipient domain, a named section "
			"each: profiles { strict { domains = [\"a.example\"]; "
			"reject = 8; } }. The first that has the domain wins. "
			"A message to several profiles is tagged when one "
			"would tag it, and quarantined or refused only when "
			"all of them would."),
	SETTING_BOOL(struct verdict_settings, tag_flag, "verdict.flag_header",
		.preset = true,
		.help = "Add X-Spam-Flag: YES to a tagged message."),
	SETTING_BOOL(struct verdict_settings, tag_status,
		"verdict.status_header", .preset = true,
		.help = "Add X-Spam-Status, with the score and the symbols, "
			"to a message in which something was found."),
	SETTING_BOOL(struct verdict_settings, tag_level,
		"verdict.level_header", .preset = false,
		.help = "Add X-Spam-Level, a star for each whole point of "
			"the score, 50 at most."),
	SETTING_BOOL(struct verdict_settings, tag_record,
		"verdict.record_header", .preset = true,
		.help = "Add X-Mailreeve-Record, the id under which reevectl "
			"records show finds the record."),
};

/* Past a stranger's reach, but a reply must be ASCII and on one line. */
static bool check_template(const struct settings *settings, const char *name,
			   const char *text, GError **error)
{
	static const char *const known[] = { "text}", "id}", "symbol}" };

	for (const char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return settings_fail(settings, name, error,
				"a reply has printable ASCII only");
	for (const char *at = text; (at = strstr(at, "%{")); at += 2) {
		bool is_known = false;

		for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
			is_known |= g_str_has_prefix(at + 2, known[i]);
		if (!is_known)
			return settings_fail(settings, name, error,
				"only %%{text}, %%{id} and %%{symbol} can "
				"stand in a reply");
	}
	if (strlen(text) > 200)
		return settings_fail(settings, name, error,
				     "more than 200 characters");
	return true;
}

static bool prepare_profile(struct setting_section *section,
			    const struct settings *settings, GError **error)
{
	struct profile *profile = section->values;
	g_autoptr(GError) why = NULL;

	profile->name = section->name;
	profile->table = domaintable_new();
	for (guint i = 0; i < profile->domains->len; i++) {
		const char *domain = g_ptr_array_index(profile->domains, i);

		if (!domaintable_add(profile->table, span_text(domain), &why))
			return settings_fail(settings, "verdict.profiles",
					     error, "%s: %s", section->name,
					     why->message);
	}
	return true;
}

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct verdict_settings *all = values;

	for (guint i = 0; i < all->profile_sections->len; i++)
		if (!prepare_profile(g_ptr_array_index(all->profile_sections,
						       i), settings, error))
			return false;
	return check_template(settings, "verdict.reject_text",
			      all->reject_text, error) &&
	       check_template(settings, "verdict.defer_text",
			      all->defer_text, error) &&
	       check_template(settings, "verdict.quarantine_text",
			      all->quarantine_text, error);
}

static void release(void *values)
{
	struct verdict_settings *all = values;

	if (!all->profile_sections)
		return;
	for (guint i = 0; i < all->profile_sections->len; i++) {
		struct setting_section *section =
			g_ptr_array_index(all->profile_sections, i);
		struct profile *profile = section->values;

		domaintable_free(profile->table);
	}
}

const struct setting_group verdict_group = {
	.size = sizeof(struct verdict_settings),
	.rows = rows,
	.row_count = G_N_ELEMENTS(rows),
	.prepare = prepare,
	.release = release,
};

const struct verdict_settings *verdict_settings_of(
	const struct settings *settings)
{
	return settings_values(settings, &verdict_group);
}

const struct profile *verdict_settings_find_profile(
	const struct verdict_settings *settings, const char *domain_ascii)
{
	for (guint i = 0; i < settings->profile_sections->len; i++) {
		const struct setting_section *section =
			g_ptr_array_index(settings->profile_sections, i);
		const struct profile *profile = section->values;

		if (domaintable_has(profile->table, domain_ascii))
			return profile;
	}
	return NULL;
}
