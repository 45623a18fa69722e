/* verdictsettings.h - thresholds, overrides, profiles, texts of replies */
#ifndef VERDICT_VERDICTSETTINGS_H
#define VERDICT_VERDICTSETTINGS_H

#include "settings/settings.h"

struct domaintable;

/* The score from which on each thing is done; 0 switches one off. */
struct thresholds {
	double tag, quarantine, reject;
};

struct profile {
	const char *name;
	GPtrArray *domains;		/* patterns, as relay.domains
					 * has them */
	struct thresholds thresholds;
	struct domaintable *table;	/* of domains */
};

struct verdict_settings {
	struct thresholds thresholds;
	GHashTable *scores;		/* symbol -> double *, in place
					 * of ours */
	GHashTable *actions;		/* symbol -> enum action *, demanded */
	char *reject_text, *defer_text, *quarantine_text;
	GPtrArray *profile_sections;	/* of struct setting_section * */
	bool tag_flag, tag_status, tag_level, tag_record;
};

extern const struct setting_group verdict_group;
const struct verdict_settings *verdict_settings_of(
	const struct settings *settings);

/* The profile that a recipient's domain (A-labels) is in, or NULL. The first
 * one in the file wins. */
const struct profile *verdict_settings_find_profile(
	const struct verdict_settings *settings, const char *domain_ascii);

#endif
