#include <config.h>

#include "content/contentcheck.h"

#include "content/explain.h"
#include "content/keywordcheck.h"
#include "content/keywordlists.h"
#include "content/match.h"
#include "content/rulefiles.h"
#include "message/mime.h"
#include "message/packed.h"

static void add_hit(struct transaction *tx, const struct ruleset *set,
		    const struct matches *matches, const struct rule *rule)
{
	const char *found = matches_found(matches, rule, &tx->arena);
	struct finding *finding = transaction_find(tx,
		arena_text(&tx->arena, rule->name), "%s",
		found ? found : rule->describe ? rule->describe : "");

	finding->score = rule->score;
	if (!tx->is_explained)
		return;
	finding->meaning = explain_meaning(rule, &tx->arena);
	finding->evidence = explain_hit(set, matches, rule, &tx->arena);
}

static void add_hits(struct transaction *tx, const struct ruleset *set,
		     const struct matches *matches)
{
	guint index = 0;
	const struct rule *rule;

	for (; (rule = matches_next(matches, set, &index)); index++)
		if (!rule->is_sub)
			add_hit(tx, set, matches, rule);
}

static void add_limits(struct transaction *tx, const struct matches *matches)
{
	if (matches->cut_off)
		transaction_find(tx, "CONTENT_CUT_OFF",
				 "%zu matches, the last of %s",
				 matches->cut_off, matches->exploded ?
				 matches->exploded->name :
				 "redirector_pattern");
	if (matches->mime_flaws & MIME_FLAW_DEPTH)
		transaction_find(tx, "MIME_DEEP", "parts within parts, "
				 "deeper than %d", MIME_DEPTH_MAX)->score = 2.0;
	if (matches->mime_flaws & MIME_FLAW_PARTS)
		transaction_find(tx, "MIME_PARTS", "more than %d parts",
				 MIME_PARTS_MAX)->score = 2.0;
	if (matches->is_html_cut)
		transaction_find(tx, "HTML_CUT",
				 "not all of the HTML was looked at")->score =
			2.0;
}

static void add_archives(struct transaction *tx,
			 const struct matches *matches)
{
	unsigned flaws = matches->archive_flaws;

	if (flaws & PACKED_FLAW_BOMB)
		transaction_find(tx, "ARCHIVE_BOMB", "it would become absurdly "
				 "large when unpacked")->score = 3.0;
	if (flaws & PACKED_FLAWS_LIMIT)
		transaction_find(tx, "ARCHIVE_LIMIT", "not all archives were "
				 "looked into: %s",
				 matches->archive_limits)->score = 2.0;
	if (flaws & PACKED_FLAW_ENCRYPTED)
		transaction_find(tx, "ARCHIVE_ENCRYPTED",
				 "an archive asks for a password");
}

void contentcheck_begin(struct transaction *tx)
{
	const struct ruleset *set = rulefiles_of(tx->settings, NULL);

	if (set)
		match_begin(set, tx);
}

void contentcheck_message(struct transaction *tx)
{
	g_autoptr(GError) why = NULL;
	const struct ruleset *set = rulefiles_of(tx->settings, &why);
	const struct matches *matches;

	keywordcheck_message(tx);
	if (!set) {
		log_event(&tx->log, LOG_ERR, "rules_not_read", "why=\"%s\"",
			  why->message);
		return;
	}
	if (!set->rules->len)
		return;
	matches = tx->is_explained ? match_run(set, tx) :
				     match_needed(set, tx);
	add_hits(tx, set, matches);
	add_limits(tx, matches);
	add_archives(tx, matches);
}

bool contentcheck_load(const struct settings *settings, GError **error)
{
	return rulefiles_of(settings, error) &&
	       keywordlists_of(settings, error);
}
