#include <config.h>

#include "sender/dmarcrecord.h"

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

static bool has_uri(const struct taglist *list)
{
	const struct span *value = taglist_find(list, "rua");

	return value && value->len > 7 &&
	       span_is_word(span_first(*value, 7), "mailto:");
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
		.has_reports = has_uri(&list),
	};
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
