#include <config.h>

#include "sender/forgery.h"

#include "base/clock.h"
#include "message/domaintable.h"
#include "message/maildate.h"
#include "message/orgdomain.h"
#include "message/ours.h"
#include "sender/contacts.h"
#include "sender/lookalike.h"
#include "sender/sendersettings.h"
#include "settings/global.h"

#include <string.h>

#define DATE_AHEAD_S (24 * 3600)
#define DATE_BEHIND_S (15 * 24 * 3600)

static void add(struct transaction *tx, const char *symbol, double score,
		const char *detail)
{
	transaction_find(tx, symbol, "%s", detail)->score = score;
}

static bool is_ours(const struct transaction *tx, const char *domain)
{
	return domaintable_has(ours_of(tx->settings)->table, domain);
}

/* Whether the From domain is proved, by whatever policy. */
static bool is_proved(const struct transaction *tx)
{
	return tx->auth.dmarc.result == AUTH_RESULT_PASS;
}

static bool has_aligned_pass(const struct transaction *tx, const char *domain)
{
	const struct auth_spf *spf = &tx->auth.spf;

	if (is_proved(tx) &&
	    orgdomain_is_same(tx->settings, tx->auth.dmarc.domain, domain))
		return true;
	if (spf->result == AUTH_RESULT_PASS && spf->domain &&
	    orgdomain_is_same(tx->settings, spf->domain, domain))
		return true;
	for (guint i = 0; i < tx->auth.dkim->len; i++) {
		const struct auth_dkim *dkim = &g_array_index(
			tx->auth.dkim, struct auth_dkim, i);

		if (dkim->result == AUTH_RESULT_PASS && dkim->domain &&
		    !dkim->is_partial &&
		    orgdomain_is_same(tx->settings, dkim->domain, domain))
			return true;
	}
	return false;
}

/* What is odd about the field itself. */
static void check_form(struct transaction *tx, const struct from_facts *from)
{
	static const struct {
		unsigned flaw;
		const char *symbol, *detail;
		double score;
	} flaws[] = {
		{ MAILBOX_FLAW_ROUTE, "FROM_ROUTE",
		  "a source route in From", 2.0 },
		{ MAILBOX_FLAW_COMMENT, "FROM_COMMENT",
		  "a comment inside the address", 1.5 },
		{ MAILBOX_FLAW_ENCODED, "FROM_ENCODED",
		  "an encoded word inside the address", 2.0 },
		{ MAILBOX_FLAW_SYNTAX | MAILBOX_FLAW_TRAILING, "FROM_SYNTAX",
		  "From is not as RFC 5322 has it", 1.0 },
		{ MAILBOX_FLAW_GROUP, "FROM_GROUP", "a group in From", 0.5 },
	};

	for (size_t i = 0; i < COUNT_OF(flaws); i++)
		if (from->list.flaws & flaws[i].flaw)
			add(tx, flaws[i].symbol, flaws[i].score,
			    flaws[i].detail);
	if (!from->fields)
		add(tx, "FROM_MISSING", 3.0, "no From field");
	else if (!from->domain_count || from->has_bad)
		add(tx, "FROM_NO_DOMAIN", 2.0, "an address has no domain");
	if (from->fields > 1)
		transaction_find(tx, "FROM_MANY", "%u From fields",
				 from->fields)->score = 3.0;
	if (from->domain_count > 1)
		transaction_find(tx, "FROM_DOMAINS", "%zu domains",
				 from->domain_count)->score = 1.5;
}

/* The first thing in a display name that looks like an address, or NULL. */
static char *address_in(const char *name)
{
	const char *at = strchr(name, '@');
	size_t from, to;

	if (!at || at == name)
		return NULL;
	from = to = (size_t)(at - name);
	while (from > 0 && !strchr(" \t<>()[],;:\"'", name[from - 1]))
		from--;
	while (name[to] && !strchr(" \t<>()[],;:\"'", name[to]))
		to++;
	return to > (size_t)(at - name) + 1 ?
	       g_strndup(name + from, to - from) : NULL;
}

static void check_name_address(struct transaction *tx,
			       const struct mailbox *box)
{
	g_autofree char *shown = address_in(box->name);
	struct mailaddr addr;

	if (!shown)
		return;
	addr = mailaddr_parse(span_text(shown), &tx->arena);
	if (!*addr.domain_ascii ||
	    orgdomain_is_same(tx->settings, addr.domain_ascii,
			      box->addr.domain_ascii))
		return;
	if (box->is_name_encoded)
		add(tx, "FROM_NAME_HIDES", 1.0,
		    "an encoded word hides an address in the display name");
	add(tx, "FROM_NAME_ADDRESS", 3.0, shown);
}

/* A word of the name that is a domain of ours, as in "example.org support". */
static const char *our_domain_in(struct transaction *tx, const char *name)
{
	g_auto(GStrv) words = g_strsplit_set(name, " \t<>()[],;:\"'@/|", -1);

	for (char **word = words; *word; word++) {
		const char *domain = strchr(*word, '.') ?
			mailaddr_domain_ascii(span_text(*word), &tx->arena) :
			NULL;

		if (domain && is_ours(tx, domain))
			return domain;
	}
	return NULL;
}

/* Whether the skeletons of some words in a row, put together, are that one. */
static bool has_words(char *const *skeletons, const char *wanted)
{
	for (; *skeletons; skeletons++) {
		const char *left = wanted;

		for (char *const *word = skeletons; *word && *left; word++) {
			if (!g_str_has_prefix(left, *word))
				break;
			left += strlen(*word);
		}
		if (!*left)
			return true;
	}
	return false;
}

static char **skeletons_of(const char *name)
{
	g_auto(GStrv) words = g_strsplit_set(name, " \t.,;:()[]<>\"'_/|-", -1);
	GPtrArray *out = g_ptr_array_new();

	for (char **word = words; *word; word++) {
		char *skeleton = **word ? lookalike_skeleton(*word) : NULL;

		if (skeleton && *skeleton)
			g_ptr_array_add(out, skeleton);
		else
			g_free(skeleton);
	}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

static bool is_like(const char *name, const char *ours)
{
	g_auto(GStrv) skeletons = skeletons_of(name);
	g_auto(GStrv) mine = skeletons_of(ours);
	g_autofree char *wanted = g_strjoinv("", mine);

	return *wanted && has_words(skeletons, wanted);
}

/* As the eye sees it, where I is like l; and as it is read, in any case. */
static const char *our_name_in(const struct sender_settings *settings,
			       const char *name)
{
	g_autofree char *folded = g_utf8_casefold(name, -1);

	for (guint i = 0; i < settings->name_list->len; i++) {
		const char *ours = g_ptr_array_index(settings->name_list, i);
		g_autofree char *mine = g_utf8_casefold(ours, -1);

		if (is_like(name, ours) || is_like(folded, mine))
			return ours;
	}
	return NULL;
}

static void check_name(struct transaction *tx, const struct mailbox *box)
{
	const char *found;

	if (!box->name || is_ours(tx, box->addr.domain_ascii))
		return;
	check_name_address(tx, box);
	found = our_domain_in(tx, box->name);
	if (!found)
		found = our_name_in(sender_settings_of(tx->settings),
				    box->name);
	if (found)
		add(tx, "FROM_NAME_OURS", 3.0, found);
}

static void check_lookalike(struct transaction *tx, const char *domain)
{
	static const struct { const char *symbol; double score; } of[] = {
		[LOOKALIKE_CONFUSABLE] = { "LOOKALIKE_CONFUSABLE", 5.0 },
		[LOOKALIKE_EDIT] = { "LOOKALIKE_EDIT", 2.5 },
		[LOOKALIKE_LABEL] = { "LOOKALIKE_LABEL", 2.0 },
	};
	const struct lookalikes *all =
		sender_settings_of(tx->settings)->lookalikes;
	const char *ours = NULL;
	enum lookalike kind;

	if (!all || is_ours(tx, domain))
		return;
	kind = lookalikes_find(all, domain,
			       orgdomain_of(tx->settings, domain), &ours);
	if (kind != LOOKALIKE_NONE)
		transaction_find(tx, of[kind].symbol, "%s is like %s", domain,
				 ours)->score = of[kind].score;
}

static const char *first_domain(struct transaction *tx, const char *name)
{
	const struct header *header = transaction_find_header(tx, name);
	struct mailbox_list list;

	if (!header)
		return NULL;
	list = mailbox_parse(header->value, &tx->arena);
	return list.count && *list.boxes[0].addr.domain_ascii ?
	       list.boxes[0].addr.domain_ascii : NULL;
}

static void check_reply_to(struct transaction *tx,
			   const struct mailbox *box)
{
	const char *reply = first_domain(tx, "Reply-To");
	const char *domain = box->addr.domain_ascii;

	if (!reply || !*domain || !tx->contacts ||
	    orgdomain_is_same(tx->settings, reply, domain) ||
	    contacts_has(tx->contacts, mailaddr_format(&box->addr,
						       &tx->arena)))
		return;
	transaction_find(tx, "REPLY_TO_ELSEWHERE",
			 "first contact, and answers go to %s", reply)->score =
		1.0;
}

/* Where answers and bounces go, when From is of another domain. */
static void check_other_lookalikes(struct transaction *tx, const char *from)
{
	const char *reply = first_domain(tx, "Reply-To");
	const char *envelope = tx->sender.domain_ascii;

	if (reply && (!from || strcmp(reply, from) != 0))
		check_lookalike(tx, reply);
	if (envelope && *envelope && (!from || strcmp(envelope, from) != 0) &&
	    (!reply || strcmp(envelope, reply) != 0))
		check_lookalike(tx, envelope);
}

static bool is_bulk(const struct transaction *tx)
{
	static const char *const names[] = {
		"List-Id", "List-Unsubscribe", "List-Post", "Feedback-ID",
	};
	const struct header *precedence =
		transaction_find_header(tx, "Precedence");

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (transaction_find_header(tx, names[i]))
			return true;
	return precedence &&
	       (span_is_word(span_trim(precedence->value), "bulk") ||
		span_is_word(span_trim(precedence->value), "list") ||
		span_is_word(span_trim(precedence->value), "junk"));
}

void forgery_check_from(struct transaction *tx, const struct from_facts *from)
{
	const char *domain = from->domain_count ? from->domains[0] : NULL;
	const char *envelope = tx->sender.domain_ascii;

	check_form(tx, from);
	for (size_t i = 0; i < MIN(from->list.count, DMARC_DOMAINS_MAX); i++)
		check_name(tx, &from->list.boxes[i]);
	for (size_t i = 0; i < from->domain_count; i++) {
		check_lookalike(tx, from->domains[i]);
		if (is_ours(tx, from->domains[i]) &&
		    !has_aligned_pass(tx, from->domains[i]) &&
		    !tx->auth.arc.has_passed_origin)
			add(tx, "FROM_OURS", 3.0, from->domains[i]);
	}
	check_other_lookalikes(tx, domain);
	if (!domain)
		return;
	check_reply_to(tx, &from->list.boxes[0]);
	if (envelope && *envelope && is_bulk(tx) && !is_proved(tx) &&
	    !orgdomain_is_same(tx->settings, envelope, domain))
		transaction_find(tx, "ENVELOPE_DIFFERS",
				 "bulk from %s by way of %s", domain,
				 envelope)->score = 1.0;
}

/* RFC 5322, 3.6: at most one of each. From has a finding of its own. */
static void check_duplicates(struct transaction *tx)
{
	static const char *const names[] = {
		"Sender", "Reply-To", "To", "Cc", "Date", "Subject",
		"Message-ID",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		unsigned count = 0;

		for (guint j = 0; j < tx->headers->len; j++)
			count += span_is_word(g_array_index(tx->headers,
				struct header, j).name, names[i]);
		if (count > 1)
			transaction_find(tx, "HEADER_DUPLICATE",
					 "%u fields %s", count,
					 names[i])->score = 1.5;
	}
}

/* RFC 5322, 3.6.4, and not as ours are. */
static void check_message_id(struct transaction *tx)
{
	const struct header *header =
		transaction_find_header(tx, "Message-ID");
	struct span value;
	ptrdiff_t at;
	const char *domain;

	if (!header) {
		add(tx, "MESSAGE_ID_MISSING", 0.5, "no Message-ID");
		return;
	}
	value = span_trim(header->value);
	at = span_find_last(value, '@');
	if (value.len < 5 || value.ptr[0] != '<' ||
	    value.ptr[value.len - 1] != '>' || at < 2) {
		add(tx, "MESSAGE_ID_FORGED", 1.0, "it is no Message-ID");
		return;
	}
	domain = mailaddr_domain_ascii(
		span_of(value.ptr + at + 1, value.len - (size_t)at - 2),
		&tx->arena);
	if (domain && is_ours(tx, domain) && !has_aligned_pass(tx, domain) &&
	    !transaction_find_header(tx, "List-Id"))
		add(tx, "MESSAGE_ID_FORGED", 1.5,
		    "it claims to have been made by us");
}

static void check_date(struct transaction *tx)
{
	const struct header *header = transaction_find_header(tx, "Date");
	g_autofree char *text = NULL;
	int64_t now_s = clock_now_us() / G_USEC_PER_SEC, when_s;

	if (!header) {
		add(tx, "DATE_MISSING", 0.5, "no Date");
		return;
	}
	text = g_strndup(header->value.ptr, header->value.len);
	if (!maildate_read(text, &when_s)) {
		add(tx, "DATE_FORGED", 1.0, "it is no date");
		return;
	}
	if (when_s > now_s + DATE_AHEAD_S)
		add(tx, "DATE_FORGED", 1.5, "it lies in the future");
	else if (when_s < now_s - DATE_BEHIND_S)
		add(tx, "DATE_FORGED", 0.5, "it is more than 15 days old");
}

/* "by NAME" of the topmost Received: what the client itself wrote. Those
 * further down may be ours when mail comes back, as from a mailing list. */
static void check_received(struct transaction *tx)
{
	const struct header *header = transaction_find_header(tx, "Received");
	const char *id = global_settings_of(tx->settings)->authserv_id;
	const char *host = tx->client.mta_host;
	g_autofree char *text = NULL;
	g_auto(GStrv) words = NULL;

	if (!header)
		return;
	text = g_strndup(header->value.ptr, header->value.len);
	words = g_strsplit_set(text, " \t\r\n;()", -1);
	for (char **word = words; *word; word++) {
		if (g_ascii_strcasecmp(*word, "by") != 0)
			continue;
		while (word[1] && !*word[1])
			word++;
		if (word[1] && (g_ascii_strcasecmp(word[1], id) == 0 ||
				(host && g_ascii_strcasecmp(word[1], host) ==
				 0)))
			add(tx, "RECEIVED_FORGED", 3.0, word[1]);
		return;
	}
}

void forgery_check_fields(struct transaction *tx,
			  const struct from_facts *from)
{
	check_duplicates(tx);
	check_message_id(tx);
	check_date(tx);
	check_received(tx);
	if (tx->sender.is_null && !from->fields &&
	    !transaction_find_header(tx, "Reply-To"))
		add(tx, "NO_REPLY_PATH", 3.0,
		    "neither From nor Reply-To nor an envelope sender");
}
