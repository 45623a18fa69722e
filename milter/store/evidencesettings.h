/* evidencesettings.h - what is kept as evidence, how much of it, how long */
#ifndef STORE_EVIDENCESETTINGS_H
#define STORE_EVIDENCESETTINGS_H

#include "settings/settings.h"

/* Where quarantined mail waits. */
enum evidence_quarantine { EVIDENCE_QUARANTINE_MTA, EVIDENCE_QUARANTINE_OWN };

struct evidence_settings {
	GPtrArray *actions;		/* words of verdicts */
	GPtrArray *symbols;		/* of findings; with * and ? */
	int64_t max_bytes;		/* of one original */
	int64_t day_bytes;		/* of the files of a day; 0: no limit */
	int64_t keep_ms, held_keep_ms;
	unsigned int quarantine;	/* enum evidence_quarantine */
	char *sendmail;
};

extern const struct setting_group evidence_group;
const struct evidence_settings *evidence_settings_of(
	const struct settings *settings);

#endif
