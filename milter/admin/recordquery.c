#include <config.h>

#include "admin/recordquery.h"

#include "base/arena.h"
#include "message/mailaddr.h"
#include "store/recordid.h"
#include "store/subjectwords.h"

#include <string.h>
#include <sysexits.h>

#define SEARCH_LIMIT 100
#define STATS_TOP 10

static bool find_word(const char *word, const char *(*word_of)(unsigned),
		      unsigned count, unsigned *index_out)
{
	for (unsigned i = 0; i < count; i++)
		if (g_ascii_strcasecmp(word, word_of(i)) == 0) {
			*index_out = i;
			return true;
		}
	return false;
}

static const char *action_word_at(unsigned i)
{
	return action_word((enum action)i);
}

static const char *direction_word_at(unsigned i)
{
	return direction_word((enum direction)i);
}

static const char *kind_word_at(unsigned i)
{
	return recordview_kind_word((enum record_kind)i);
}

static int take_kinds(const struct command *self, struct recordquery *asking)
{
	struct search_query *query = &asking->query;
	unsigned index;

	if (asking->verdict) {
		if (!find_word(asking->verdict, action_word_at,
			       ACTION_DISCARD + 1, &index))
			return admin_fail(self, EX_USAGE, "--verdict: one of "
				"none, accept, tag, quarantine, defer, "
				"reject, discard");
		query->has_action = true;
		query->action = (enum action)index;
		query->kind = RECORD_MESSAGE;
	}
	if (asking->direction) {
		if (!find_word(asking->direction, direction_word_at,
			       DIRECTION_LOCAL + 1, &index))
			return admin_fail(self, EX_USAGE, "--direction: one "
				"of inbound, outbound, local");
		query->direction = (enum direction)index;
	}
	if (asking->kind) {
		if (!find_word(asking->kind, kind_word_at, RECORD_SESSION + 1,
			       &index))
			return admin_fail(self, EX_USAGE,
				"--kind: one of any, message, session");
		query->kind = (enum record_kind)index;
	}
	return EX_OK;
}

/* Domains are looked for as the records have them. */
static char *domain_form(const char *domain)
{
	struct arena arena;
	char *form;

	arena_init(&arena);
	const char *ascii = mailaddr_domain_ascii(span_text(domain), &arena);

	form = g_strdup(ascii ? ascii : domain);
	arena_release(&arena);
	return form;
}

static char *address_form(const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *domain = at ? domain_form(at + 1) : NULL;

	if (!at)
		return g_strdup(address);
	return g_strdup_printf("%.*s@%s", (int)(at - address), address,
			       domain);
}

static void replace(char **word, char *(*form)(const char *))
{
	char *fresh;

	if (!*word)
		return;
	fresh = form(*word);
	g_free(*word);
	*word = fresh;
}

static int take_ids(const struct command *self, struct recordquery *asking)
{
	struct search_query *query = &asking->query;
	guint64 before = 0;

	if (asking->session && !record_id_parse(span_text(asking->session),
						&query->session))
		return admin_fail(self, EX_USAGE,
				  "--session: \"%s\" is no id",
				  asking->session);
	if (asking->cursor && !g_ascii_string_to_unsigned(
			asking->cursor, 10, 1, G_MAXUINT64, &before, NULL))
		return admin_fail(self, EX_USAGE, "--cursor: \"%s\" is not "
				  "what a search printed; it is a number",
				  asking->cursor);
	query->before = before;
	return EX_OK;
}

static int take_subject(const struct command *self,
			struct recordquery *asking)
{
	g_autoptr(GArray) words = NULL;

	if (!asking->subject)
		return EX_OK;
	words = subjectwords_of(span_text(asking->subject));
	if (!words->len)
		return admin_fail(self, EX_USAGE, "--subject: \"%s\" has no "
				  "word of letters or digits",
				  asking->subject);
	asking->query.subject = asking->subject;
	return EX_OK;
}

static int make_query(const struct command *self, struct recordquery *asking,
		      enum recordquery_use use)
{
	g_autoptr(GError) why = NULL;
	int status;

	replace(&asking->from, address_form);
	replace(&asking->rcpt, address_form);
	replace(&asking->domain, domain_form);
	asking->query = (struct search_query){
		.account = asking->account, .sender = asking->from,
		.recipient = asking->rcpt, .domain = asking->domain,
		.message_id = asking->message_id,
		.queue_id = asking->queue_id,
		.customer = asking->customer, .symbol = asking->symbol,
		/* Sessions, too, say who it was. */
		.kind = use == RECORDQUERY_ERASE ? RECORD_ANY : RECORD_MESSAGE,
		.limit = (uint64_t)MAX(asking->limit, 0),
	};
	if (asking->client && !network_parse(span_text(asking->client),
					     &asking->query.client, &why))
		return admin_fail(self, EX_USAGE, "--client-ip: %s",
				  why->message);
	status = take_ids(self, asking);
	if (status == EX_OK)
		status = take_subject(self, asking);
	if (status == EX_OK)
		status = admin_take_times(self, asking->since, asking->until,
					  &asking->query.since_us,
					  &asking->query.until_us);
	return status ? status : take_kinds(self, asking);
}

#define WORD(name, field, what, arg) \
	{ name, 0, 0, G_OPTION_ARG_STRING, &asking->field, what, arg }
#define WORD_ENTRY(...) (GOptionEntry)WORD(__VA_ARGS__)

static int take_rest(struct recordquery *asking, const struct command *self,
		     enum recordquery_use use, int argc, char **argv)
{
	int status = admin_take_no_words(self, argc, argv);

	if (status == EX_OK && asking->limit < 0)
		status = admin_fail(self, EX_USAGE, "--limit: a number from 0 "
				    "on; 0: all");
	return status == EX_OK ? make_query(self, asking, use) :
				 status;
}

int recordquery_parse(struct recordquery *asking, struct admin *admin,
		      const struct command *self, enum recordquery_use use,
		      int argc, char **argv)
{
	const GOptionEntry end = G_OPTION_ENTRY_NULL, limit = {
		"limit", 'n', 0, G_OPTION_ARG_INT, &asking->limit,
		use == RECORDQUERY_SEARCH ?
		"At most so many, newest first (100; 0: all)" :
		"Of senders, networks and findings the most frequent "
		"(10; 0: all)", "N",
	}, dry_run = {
		"dry-run", 0, 0, G_OPTION_ARG_NONE, &asking->is_dry,
		"Only count them", NULL,
	};
	bool is_search = use == RECORDQUERY_SEARCH;
	const GOptionEntry entries[] = {
		WORD("since", since, "Ended at or after", "TIME"),
		WORD("until", until, "Ended before", "TIME"),
		WORD("client-ip", client, "Client address or network", "CIDR"),
		WORD("account", account, "Login", "NAME"),
		WORD("customer", customer, "Customer, by the id in the book",
		     "ID"),
		WORD("from", from, "Envelope sender, @DOMAIN, or what it "
		     "begins with: news*@DOMAIN, news*", "ADDRESS"),
		WORD("rcpt", rcpt, "A recipient, likewise", "ADDRESS"),
		WORD("domain", domain, "Domain of the sender or a recipient",
		     "DOMAIN"),
		WORD("message-id", message_id, "Message-ID", "ID"),
		WORD("queue-id", queue_id, "The MTA's queue id", "ID"),
		WORD("session", session, "Id of the session", "ID"),
		/* Bytes as they are: a locale may not know their letters. */
		{ "subject", 0, 0, G_OPTION_ARG_FILENAME, &asking->subject,
		  "All of these words are in the subject", "WORDS" },
		WORD("verdict", verdict, "accept, tag, quarantine, defer, "
		     "reject, discard or none", "ACTION"),
		WORD("symbol", symbol, "A finding", "SYMBOL"),
		WORD("direction", direction, "inbound, outbound or local",
		     "WORD"),
		WORD("reason", reason, RECORDQUERY_REASON_HELP, "TEXT"),
		RECORDS_FROM_ENTRY(admin),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		/* What not all have: each ends with its last. */
		is_search ? WORD_ENTRY("kind", kind, "message (preset), "
				       "session or any", "WORD") :
		use == RECORDQUERY_STATS ? limit : dry_run,
		is_search ? limit : end,
		WORD("cursor", cursor, "The next page: what the one before "
		     "ended with, or its last sequence", "N"),
		{ "csv", 0, 0, G_OPTION_ARG_NONE, &asking->is_csv,
		  "Comma-separated, with a line of titles", NULL },
		end,
	};
	int status;

	*asking = (struct recordquery){
		.limit = is_search ? SEARCH_LIMIT : STATS_TOP,
	};
	status = admin_parse(self, entries, &argc, &argv);
	return status == EX_OK ? take_rest(asking, self, use, argc,
					    argv) : status;
}

void recordquery_release(struct recordquery *asking)
{
	char **all[] = {
		&asking->since, &asking->until, &asking->client,
		&asking->account, &asking->from, &asking->rcpt,
		&asking->domain, &asking->message_id, &asking->queue_id,
		&asking->verdict, &asking->symbol, &asking->session,
		&asking->kind, &asking->direction, &asking->reason,
		&asking->subject, &asking->cursor, &asking->customer,
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		g_clear_pointer(all[i], g_free);
}

int recordquery_end(const struct command *self, bool is_done,
		    struct search_result *result, GError *why)
{
	int status = EX_OK;

	if (!is_done)
		status = admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	else if (result->problems->len)
		status = EX_DATAERR;
	for (guint i = 0; is_done && i < result->problems->len; i++)
		admin_fail(self, 0, "%s", (const char *)g_ptr_array_index(
				result->problems, i));
	search_result_release(result);
	return status;
}
