#include <config.h>

#include "content/match.h"

#include "content/candidates.h"
#include "content/captures.h"
#include "content/evals.h"
#include "content/headertext.h"
#include "content/metas.h"
#include "content/redirects.h"
#include "content/uridetail.h"
#include "base/log.h"
#include "message/contents.h"
#include "message/uris.h"

#include <string.h>
#include <time.h>

/* The texts of one message, each made once. */
struct matching {
	const struct ruleset *set;
	struct transaction *tx;
	struct arena *arena;		/* its own */
	struct matches *out;
	struct header_source source;
	struct mime *mime;
	struct bodytext *text;
	const struct attachments *attachments;
	GArray *uris;			/* of struct span */
	GArray *whole;			/* of struct span: the message, header
					 * and body */
	const GArray *whole_uris;	/* of struct uri, as many */
	struct uridetails *details;	/* NULL: not yet made */
	struct eval_memory memory;
	struct captures *captures;
	GArray *headers;		/* of struct span, by spec */
	bool *has_header;		/* by spec */
	struct candidates *candidates;
	struct metas_run *metas;
	int64_t *nanoseconds;		/* see match_profile(); NULL:
					 * not asked */
};

static void hit_at(struct matching *on, guint index,
		   const struct match_place *where)
{
	matches_hit(on->out, index, where, on->arena);
}

static void hit(struct matching *on, guint index, struct span text,
		struct span found)
{
	hit_at(on, index, &(const struct match_place){ text, found, NULL });
}

/* What is in no text, or not the whole of it. */
static void hit_as_said(struct matching *on, guint index, const char *said)
{
	hit_at(on, index, &(const struct match_place){ .said = said });
}

/* Whether the rule has hit as often as it may. */
static bool is_full(const struct matching *on, const struct rule *rule,
		    guint index)
{
	return on->out->values[index] >= (double)ruleset_most_hits(rule);
}

static void tell_cut_off(struct matching *on, const struct rule *rule)
{
	on->out->cut_off++;
	on->out->exploded = rule;
	log_event(&on->tx->log, LOG_WARNING,
		  ruleset_is_left_out(on->set, rule) ?
		  "rule_left_out" : "rule_cut_off",
		  "rule=%s file=%s line=%u times=%u", rule->name, rule->file,
		  rule->line, pattern_cut_offs(rule->pattern));
}

/* With what was captured put in. NULL: it lacks some of it, and
 * does not run. */
static const struct pattern *pattern_of(struct matching *on,
					const struct rule *rule)
{
	return rule->user ? captures_fill(on->captures, rule->user) :
			    rule->pattern;
}

/* With anything at all put in, it says the same, and needs not be compiled. */
static bool is_hopeless(const struct rule *rule, struct span text)
{
	return rule->user && captures_user_may_filter(rule->user) &&
	       pattern_match(rule->pattern, text, 0, NULL) == PATTERN_NO;
}

/* All places in a window of a text; where to go on behind them. */
static size_t match_window(struct matching *on, const struct rule *rule,
			   guint index, struct span text,
			   struct pattern_window window)
{
	const struct pattern *pattern = is_hopeless(rule, text) ? NULL :
					pattern_of(on, rule);

	while (pattern && window.from <= window.to &&
	       !is_full(on, rule, index)) {
		struct span found;
		enum pattern_result result = pattern_match_within(
			pattern, text, window, &found);

		if (result == PATTERN_CUT_OFF) {
			tell_cut_off(on, rule);
			return text.len + 1;
		}
		if (result != PATTERN_YES)
			break;
		if (rule->is_capturing)
			captures_take(on->captures, pattern, text, window.from);
		hit(on, index, text, found);
		window.from = (size_t)(found.ptr - text.ptr) +
			      MAX(found.len, 1);
	}
	return window.from;
}

static void match_text(struct matching *on, const struct rule *rule,
		       guint index, struct span text)
{
	(void)match_window(on, rule, index, text,
			   (struct pattern_window){ 0, text.len });
}

static void match_all(struct matching *on, const struct rule *rule,
		      guint index, const GArray *texts, guint first)
{
	guint at = 0, text, last = G_MAXUINT;
	struct pattern_window window;
	size_t from = 0;

	while (!is_full(on, rule, index) &&
	       candidates_next(on->candidates, rule, &at, &text, &window)) {
		if (text < first)
			continue;
		window.from = text == last ? MAX(from, window.from) :
					     window.from;
		last = text;
		from = match_window(on, rule, index,
				    g_array_index(texts, struct span, text),
				    window);
	}
}

/* For "!~": a match that was cut off is none of either. */
static bool is_without(struct matching *on, const struct rule *rule,
		       struct span text)
{
	const struct pattern *pattern = pattern_of(on, rule);
	enum pattern_result result;

	if (!pattern)
		return false;
	result = pattern_match(pattern, text, 0, NULL);
	if (result == PATTERN_CUT_OFF)
		tell_cut_off(on, rule);
	return result == PATTERN_NO;
}

/* Whether the filter says that its header is not what the rule looks for. */
static bool is_ruled_out(const struct matching *on, const struct rule *rule)
{
	struct pattern_window window;
	guint at = 0, text;

	return rule->is_filtered &&
	       !candidates_next(on->candidates, rule, &at, &text, &window);
}

static void match_header(struct matching *on, const struct rule *rule,
			 guint index)
{
	bool is_there = on->has_header[rule->header];
	struct span text = g_array_index(on->headers, struct span,
					 rule->header);
	bool is_told = (is_there || !rule->unset) && !rule->is_exists &&
		       rule->is_filtered && candidates_rules(on->candidates);

	if (!is_there)
		text = span_text(rule->unset ? rule->unset : "");
	if (!rule->is_exists && !rule->is_negated) {
		if (is_told)
			match_all(on, rule, index, on->headers, 0);
		else
			match_text(on, rule, index, text);
		return;
	}
	if (rule->is_exists ? is_there :
	    (is_told && is_ruled_out(on, rule) && pattern_of(on, rule)) ||
	    is_without(on, rule, text))
		hit(on, index, text, span_of(NULL, 0));
}

static void match_part(struct matching *on, const struct rule *rule,
		       guint index, const struct mime_part *part)
{
	const struct header_spec *spec = g_ptr_array_index(on->set->specs,
							   rule->header);
	struct span text;
	bool is_there = headertext_of_part(part, spec, on->arena, &text);

	if (rule->is_exists) {
		if (is_there)
			hit(on, index, text, span_of(NULL, 0));
	} else if (rule->is_negated) {
		if (is_there && is_without(on, rule, text))
			hit(on, index, text, span_of(NULL, 0));
	} else if (is_there || rule->unset) {
		match_text(on, rule, index, is_there ? text :
						       span_text(rule->unset));
	}
}

static void match_parts(struct matching *on, const struct rule *rule,
			guint index)
{
	for (guint i = 0; i < on->mime->parts->len &&
	     !is_full(on, rule, index); i++)
		match_part(on, rule, index,
			   g_ptr_array_index(on->mime->parts, i));
}

static void match_detail(struct matching *on, const struct rule *rule,
			 guint index)
{
	const char *uri;

	if (!on->details)
		on->details = uridetails_make(on->whole_uris, on->text);
	uri = uridetail_find(rule->detail, on->details);
	if (uri)
		hit_as_said(on, index, uri);
}

static void match_rule(struct matching *on, const struct rule *rule,
		       guint index)
{
	const struct eval_source source = {
		.header = &on->source, .text = on->text,
		.attachments = on->attachments,
		.uris = on->whole_uris, .lists = on->set->lists,
		.locales = on->set->locales,
		.is_raw = rule->kind == RULE_RAWBODY,
		.memory = &on->memory,
	};

	if (rule->call) {
		on->memory.found = NULL;
		if (evals_run(rule->call, &source))
			hit_as_said(on, index, on->memory.found);
		return;
	}
	if (rule->detail) {
		match_detail(on, rule, index);
		return;
	}
	switch (rule->kind) {
	case RULE_HEADER:
		match_header(on, rule, index);
		break;
	case RULE_MIMEHEADER:
		match_parts(on, rule, index);
		break;
	case RULE_BODY:
		match_all(on, rule, index, on->text->lines,
			  rule->is_nosubject);
		break;
	case RULE_RAWBODY:
		match_all(on, rule, index, on->text->raw, 0);
		break;
	case RULE_URI:
		match_all(on, rule, index, on->uris, 0);
		break;
	case RULE_FULL:
		match_all(on, rule, index, on->whole, 0);
		break;
	case RULE_META:
	case RULE_NONE:
		break;
	}
}

static void read_headers(struct matching *on)
{
	const struct header_names names = headertext_names(on->tx->headers);
	guint specs = on->set->specs->len;

	on->headers = g_array_sized_new(FALSE, TRUE, sizeof(struct span),
					specs);
	g_array_set_size(on->headers, specs);
	on->has_header = arena_new_n(on->arena, bool, specs);
	for (guint i = 0; i < specs; i++) {
		const struct header_spec *spec = g_ptr_array_index(
			on->set->specs, i);

		on->has_header[i] = headertext_may_have(&names, spec) &&
			headertext_get(&on->source, spec, &g_array_index(
				on->headers, struct span, i));
	}
}

static void find_candidates(struct matching *on)
{
	const GArray *const texts[RULE_KINDS] = {
		[RULE_HEADER] = on->headers, [RULE_BODY] = on->text->lines,
		[RULE_RAWBODY] = on->text->raw, [RULE_FULL] = on->whole,
		[RULE_URI] = on->uris,
	};

	on->candidates = candidates_new(on->set, texts, on->arena);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void match_begin(const struct ruleset *set, struct transaction *tx)
{
	struct redirects_run *run = arena_new(&tx->arena,
					      struct redirects_run);
	struct uri_redirects *redirects = arena_new(&tx->arena,
						    struct uri_redirects);

	*run = (struct redirects_run){
		set->redirects, set->cut_offs_max, &tx->log, 0,
	};
	*redirects = (struct uri_redirects){ redirects_target, run };
	tx->redirects = redirects;
}

static void collect_uris(struct matching *on)
{
	const struct redirects_run *run;

	if (!on->tx->redirects)
		match_begin(on->set, on->tx);
	on->whole_uris = contents_uris(on->tx);
	run = on->tx->redirects->mydata;
	on->out->cut_off += run->cut_off;
	on->uris = g_array_sized_new(FALSE, FALSE, sizeof(struct span),
				     on->whole_uris->len);
	for (guint i = 0; i < on->whole_uris->len; i++) {
		struct span text = span_text(g_array_index(
			on->whole_uris, struct uri, i).text);

		g_array_append_val(on->uris, text);
	}
}

static void prepare(struct matching *on)
{
	on->source = headertext_source(on->tx, on->set->origins, on->arena);
	on->mime = contents_mime(on->tx);
	on->text = contents_text(on->tx);
	on->attachments = contents_attachments(on->tx);
	collect_uris(on);
	read_headers(on);
	on->whole = g_array_new(FALSE, FALSE, sizeof(struct span));
	g_array_append_val(on->whole, on->mime->text);
	on->out->mime_flaws = on->mime->flaws;
	on->out->archive_flaws = on->attachments->packed.flaws;
	on->out->archive_limits = attachments_limits_met(on->attachments);
	on->out->is_html_cut = on->text->is_html_cut;
}

static void add_up(struct matching *on)
{
	guint index = 0;
	const struct rule *rule;

	for (; (rule = matches_next(on->out, on->set, &index)); index++)
		on->out->score += rule->score;
}

static void match_timed(struct matching *on, const struct rule *rule)
{
	int64_t began = on->nanoseconds ? now_ns() : 0;

	if (ruleset_is_left_out(on->set, rule))
		return;
	match_rule(on, rule, rule->index);
	if (on->nanoseconds)
		on->nanoseconds[rule->index] += now_ns() - began;
}

static void match_now(struct matching *on, const struct rule *rule)
{
	match_timed(on, rule);
	if (on->out->values[rule->index] > 0)
		metas_tell(on->metas, rule->index,
			   on->out->values[rule->index]);
}

/* Unless it is one of those that are matched first. */
static void match_later(struct matching *on, const struct rule *rule)
{
	if (rule->is_deferred)
		metas_doubt(on->metas, rule->index);
	else if (!rule->is_capturing || rule->user)
		match_now(on, rule);
}

static void match_candidates(struct matching *on)
{
	const GPtrArray *some = candidates_rules(on->candidates);
	const GPtrArray *always = on->set->always;
	const GPtrArray *first = on->set->capturing;

	for (guint i = 0; i < first->len; i++)
		match_now(on, g_ptr_array_index(first, i));
	for (guint i = 0; i < always->len; i++) {
		const struct rule *rule = g_ptr_array_index(always, i);

		match_later(on, rule);
	}
	if (!some)
		some = on->set->rules;
	for (guint i = 0; i < some->len; i++) {
		const struct rule *rule = g_ptr_array_index(some, i);

		if (rule->is_filtered && !rule->is_always)
			match_later(on, rule);
	}
}

/* Of a rule that was deferred. */
static double match_asked(void *mydata, guint index)
{
	struct matching *on = mydata;

	match_timed(on, g_ptr_array_index(on->set->rules, index));
	return on->out->values[index];
}

static struct matches *run(const struct ruleset *set, struct transaction *tx,
			   bool is_all, int64_t *nanoseconds)
{
	struct arena *arena = &tx->arena;
	int64_t began = nanoseconds ? now_ns() : 0;
	guint count = set->rules->len;
	struct matching on = {
		.set = set, .tx = tx, .arena = arena,
		.metas = metas_begin(set->metas),
		.nanoseconds = nanoseconds, .captures = captures_new(),
	};

	on.out = matches_new(count, arena);
	prepare(&on);
	find_candidates(&on);
	if (nanoseconds)
		nanoseconds[count] += now_ns() - began;
	match_candidates(&on);
	metas_work_out(on.metas, is_all, match_asked, &on, on.out->values);
	metas_end(on.metas);
	add_up(&on);
	candidates_free(on.candidates);
	captures_free(on.captures);
	headertext_release(&on.source);
	g_array_unref(on.headers);
	g_array_unref(on.whole);
	g_array_unref(on.uris);
	return on.out;
}

struct matches *match_run(const struct ruleset *set, struct transaction *tx)
{
	return run(set, tx, true, NULL);
}

struct matches *match_needed(const struct ruleset *set, struct transaction *tx)
{
	return run(set, tx, false, NULL);
}

struct matches *match_profile(const struct ruleset *set,
			      struct transaction *tx, int64_t *nanoseconds)
{
	return run(set, tx, false, nanoseconds);
}
