#include <config.h>

#include "sender/spfcheck.h"

#include "resolver/dnsname.h"
#include "sender/spfmacro.h"
#include "sender/spfrecord.h"

#include <string.h>

#define DEPTH_MAX 32		/* of includes; lookups end them before */
#define MX_MAX 10		/* RFC 7208, 4.6.4 */
#define PTR_MAX 10		/* 5.5 */
#define EXPLANATION_MAX 200	/* bytes */

/* What became of one step. */
enum step { STEP_MATCH, STEP_NO_MATCH, STEP_ENTER, STEP_PENDING, STEP_END };

/* A record being evaluated: the first, or an include in the one below. */
struct frame {
	struct spf_record record;
	const char *domain;
	size_t at;			/* the next term */
};

struct run {
	const struct spf_query *query;
	struct spf_macros macros;
	struct arena scratch;
	int64_t lookups, voids;
	struct frame frames[DEPTH_MAX];
	size_t depth;
	enum auth_result result;	/* at STEP_END */
	const char *reason;
	bool is_default;		/* no mechanism matched */
};

static enum step end(struct run *run, enum auth_result result,
		     const char *reason)
{
	run->result = result;
	run->reason = reason;
	return STEP_END;
}

static const struct dnsanswer *ask(const struct run *run, const char *name,
				   enum dns_type type)
{
	return run->query->dns.ask(run->query->dns.asker, name, type);
}

static enum dns_type address_type(const struct run *run)
{
	return run->query->client.family == NETADDR_IP6 ? DNS_AAAA : DNS_A;
}

static enum step trouble(struct run *run, const char *name,
			 const struct dnsanswer *answer)
{
	return end(run, AUTH_RESULT_TEMPERROR,
		   arena_printf(&run->scratch, "%s: %s", name,
				dnsanswer_status_word(answer->status)));
}

static bool is_lookup_left(struct run *run)
{
	return ++run->lookups <= run->query->lookups;
}

static enum step too_many(struct run *run)
{
	return end(run, AUTH_RESULT_PERMERROR, "too many DNS look-ups");
}

/* False past the limit of questions that came to nothing. */
static bool count_void(struct run *run, const struct dnsanswer *answer)
{
	run->voids += dnsanswer_is_empty(answer);
	return run->voids <= run->query->void_lookups;
}

static enum step too_void(struct run *run)
{
	return end(run, AUTH_RESULT_PERMERROR,
		   "too many DNS look-ups that find nothing");
}

static bool is_at_or_below(const char *name, const char *domain)
{
	size_t len = strlen(name), tail = strlen(domain);

	if (tail > len || g_ascii_strcasecmp(name + len - tail, domain) != 0)
		return false;
	return len == tail || name[len - tail - 1] == '.';
}

static bool has_client(const struct run *run, const struct dnsanswer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		struct netaddr addr;

		if (dnsanswer_address(answer, i, &addr) &&
		    netaddr_compare(&addr, &run->query->client) == 0)
			return true;
	}
	return false;
}

/*
 * 5.5: of the client's names those that lead back to it. wanted NULL: any of
 * them, the best for %{p} first (the domain itself, then one below it).
 * Trouble counts as none. STEP_MATCH gives *name_out.
 */
static enum step find_name(struct run *run, const char *wanted,
			   const char *domain, const char **name_out)
{
	const struct dnsanswer *ptr = ask(run, dnsname_of_address(
		&run->query->client, &run->scratch), DNS_PTR);
	const char *best = NULL;
	int rank = 0;
	bool is_pending = false;

	if (!ptr)
		return STEP_PENDING;
	for (size_t i = 0; i < MIN(ptr->count, PTR_MAX); i++) {
		const char *name = dnsanswer_name(ptr, i, DNS_PTR,
						  &run->scratch);
		const struct dnsanswer *back;
		int mine;

		if (!name || (wanted && !is_at_or_below(name, wanted)))
			continue;
		back = ask(run, name, address_type(run));
		is_pending |= !back;
		if (!back || !has_client(run, back))
			continue;
		mine = g_ascii_strcasecmp(name, domain) == 0 ? 3 :
		       is_at_or_below(name, domain) ? 2 : 1;
		if (mine > rank) {
			rank = mine;
			best = name;
		}
	}
	if (is_pending)
		return STEP_PENDING;
	*name_out = best;
	return best ? STEP_MATCH : STEP_NO_MATCH;
}

/* The target of a term: its domain-spec expanded, else the current domain. */
static enum step target_of(struct run *run, struct span spec,
			   const char **target_out)
{
	const struct frame *frame = &run->frames[run->depth - 1];

	*target_out = frame->domain;
	if (!spec.len)
		return STEP_MATCH;
	run->macros.domain = frame->domain;
	run->macros.validated_name = NULL;
	if (spfmacro_needs_name(spec) &&
	    find_name(run, NULL, frame->domain,
		      &run->macros.validated_name) == STEP_PENDING)
		return STEP_PENDING;
	*target_out = spfmacro_domain(spec, &run->macros, &run->scratch);
	return STEP_MATCH;
}

static bool is_near(const struct run *run, const struct spf_term *term,
		    const struct dnsanswer *answer)
{
	bool is_4 = run->query->client.family == NETADDR_IP4;

	for (size_t i = 0; i < answer->count; i++) {
		struct netaddr addr;

		if (!dnsanswer_address(answer, i, &addr))
			continue;
		struct network net = network_around(&addr,
			(uint8_t)(is_4 ? term->bits4 + 96 : term->bits6));

		if (network_has(&net, &run->query->client))
			return true;
	}
	return false;
}

static enum step match_a(struct run *run, const struct spf_term *term,
			 const char *name)
{
	const struct dnsanswer *answer = ask(run, name, address_type(run));

	if (!answer)
		return STEP_PENDING;
	if (dnsanswer_is_temporary(answer))
		return trouble(run, name, answer);
	if (!count_void(run, answer))
		return too_void(run);
	return is_near(run, term, answer) ? STEP_MATCH : STEP_NO_MATCH;
}

static enum step match_mx(struct run *run, const struct spf_term *term,
			  const char *name)
{
	const struct dnsanswer *answer = ask(run, name, DNS_MX);
	enum step worst = STEP_NO_MATCH;

	if (!answer)
		return STEP_PENDING;
	if (dnsanswer_is_temporary(answer))
		return trouble(run, name, answer);
	if (!count_void(run, answer))
		return too_void(run);
	if (answer->count > MX_MAX)
		return end(run, AUTH_RESULT_PERMERROR, "too many MX records");
	/* All are asked at once, then looked at in order. */
	for (size_t i = 0; i < answer->count; i++) {
		const char *host = dnsanswer_name(answer, i, DNS_MX,
						  &run->scratch);

		if (host && *host && !ask(run, host, address_type(run)))
			worst = STEP_PENDING;
	}
	for (size_t i = 0; i < answer->count && worst == STEP_NO_MATCH; i++) {
		const char *host = dnsanswer_name(answer, i, DNS_MX,
						  &run->scratch);

		if (host && *host)
			worst = match_a(run, term, host);
	}
	return worst;
}

static enum step match_exists(struct run *run, const char *name)
{
	const struct dnsanswer *answer = ask(run, name, DNS_A);

	if (!answer)
		return STEP_PENDING;
	if (dnsanswer_is_temporary(answer))
		return trouble(run, name, answer);
	if (!count_void(run, answer))
		return too_void(run);
	return answer->count ? STEP_MATCH : STEP_NO_MATCH;
}

static bool is_asking(const struct spf_term *term)
{
	return term->mechanism != SPFTERM_ALL &&
	       term->mechanism != SPFTERM_IP4 &&
	       term->mechanism != SPFTERM_IP6;
}

/* Everything up to where the evaluation must stop is asked at once. */
static void ask_early(struct run *run)
{
	const struct frame *frame = &run->frames[run->depth - 1];
	int64_t room = run->query->lookups - run->lookups;

	for (size_t i = 0; i < frame->record.count && room > 0; i++) {
		const struct spf_term *term = &frame->record.terms[i];
		const char *target;

		if (!is_asking(term)) {
			if (term->mechanism == SPFTERM_ALL ||
			    network_has(&term->network, &run->query->client))
				return;
			continue;
		}
		room--;
		if (spfmacro_needs_name(term->domain) ||
		    target_of(run, term->domain, &target) != STEP_MATCH)
			continue;
		if (term->mechanism == SPFTERM_INCLUDE)
			(void)ask(run, target, DNS_TXT);
		else if (term->mechanism == SPFTERM_MX)
			(void)ask(run, target, DNS_MX);
		else if (term->mechanism == SPFTERM_A)
			(void)ask(run, target, address_type(run));
		else if (term->mechanism == SPFTERM_EXISTS)
			(void)ask(run, target, DNS_A);
		else
			(void)ask(run, dnsname_of_address(
				&run->query->client, &run->scratch), DNS_PTR);
	}
}

/* Fills the frame on top from the DNS (4.4, 4.5). STEP_ENTER: it is there. */
static enum step load(struct run *run, const char *domain)
{
	struct frame *frame = &run->frames[run->depth - 1];
	const struct dnsanswer *answer = ask(run, domain, DNS_TXT);
	struct span record = { NULL, 0 };
	const char *wrong;
	size_t count = 0;

	if (!answer)
		return STEP_PENDING;
	if (dnsanswer_is_temporary(answer))
		return trouble(run, domain, answer);
	for (size_t i = 0; i < answer->count; i++) {
		struct span text = dnsanswer_text(answer, i, &run->scratch);

		if (spfrecord_is_one(text)) {
			record = text;
			count++;
		}
	}
	if (count == 0)
		return end(run, AUTH_RESULT_NONE, "no SPF record");
	if (count > 1)
		return end(run, AUTH_RESULT_PERMERROR,
			   arena_printf(&run->scratch,
					"%s: more than one SPF record",
					domain));
	*frame = (struct frame){ .domain = domain };
	wrong = spfrecord_parse(record, &run->scratch, &frame->record);
	if (wrong)
		return end(run, AUTH_RESULT_PERMERROR,
			   arena_printf(&run->scratch, "%s: %s", domain,
					wrong));
	ask_early(run);
	return STEP_ENTER;
}

/* 5.2: that the included domain has no record is our sender's mistake. */
static enum step include(struct run *run, const char *domain)
{
	enum step step;

	if (run->depth == DEPTH_MAX)
		return too_many(run);
	run->depth++;
	step = load(run, domain);
	if (step == STEP_END && run->result == AUTH_RESULT_NONE)
		return end(run, AUTH_RESULT_PERMERROR,
			   arena_printf(&run->scratch,
					"%s: no SPF record to include",
					domain));
	return step;
}

static enum step evaluate_term(struct run *run, const struct spf_term *term)
{
	const char *target, *name;

	if (!is_asking(term))
		return term->mechanism == SPFTERM_ALL ||
		       network_has(&term->network, &run->query->client) ?
		       STEP_MATCH : STEP_NO_MATCH;
	if (!is_lookup_left(run))
		return too_many(run);
	if (target_of(run, term->domain, &target) == STEP_PENDING)
		return STEP_PENDING;
	switch (term->mechanism) {
	case SPFTERM_INCLUDE:
		return include(run, target);
	case SPFTERM_A:
		return match_a(run, term, target);
	case SPFTERM_MX:
		return match_mx(run, term, target);
	case SPFTERM_EXISTS:
		return match_exists(run, target);
	default:
		return find_name(run, target, target, &name);
	}
}

/* 6.1: nothing matched, so another record says it all. */
static enum step redirect(struct run *run)
{
	struct frame *frame = &run->frames[run->depth - 1];
	const char *target;
	enum step step;

	if (!is_lookup_left(run))
		return too_many(run);
	if (target_of(run, frame->record.redirect, &target) == STEP_PENDING)
		return STEP_PENDING;
	step = load(run, target);
	if (step == STEP_END && run->result == AUTH_RESULT_NONE)
		return end(run, AUTH_RESULT_PERMERROR,
			   arena_printf(&run->scratch,
					"%s: no SPF record to redirect to",
					target));
	return step;
}

/* The record on top came to a result: it is all, or an include's answer. */
static enum step leave(struct run *run, enum auth_result result)
{
	while (run->depth > 1) {
		const struct frame *below = &run->frames[--run->depth - 1];

		if (result != AUTH_RESULT_PASS)
			return STEP_NO_MATCH;
		result = below->record.terms[below->at - 1].qualifier;
	}
	return end(run, result, NULL);
}

static enum step advance(struct run *run)
{
	struct frame *frame = &run->frames[run->depth - 1];
	const struct spf_term *term;
	enum step step;

	if (frame->at == frame->record.count) {
		if (frame->record.has_redirect)
			return redirect(run);
		run->is_default |= run->depth == 1;
		return leave(run, AUTH_RESULT_NEUTRAL);
	}
	term = &frame->record.terms[frame->at++];
	step = evaluate_term(run, term);
	return step == STEP_MATCH ? leave(run, term->qualifier) : step;
}

/* What matched in the record of the domain itself, or of its redirect. */
static const char *matched(const struct run *run, struct arena *arena)
{
	const struct frame *first = &run->frames[0];

	if (run->reason || !run->depth || !first->at)
		return NULL;
	return run->is_default ? "default" :
	       spfcheck_clean(span_first(first->record.terms[first->at -
			1].text, EXPLANATION_MAX), arena);
}

const char *spfcheck_clean(struct span text, struct arena *arena)
{
	char *clean = arena_span_text(arena, text);

	for (char *c = clean; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return clean;
}

/* 6.2: of the record that said fail, not of one included by it. Anything wrong
 * means that there is no explanation. */
static enum step explain(struct run *run, struct arena *arena,
			 const char **explanation_out)
{
	const struct frame *frame = &run->frames[0];
	const struct dnsanswer *answer;
	const char *target, *text;
	struct span raw;

	if (!frame->record.has_exp)
		return STEP_END;
	run->depth = 1;
	if (target_of(run, frame->record.exp, &target) == STEP_PENDING)
		return STEP_PENDING;
	answer = ask(run, target, DNS_TXT);
	if (!answer)
		return STEP_PENDING;
	if (answer->count != 1)
		return STEP_END;
	raw = dnsanswer_text(answer, 0, &run->scratch);
	if (spfmacro_needs_name(raw) &&
	    find_name(run, NULL, frame->domain,
		      &run->macros.validated_name) == STEP_PENDING)
		return STEP_PENDING;
	text = spfmacro_explanation(raw, &run->macros, &run->scratch);
	if (text && *text)
		*explanation_out = spfcheck_clean(
			span_first(span_text(text), EXPLANATION_MAX), arena);
	return STEP_END;
}

static enum step run_all(struct run *run, struct arena *arena,
			 struct auth_spf *spf_out)
{
	const struct spf_query *query = run->query;
	enum step step;

	if (!strchr(query->domain, '.') || !dnsname_is_valid(query->domain)) {
		end(run, AUTH_RESULT_NONE, "no domain to look at");
		return STEP_END;
	}
	run->depth = 1;
	step = load(run, query->domain);
	while (step != STEP_END && step != STEP_PENDING)
		step = advance(run);
	if (step == STEP_END && run->result == AUTH_RESULT_FAIL)
		step = explain(run, arena, &spf_out->explanation);
	return step;
}

bool spfcheck_run(const struct spf_query *query, struct arena *arena,
		  struct auth_spf *spf_out)
{
	struct run run = {
		.query = query,
		.macros = {
			.local = query->local.len ? query->local :
						    span_text("postmaster"),
			.sender_domain = query->domain,
			.domain = query->domain,
			.client = query->client,
			.helo = query->helo,
			.receiver = query->receiver,
			.now_s = query->now_s,
		},
	};
	bool is_done;

	*spf_out = (struct auth_spf){
		.scope = query->scope,
		.domain = arena_text(arena, query->domain),
	};
	arena_init(&run.scratch);
	is_done = run_all(&run, arena, spf_out) == STEP_END;
	if (is_done) {
		spf_out->result = run.result;
		spf_out->reason = run.reason ? spfcheck_clean(
			span_first(span_text(run.reason), EXPLANATION_MAX),
			arena) : NULL;
		spf_out->mechanism = matched(&run, arena);
	}
	arena_release(&run.scratch);
	return is_done;
}
