#include <config.h>

#include "bulk/dnslists.h"

#include "bulk/dnslistsettings.h"
#include "bulk/listhealth.h"
#include "message/contents.h"
#include "message/domaintable.h"
#include "message/mailbox.h"
#include "message/orgdomain.h"
#include "message/ours.h"
#include "message/uris.h"
#include "resolver/dnsname.h"
#include "resolver/inquiry.h"

#include <math.h>
#include <string.h>

#define ENVELOPE (DNSLIST_CLIENT | DNSLIST_HELO | DNSLIST_SENDER)
#define DETAIL_ITEMS 5		/* that a finding names */

/* What is listed by some: an address or a domain. */
struct item {
	enum dnslist_item kind;
	const char *text;
	const char *reversed;		/* of an address; NULL: a domain */
};

/* The questions of one list. */
struct question_of_list {
	const struct item *item;	/* NULL: the control */
	const char *name;
	const struct dnsanswer *answer;	/* NULL: not there yet */
};

static void add_item(GArray *items, enum dnslist_item kind, const char *text,
		     const char *reversed)
{
	struct item item = { kind, text, reversed };

	g_array_append_val(items, item);
}

static void add_address(struct transaction *tx, GArray *items,
			enum dnslist_item kind, const struct netaddr *addr)
{
	char text[NETADDR_TEXT_MAX];

	if (addr->family == NETADDR_NONE || netaddr_is_private(addr) ||
	    ours_has_address(ours_of(tx->settings), &tx->client, addr))
		return;
	add_item(items, kind,
		 arena_text(&tx->arena, netaddr_format(addr, text)),
		 dnsname_reverse(addr, &tx->arena));
}

/* In lower case with A-labels; NULL and "" are none. */
static void add_domain(struct transaction *tx, GArray *items,
		       enum dnslist_item kind, const char *domain)
{
	const struct ours *ours = ours_of(tx->settings);

	if (!domain || !strchr(domain, '.') ||
	    (ours->table && domaintable_has(ours->table, domain)) ||
	    domaintable_has(dnslists_settings_of(tx->settings)->excepted,
			    domain))
		return;
	add_item(items, kind, domain, NULL);
}

static void add_envelope(struct transaction *tx, GArray *items)
{
	if (tx->direction != DIRECTION_INBOUND)
		return;
	if (tx->client.kind == CLIENT_INET)
		add_address(tx, items, DNSLIST_CLIENT, &tx->client.addr);
	if (tx->client.helo)
		add_domain(tx, items, DNSLIST_HELO, mailaddr_domain_ascii(
			   span_text(tx->client.helo), &tx->arena));
	if (!tx->sender.is_null && !tx->sender.is_literal)
		add_domain(tx, items, DNSLIST_SENDER, tx->sender.domain_ascii);
}

static void add_from(struct transaction *tx, GArray *items)
{
	const struct header *from = transaction_find_header(tx, "From");
	struct mailbox_list boxes;

	if (!from || tx->direction != DIRECTION_INBOUND)
		return;
	boxes = mailbox_parse(from->value, &tx->arena);
	if (boxes.count)
		add_domain(tx, items, DNSLIST_FROM,
			   boxes.boxes[0].addr.domain_ascii);
}

static void add_uris(struct transaction *tx, GArray *items)
{
	const GArray *uris = contents_uris(tx);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	int64_t most = dnslists_settings_of(tx->settings)->uris_max;

	for (guint i = 0; i < uris->len &&
	     (int64_t)g_hash_table_size(seen) < most; i++) {
		const char *host = g_array_index(uris, struct uri, i).host;
		struct netaddr addr;

		if (!host || !g_hash_table_add(seen, (char *)host))
			continue;
		if (netaddr_parse(span_text(host), &addr))
			add_address(tx, items, DNSLIST_URI, &addr);
		else
			add_domain(tx, items, DNSLIST_URI, host);
	}
}

static unsigned wanted_items(const struct dnslist_settings *settings)
{
	unsigned wanted = 0;

	for (guint i = 0; i < settings->lists->len; i++)
		wanted |= ((struct dnslist *)g_ptr_array_index(
			settings->lists, i))->items;
	return wanted;
}

/* Of struct item, those of the kinds; names and addresses once a kind. */
static GArray *items_of(struct transaction *tx, unsigned kinds)
{
	GArray *items = g_array_new(FALSE, FALSE, sizeof(struct item));

	kinds &= wanted_items(dnslists_settings_of(tx->settings));
	if (kinds & ENVELOPE)
		add_envelope(tx, items);
	if (kinds & DNSLIST_FROM)
		add_from(tx, items);
	if (kinds & DNSLIST_URI)
		add_uris(tx, items);
	return items;
}

static void add_question(struct transaction *tx, const struct dnslist *list,
			 GArray *questions, const struct item *item,
			 const char *front)
{
	struct question_of_list question = { item, arena_printf(&tx->arena,
		"%s%s%s.%s", front, list->key ? "." : "",
		list->key ? list->key : "", list->zone), NULL };

	for (guint i = 0; i < questions->len; i++)
		if (strcmp(question.name, g_array_index(questions,
				struct question_of_list, i).name) == 0)
			return;
	if (dnsname_is_valid(question.name))
		g_array_append_val(questions, question);
}

/* Empty when there is nothing that this list is asked for. */
static GArray *questions_of(struct transaction *tx, const struct dnslist *list,
			    const GArray *items, unsigned kinds)
{
	GArray *questions = g_array_new(FALSE, FALSE,
					sizeof(struct question_of_list));
	bool has_address = false, has_domain = false;

	for (guint i = 0; i < items->len; i++) {
		const struct item *item = &g_array_index(items, struct item, i);
		const char *front = item->reversed ? item->reversed :
			list->is_whole_host ? item->text :
			orgdomain_of(tx->settings, item->text);

		if (!(item->kind & list->items & kinds))
			continue;
		has_address |= item->reversed != NULL;
		has_domain |= !item->reversed;
		add_question(tx, list, questions, item, front);
	}
	/* What no list of addresses, and none of domains, may list. */
	if (has_address)
		add_question(tx, list, questions, NULL, "1.0.0.127");
	if (has_domain)
		add_question(tx, list, questions, NULL, "invalid");
	return questions;
}

/* False while one is still open. */
static bool ask(struct transaction *tx, GArray *questions)
{
	struct dns_asker asker = inquiry_reserved_asker(tx->inquiry);
	bool is_done = true;

	for (guint i = 0; i < questions->len; i++) {
		struct question_of_list *question = &g_array_index(
			questions, struct question_of_list, i);

		if (!question->answer)
			question->answer = asker.ask(asker.asker,
						     question->name, DNS_A);
		is_done &= question->answer != NULL;
	}
	return is_done;
}

static uint32_t number_of(const struct netaddr *addr)
{
	return (uint32_t)addr->bytes[12] << 24 |
	       (uint32_t)addr->bytes[13] << 16 |
	       (uint32_t)addr->bytes[14] << 8 | addr->bytes[15];
}

static bool matches(const struct dnslist_code *code, uint32_t answer)
{
	return code->bit ? (answer & code->bit) != 0 :
	       answer >= code->first && answer <= code->last;
}

/* What the list says of one item; false: that it is not listed, or nothing that
 * counts. Codes that answered are appended. */
static bool weigh(const struct dnslist *list, const struct dnsanswer *answer,
		  double *score_out, GString *codes_out)
{
	bool is_listed = false;

	*score_out = list->codes->len ? 0 : list->score;
	for (size_t i = 0; i < answer->count; i++) {
		char text[NETADDR_TEXT_MAX];
		struct netaddr addr;

		if (!dnsanswer_address(answer, i, &addr))
			continue;
		is_listed |= !list->codes->len;
		for (guint k = 0; k < list->codes->len; k++) {
			const struct dnslist_code *code = &g_array_index(
				list->codes, struct dnslist_code, k);

			if (matches(code, number_of(&addr))) {
				is_listed = true;
				*score_out += code->score;
			}
		}
		g_string_append_printf(codes_out, "%s%s",
				       codes_out->len ? " " : "",
				       netaddr_format(&addr, text));
	}
	return is_listed;
}

/* Why an answer cannot be one of a list; NULL: it can. */
static const char *why_odd(const struct dnsanswer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		struct netaddr addr;

		if (!dnsanswer_address(answer, i, &addr))
			continue;
		if (addr.bytes[12] != 127)
			return "answers-outside-127.0.0.0/8";
		if ((number_of(&addr) & 0xffffff00) == 0x7fffff00)
			return "it-answers-an-error";
	}
	return NULL;
}

/* What the answers to one list's questions come to. */
struct list_outcome {
	const char *doubt, *failure;	/* or NULL */
	bool has_answer;
	bool is_tested;			/* every control was answered */
};

static struct list_outcome outcome_of(const GArray *questions)
{
	struct list_outcome outcome = { .is_tested = true };

	for (guint i = 0; i < questions->len; i++) {
		const struct question_of_list *question = &g_array_index(
			questions, struct question_of_list, i);

		if (dnsanswer_is_temporary(question->answer)) {
			outcome.failure = dnsanswer_status_word(
				question->answer->status);
			outcome.is_tested &= question->item != NULL;
		} else {
			outcome.has_answer = true;
		}
		if (question->answer->count && !outcome.doubt)
			outcome.doubt = question->item ?
				why_odd(question->answer) :
				"it-lists-what-none-may";
	}
	return outcome;
}

/* Whether its answers can be believed: by what it says of the controls now, or
 * said last when it does not say. */
static bool is_believed(const struct transaction *tx,
			const struct dnslist *list, const GArray *questions)
{
	const struct dnslist_settings *settings =
		dnslists_settings_of(tx->settings);
	struct list_outcome outcome = outcome_of(questions);

	if (outcome.has_answer)
		listhealth_answered(list->zone);
	else if (!inquiry_is_exhausted(tx->inquiry))
		listhealth_failed(list->zone, outcome.failure,
				  settings->failures_max, settings->pause_ms);
	if (outcome.doubt || outcome.is_tested)
		listhealth_doubt(list->zone, outcome.doubt);
	return outcome.has_answer && listhealth_is_trusted(list->zone);
}

static const char *reply_for(struct transaction *tx,
			     const struct dnslist *list, const char *item)
{
	g_autoptr(GString) text = g_string_new(*list->reply ? list->reply :
					       "%{item} is listed by %{zone}");

	g_string_replace(text, "%{item}", item, 0);
	g_string_replace(text, "%{zone}", list->zone, 0);
	return arena_text(&tx->arena, text->str);
}

static void add_finding(struct transaction *tx, const struct dnslist *list,
			const char *detail, const char *item, double score)
{
	struct finding *finding = transaction_find(tx, list->symbol,
		"%s by %s", detail, list->zone);

	finding->score = score;
	finding->demand = list->action;
	if (list->action != ACTION_DEFER && list->action != ACTION_REJECT)
		return;
	finding->code = list->action == ACTION_DEFER ? 451 : 550;
	finding->enhanced = list->action == ACTION_DEFER ? "4.7.1" : "5.7.1";
	finding->text = reply_for(tx, list, item);
}

/* One finding, whatever number of its items are listed: the
 * score of the worst. */
static void conclude(struct transaction *tx, const struct dnslist *list,
		     const GArray *questions)
{
	g_autoptr(GString) detail = g_string_new(NULL);
	const char *first = NULL;
	double worst = 0;
	guint count = 0;

	for (guint i = 0; i < questions->len; i++) {
		const struct question_of_list *question = &g_array_index(
			questions, struct question_of_list, i);
		g_autoptr(GString) codes = g_string_new(NULL);
		double score;

		if (!question->item || !weigh(list, question->answer, &score,
					      codes))
			continue;
		if (!first || fabs(score) > fabs(worst))
			worst = score;
		if (!first)
			first = question->item->text;
		if (count++ < DETAIL_ITEMS)
			g_string_append_printf(detail, "%s%s (%s)",
				detail->len ? ", " : "", question->item->text,
				codes->str);
	}
	if (first)
		add_finding(tx, list, detail->str, first, worst);
}

static bool is_refusing(const struct dnslist *list)
{
	return list->action == ACTION_DEFER || list->action == ACTION_REJECT;
}

/* The kinds that this list is judged by at a stage. Those of the envelope are
 * done with at RCPT for a list that refuses. */
static unsigned kinds_at(const struct dnslist *list, enum stage stage)
{
	if (stage == STAGE_RCPT)
		return is_refusing(list) ? ENVELOPE : 0;
	return is_refusing(list) ? ~(unsigned)ENVELOPE : ~0u;
}

/* Asks every list before it waits for any. */
static void judge(struct transaction *tx, unsigned kinds, enum stage stage)
{
	const GPtrArray *lists = dnslists_settings_of(tx->settings)->lists;
	g_autoptr(GArray) items = items_of(tx, kinds);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(
		(GDestroyNotify)g_array_unref);

	for (guint i = 0; i < lists->len; i++) {
		const struct dnslist *list = g_ptr_array_index(lists, i);
		GArray *questions = questions_of(tx, list, items,
						 kinds & kinds_at(list, stage));

		if (questions->len && !listhealth_is_due(list->zone))
			g_array_set_size(questions, 0);
		(void)ask(tx, questions);
		g_ptr_array_add(all, questions);
	}
	for (guint i = 0; i < lists->len; i++) {
		const struct dnslist *list = g_ptr_array_index(lists, i);
		GArray *questions = g_ptr_array_index(all, i);

		while (!ask(tx, questions))
			(void)inquiry_wait(tx->inquiry);
		if (questions->len && is_believed(tx, list, questions))
			conclude(tx, list, questions);
	}
}

/* So that the answers come while other things are done. */
static void ask_ahead(struct transaction *tx, unsigned kinds)
{
	const GPtrArray *lists = dnslists_settings_of(tx->settings)->lists;
	g_autoptr(GArray) items = items_of(tx, kinds);

	for (guint i = 0; i < lists->len; i++) {
		const struct dnslist *list = g_ptr_array_index(lists, i);
		g_autoptr(GArray) questions = questions_of(tx, list, items,
							   kinds);

		if (questions->len && !listhealth_is_passed_over(list->zone))
			(void)ask(tx, questions);
	}
}

void dnslists_sender(struct transaction *tx)
{
	if (dnslists_settings_of(tx->settings)->lists->len)
		ask_ahead(tx, ENVELOPE);
}

void dnslists_recipient(struct transaction *tx)
{
	if (tx->recipients->len == 1 &&
	    dnslists_settings_of(tx->settings)->lists->len)
		judge(tx, ENVELOPE, STAGE_RCPT);
}

void dnslists_ask(struct transaction *tx)
{
	if (dnslists_settings_of(tx->settings)->lists->len)
		ask_ahead(tx, ~(unsigned)ENVELOPE);
}

void dnslists_message(struct transaction *tx)
{
	if (dnslists_settings_of(tx->settings)->lists->len)
		judge(tx, ~0u, STAGE_MESSAGE);
}
