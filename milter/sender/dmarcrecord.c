#include <config.h>

#include "sender/dmarcrecord.h"

#include "sender/reporturi.h"
#include "sender/taglist.h"

#include <string.h>

bool dmarcrecord_is_one(struct span txt)
{
	ptrdiff_t semicolon = span_find(txt, ';');
	struct span first = semicolon < 0 ? txt :
			    span_first(txt, (size_t)semicolon);
	ptrdiff_t equals = span_find(first, '=');

	return equals >= 0 &&
	       span_is(span_trim(span_first(first, (size_t)equals)), "v") &&
	       span_is(span_trim(span_from(first, (size_t)equals + 1)),
		       "DMARC1");
}

static enum dmarc_policy policy_of(const struct taglist *list,
				   const char *tag)
{
	const struct span *value = taglist_find(list, tag);

	for (enum dmarc_policy policy = DMARC_POLICY_NONE;
	     value && policy <= DMARC_POLICY_REJECT; policy++)
		if (span_is_word(*value, dmarc_policy_word(policy)))
			return policy;
	return DMARC_POLICY_UNKNOWN;
}

static struct span reports_of(const struct taglist *list)
{
	const struct span *value = taglist_find(list, "rua");

	return value ? *value : span_of("", 0);
}

static bool has_address(struct span reports)
{
	struct report_uri uri;
	struct arena arena;
	bool is_found = false;

	if (!reports.len)
		return false;
	arena_init(&arena);
	while (!is_found && reports.len)
		is_found = reporturi_next(&reports, &uri, &arena);
	arena_release(&arena);
	return is_found;
}

/* Letters with colons between; an unknown one is passed over. */
static unsigned options_of(const struct taglist *list)
{
	const struct span *value = taglist_find(list, "fo");
	unsigned options = 0;

	for (size_t i = 0; value && i < value->len; i++)
		for (unsigned bit = 0; DMARC_OPTION_LETTERS[bit]; bit++)
			if (value->ptr[i] == DMARC_OPTION_LETTERS[bit])
				options |= 1u << bit;
	return options;
}

static bool is_letter(const struct taglist *list, const char *tag,
		      const char *letter)
{
	const struct span *value = taglist_find(list, tag);

	return value && span_is_word(*value, letter);
}

bool dmarcrecord_parse(struct span txt, struct dmarc_record *record_out)
{
	struct taglist list;
	int64_t percent;
	bool is_sub_wrong;

	if (!dmarcrecord_is_one(txt))
		return false;
	taglist_parse_loosely(txt, &list);
	*record_out = (struct dmarc_record){
		.policy = policy_of(&list, "p"),
		.sub_policy = policy_of(&list, "sp"),
		.no_policy = policy_of(&list, "np"),
		.is_spf_strict = is_letter(&list, "aspf", "s"),
		.is_dkim_strict = is_letter(&list, "adkim", "s"),
		.is_testing = is_letter(&list, "t", "y"),
		.psd = is_letter(&list, "psd", "y") ? 'y' :
		       is_letter(&list, "psd", "n") ? 'n' : 'u',
		.percent = 100,
		.failure_options = options_of(&list),
		.reports = reports_of(&list),
	};
	record_out->has_reports = has_address(record_out->reports);
	if (taglist_number(&list, "pct", &percent) && percent <= 100)
		record_out->percent = (unsigned)percent;
	is_sub_wrong = taglist_find(&list, "sp") && !record_out->sub_policy;
	if (record_out->policy && !is_sub_wrong)
		return true;
	/* 6.6.3, step 6: whoever wants reports has begun with DMARC. */
	record_out->policy = DMARC_POLICY_NONE;
	record_out->sub_policy = DMARC_POLICY_UNKNOWN;
	return record_out->has_reports;
}
