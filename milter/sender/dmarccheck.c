#include <config.h>

#include "sender/dmarccheck.h"

#include "message/domaintable.h"
#include "message/orgdomain.h"
#include "sender/dmarcrecord.h"
#include "sender/sendersettings.h"
#include "store/recordid.h"

#include <string.h>

#define WALK_LABELS 8		/* DMARCbis, 4.10: no more questions
				 * than that */

/* What is asked of the DNS, and what it said, for one domain's policy. */
struct asking {
	struct transaction *tx;
	const struct dns_asker *asker;
	bool is_pending, is_trouble;
	bool is_late;			/* what is pending is a time-out now */
};

/* The policy that holds for a From domain. */
struct policy {
	bool is_found;
	struct dmarc_record record;
	const char *domain;		/* where it was found */
	const char *organisation;	/* of the From domain */
};

static void add_domain(struct from_facts *from, const char *domain)
{
	for (size_t i = 0; i < from->domain_count; i++)
		if (g_str_equal(from->domains[i], domain))
			return;
	if (from->domain_count == DMARC_DOMAINS_MAX)
		from->has_more = true;
	else
		from->domains[from->domain_count++] = domain;
}

static bool is_domain_byte(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '.' || c == '_' ||
	       c & 0x80;
}

/* Readers disagree about a field that is not as it should be: each domain
 * behind an @ is one that some of them may show. */
static void add_all_domains(struct from_facts *from, struct span value,
			    struct arena *arena)
{
	for (size_t i = 0; i < value.len; i++) {
		size_t start = i + 1, end = start;
		const char *domain;

		if (value.ptr[i] != '@')
			continue;
		while (end < value.len && is_domain_byte(value.ptr[end]))
			end++;
		while (end > start && value.ptr[end - 1] == '.')
			end--;
		domain = mailaddr_domain_ascii(
			span_of(value.ptr + start, end - start), arena);
		if (domain && strchr(domain, '.'))
			add_domain(from, domain);
	}
}

struct from_facts dmarccheck_read_from(struct transaction *tx)
{
	struct from_facts from = { .fields = 0 };

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header =
			&g_array_index(tx->headers, struct header, i);
		struct mailbox_list list;
		bool is_odd;

		if (!span_is_word(header->name, "From"))
			continue;
		list = mailbox_parse(header->value, &tx->arena);
		if (from.fields++ == 0)
			from.list = list;
		from.has_more |= list.flaws & MAILBOX_FLAW_MANY;
		is_odd = list.flaws & ~(unsigned)MAILBOX_FLAW_MANY;
		for (size_t j = 0; j < list.count; j++) {
			const struct mailaddr *addr = &list.boxes[j].addr;

			if (*addr->domain_ascii && !addr->is_literal)
				add_domain(&from, addr->domain_ascii);
			else
				is_odd = from.has_bad = true;
		}
		if (is_odd)
			add_all_domains(&from, header->value, &tx->arena);
	}
	return from;
}

static const struct dnsanswer *ask(struct asking *on, const char *name,
				   enum dns_type type)
{
	const struct dnsanswer *answer = on->asker->ask(on->asker->asker, name,
							type);

	if (!answer && on->is_late)
		answer = dnsanswer_of(DNS_TIMEOUT);
	on->is_pending |= !answer;
	on->is_trouble |= answer && dnsanswer_is_temporary(answer);
	return answer;
}

/* 6.6.3: just one record of version 1, that can be read. *many_out: there are
 * several, and so no policy, nor one of the organisation. */
static bool find_record(struct asking *on, const char *domain,
			struct dmarc_record *record_out, bool *many_out)
{
	const char *name = arena_printf(&on->tx->arena, "_dmarc.%s", domain);
	const struct dnsanswer *answer = ask(on, name, DNS_TXT);
	struct span record = { NULL, 0 };
	size_t count = 0;

	*many_out = false;
	for (size_t i = 0; answer && i < answer->count; i++) {
		struct span text = dnsanswer_text(answer, i, &on->tx->arena);

		if (dmarcrecord_is_one(text)) {
			record = text;
			count++;
		}
	}
	*many_out = count > 1;
	return count == 1 && dmarcrecord_parse(record, record_out);
}

static const char *parent_of(const char *domain)
{
	const char *dot = strchr(domain, '.');

	return dot ? dot + 1 : NULL;
}

/* The next domain to ask: one up, but of a long name the last seven labels come
 * right after itself. */
static const char *next_up(const char *domain, bool is_first)
{
	unsigned labels = 1;

	for (const char *c = domain; *c; c++)
		labels += *c == '.';
	domain = parent_of(domain);
	for (labels--; is_first && domain && labels >= WALK_LABELS; labels--)
		domain = parent_of(domain);
	return domain;
}

static struct policy policy_at(const char *domain,
			       const struct dmarc_record *record)
{
	return (struct policy){
		.is_found = true, .record = *record, .domain = domain,
	};
}

/* DMARCbis, 4.10: the organisation has the record with the fewest labels, or is
 * one below a public suffix that says so. The policy is the domain's own, else
 * the organisation's, else the suffix's. */
static struct policy walk_up(struct asking *on, const char *domain)
{
	struct policy own = { .is_found = false }, last = own;
	const char *below = domain, *organisation = domain;

	for (const char *at = domain; at; at = next_up(at, at == domain)) {
		struct dmarc_record record;
		bool is_many;

		if (find_record(on, at, &record, &is_many)) {
			bool is_suffix = record.psd == 'y' && at != domain;

			organisation = is_suffix ? below : at;
			if (!is_suffix || last.domain != below)
				last = policy_at(at, &record);
			if (at == domain)
				own = last;
			if (is_suffix || record.psd == 'n')
				break;
		}
		below = at;
	}
	if (own.is_found)
		last = own;
	last.organisation = organisation;
	return last;
}

static struct policy look_up(struct asking *on, const char *domain)
{
	struct policy policy = {
		.organisation = orgdomain_of(on->tx->settings, domain),
	};
	struct dmarc_record record;
	bool is_many, is_org_many;

	/* Both are asked at once. */
	bool is_found = find_record(on, policy.organisation, &record,
				    &is_org_many);

	if (g_str_equal(domain, policy.organisation)) {
		policy.is_found = is_found;
	} else if (find_record(on, domain, &policy.record, &is_many)) {
		policy.is_found = true;
		policy.domain = domain;
		return policy;
	} else {
		policy.is_found = is_found && !is_many;
	}
	policy.record = record;
	policy.domain = policy.organisation;
	return policy;
}

static bool is_walking(const struct transaction *tx)
{
	return sender_settings_of(tx->settings)->dmarc.is_tree_walk;
}

static struct policy find_policy(struct asking *on, const char *domain)
{
	return is_walking(on->tx) ? walk_up(on, domain) : look_up(on, domain);
}

static const char *organisation_of(struct asking *on, const char *domain)
{
	return is_walking(on->tx) ? walk_up(on, domain).organisation :
				    orgdomain_of(on->tx->settings, domain);
}

/* RFC 7489, 3.1. The very same domain is aligned whatever the list says. */
static bool is_aligned(struct asking *on, const struct policy *policy,
		       const char *from, const char *domain, bool is_strict)
{
	if (g_ascii_strcasecmp(from, domain) == 0)
		return true;
	return !is_strict && g_str_equal(policy->organisation,
					 organisation_of(on, domain));
}

/* Below the policy's domain sp= holds, or np= when nothing at all is there. */
static enum dmarc_policy published(struct asking *on,
				   const struct policy *policy,
				   const char *from, const char **tag_out)
{
	const struct dmarc_record *record = &policy->record;
	const struct dnsanswer *there;

	*tag_out = "p";
	if (g_str_equal(from, policy->domain))
		return record->policy;
	if (record->no_policy) {
		there = ask(on, from, DNS_A);
		if (there && there->status == DNS_NXDOMAIN) {
			*tag_out = "np";
			return record->no_policy;
		}
	}
	if (!record->sub_policy)
		return record->policy;
	*tag_out = "sp";
	return record->sub_policy;
}

bool dmarccheck_ask(struct transaction *tx, const struct from_facts *from,
		    const struct dns_asker *asker)
{
	struct asking on = { .tx = tx, .asker = asker };
	const char *tag;

	for (size_t i = 0; i < from->domain_count; i++) {
		struct policy policy = find_policy(&on, from->domains[i]);

		if (policy.is_found)
			(void)published(&on, &policy, from->domains[i], &tag);
		if (!is_walking(tx))
			continue;
		if (tx->auth.spf.domain && *tx->auth.spf.domain)
			(void)organisation_of(&on, tx->auth.spf.domain);
		for (guint j = 0; j < tx->auth.dkim->len; j++) {
			const struct auth_dkim *dkim = &g_array_index(
				tx->auth.dkim, struct auth_dkim, j);

			if (dkim->domain)
				(void)organisation_of(&on, dkim->domain);
		}
	}
	return !on.is_pending;
}

/* Could it have passed, if all had gone well? */
static bool is_unsettled(enum auth_result result)
{
	return result == AUTH_RESULT_TEMPERROR;
}

static void judge_dkim(struct asking *on, const struct policy *policy,
		       const char *from, struct auth_dmarc *dmarc,
		       bool *unsettled_out)
{
	const struct dkim_settings *settings =
		&sender_settings_of(on->tx->settings)->dkim;

	for (guint i = 0; i < on->tx->auth.dkim->len; i++) {
		struct auth_dkim *dkim = &g_array_index(
			on->tx->auth.dkim, struct auth_dkim, i);

		if (!dkim->domain ||
		    !is_aligned(on, policy, from, dkim->domain,
				policy->record.is_dkim_strict))
			continue;
		dkim->is_aligned = true;
		*unsettled_out |= is_unsettled(dkim->result);
		if (dkim->result == AUTH_RESULT_PASS &&
		    (!dkim->is_partial || settings->is_partial_trusted))
			dmarc->is_dkim_aligned = true;
	}
}

static void judge_spf(struct asking *on, const struct policy *policy,
		      const char *from, struct auth_dmarc *dmarc,
		      bool *unsettled_out)
{
	const struct auth_spf *spf = &on->tx->auth.spf;

	if (!spf->domain || !*spf->domain ||
	    !is_aligned(on, policy, from, spf->domain,
			policy->record.is_spf_strict))
		return;
	*unsettled_out |= is_unsettled(spf->result);
	dmarc->is_spf_aligned = spf->result == AUTH_RESULT_PASS;
}

/* A number of 0 to 99 that is the message's own. */
static unsigned sample_of(const struct transaction *tx)
{
	uint64_t id = 0;

	if (!record_id_parse(span_text(tx->id), &id))
		return 0;
	return (unsigned)((id * UINT64_C(0x9e3779b97f4a7c15) >> 32) % 100);
}

static enum dmarc_policy milder(enum dmarc_policy policy)
{
	return policy > DMARC_POLICY_NONE ? policy - 1 : policy;
}

static void override(struct auth_dmarc *dmarc, enum dmarc_policy policy,
		     const char *type, const char *reason)
{
	if (policy >= dmarc->disposition)
		return;
	dmarc->disposition = policy;
	dmarc->override = type;
	dmarc->reason = reason;
}

/* Is there a signature of the domain's, or a trusted seal, that was not
 * verified to the end? */
static bool is_unread(const struct transaction *tx)
{
	bool is_found = tx->auth.arc.is_unread;

	for (guint i = 0; i < tx->auth.dkim->len; i++) {
		const struct auth_dkim *dkim = &g_array_index(
			tx->auth.dkim, struct auth_dkim, i);

		is_found |= dkim->is_aligned && dkim->is_unread;
	}
	return is_found;
}

static void dispose(struct asking *on, const struct policy *policy,
		    struct auth_dmarc *dmarc)
{
	const struct sender_settings *settings =
		sender_settings_of(on->tx->settings);
	static const enum dmarc_policy most[] = {
		[DMARC_ENFORCE_NONE] = DMARC_POLICY_NONE,
		[DMARC_ENFORCE_TAG] = DMARC_POLICY_NONE,
		[DMARC_ENFORCE_QUARANTINE] = DMARC_POLICY_QUARANTINE,
		[DMARC_ENFORCE_REJECT] = DMARC_POLICY_REJECT,
	};
	const struct auth_arc *arc = &on->tx->auth.arc;

	dmarc->disposition = dmarc->published;
	if (policy->record.is_testing)
		override(dmarc, milder(dmarc->published), "other",
			 "the policy is in test mode (t=y)");
	else if (sample_of(on->tx) >= policy->record.percent)
		override(dmarc, milder(dmarc->published), "sampled_out",
			 "not in the sample (pct=)");
	/* Neither lost, nor let through unseen. */
	if (is_unread(on->tx))
		override(dmarc, DMARC_POLICY_QUARANTINE, "other",
			 "a signature could not be verified to the end");
	if (arc->is_trusted && arc->has_passed_origin)
		override(dmarc, DMARC_POLICY_NONE, "trusted_forwarder",
			 "a trusted ARC sealer saw it pass");
	if (domaintable_has(settings->dmarc.exceptions, dmarc->domain))
		override(dmarc, DMARC_POLICY_NONE, "local_policy",
			 "an exception of ours");
	override(dmarc, most[settings->dmarc.enforce], "local_policy",
		 "dmarc.enforce");
}

static struct auth_dmarc judge_domain(struct asking *on, const char *domain)
{
	struct auth_dmarc dmarc = {
		.domain = domain, .result = AUTH_RESULT_NONE,
	};
	bool is_unsettled_one = false;
	struct policy policy;

	on->is_trouble = false;
	policy = find_policy(on, domain);
	/* What the organisation says holds only where the
	 * domain itself is silent. */
	if (on->is_trouble && (!policy.is_found ||
			       !g_str_equal(policy.domain, domain))) {
		dmarc.result = AUTH_RESULT_TEMPERROR;
		dmarc.reason = "the DNS does not tell the policy";
		return dmarc;
	}
	if (!policy.is_found)
		return dmarc;
	dmarc.record_domain = policy.domain;
	dmarc.published = published(on, &policy, domain, &dmarc.tag);
	dmarc.percent = policy.record.percent;
	dmarc.has_reports = policy.record.has_reports;
	dmarc.is_spf_strict = policy.record.is_spf_strict;
	dmarc.is_dkim_strict = policy.record.is_dkim_strict;
	dmarc.policy = policy.record.policy;
	dmarc.sub_policy = policy.record.sub_policy;
	dmarc.failure_options = policy.record.failure_options;
	judge_dkim(on, &policy, domain, &dmarc, &is_unsettled_one);
	judge_spf(on, &policy, domain, &dmarc, &is_unsettled_one);
	if (dmarc.is_dkim_aligned || dmarc.is_spf_aligned) {
		dmarc.result = AUTH_RESULT_PASS;
		dmarc.disposition = DMARC_POLICY_NONE;
	} else if (is_unsettled_one || on->tx->auth.arc.is_unsettled) {
		dmarc.result = AUTH_RESULT_TEMPERROR;
		dmarc.reason = "the DNS did not answer for SPF, DKIM or ARC";
	} else {
		dmarc.result = AUTH_RESULT_FAIL;
		dispose(on, &policy, &dmarc);
	}
	return dmarc;
}

/* Several domains: what counts before what. */
static unsigned badness(const struct auth_dmarc *dmarc)
{
	switch (dmarc->result) {
	case AUTH_RESULT_FAIL:
		return 10 + (unsigned)dmarc->disposition;
	case AUTH_RESULT_TEMPERROR:
		return 5;
	case AUTH_RESULT_PERMERROR:
		return 4;
	case AUTH_RESULT_NONE:
		return 3;
	default:
		return 1;
	}
}

static const char *no_answer(const struct from_facts *from)
{
	if (!from->fields)
		return "no From";
	if (from->has_more)
		return "too many From domains";
	if (!from->domain_count || from->has_bad)
		return "an address in From has no domain";
	return NULL;
}

void dmarccheck_judge(struct transaction *tx, const struct from_facts *from,
		      const struct dns_asker *asker)
{
	struct asking on = { .tx = tx, .asker = asker, .is_late = true };
	struct auth_dmarc worst = { .result = AUTH_RESULT_UNKNOWN };
	const char *why = no_answer(from);

	if (why)
		worst = (struct auth_dmarc){
			.result = AUTH_RESULT_PERMERROR, .reason = why,
			.domain = from->domain_count ? from->domains[0] : NULL,
		};
	for (size_t i = 0; i < from->domain_count; i++) {
		struct auth_dmarc one = judge_domain(&on, from->domains[i]);

		if (worst.result == AUTH_RESULT_UNKNOWN ||
		    badness(&one) > badness(&worst))
			worst = one;
	}
	tx->auth.dmarc = worst;
}
