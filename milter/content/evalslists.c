#include <config.h>

#include "content/addresses.h"
#include "content/evals.h"
#include "message/orgdomain.h"
#include "message/uris.h"

#include <string.h>

static const char *const *senders(const struct eval_source *source)
{
	if (!source->memory->senders)
		source->memory->senders = addresses_senders(source->header);
	return source->memory->senders;
}

static const char *const *recipients(const struct eval_source *source)
{
	if (!source->memory->recipients)
		source->memory->recipients = addresses_recipients(
			source->header);
	return source->memory->recipients;
}

static bool is_any_in(const struct eval_source *source,
		      const char *const *addresses, const char *list)
{
	const struct globs *globs = addrlists_find(source->lists, list);

	for (; globs && *addresses; addresses++)
		if (globs_has(globs, *addresses))
			return evals_found(source, *addresses);
	return false;
}

static bool from_in_list(const struct eval_source *source,
			 char *const *arguments)
{
	return is_any_in(source, senders(source), arguments[0]);
}

static bool to_in_list(const struct eval_source *source,
		       char *const *arguments)
{
	return is_any_in(source, recipients(source), arguments[0]);
}

static bool replyto_in_list(const struct eval_source *source,
			    char *const *arguments)
{
	const char *const *addresses = evalsheader_addresses(source,
						    "Reply-To");
	const char *first[] = { *addresses, NULL };

	return is_any_in(source, first, arguments[0]);
}

static bool from_in_blocklist(const struct eval_source *source,
			      char *const *arguments)
{
	(void)arguments;
	return is_any_in(source, senders(source), "blocklist_from");
}

static bool to_in_blocklist(const struct eval_source *source,
			    char *const *arguments)
{
	(void)arguments;
	return is_any_in(source, recipients(source), "blocklist_to");
}

static bool to_in_welcomelist(const struct eval_source *source,
			      char *const *arguments)
{
	(void)arguments;
	return is_any_in(source, recipients(source), "welcomelist_to");
}

static bool to_in_more_spam(const struct eval_source *source,
			    char *const *arguments)
{
	(void)arguments;
	return is_any_in(source, recipients(source), "more_spam_to");
}

static bool to_in_all_spam(const struct eval_source *source,
			   char *const *arguments)
{
	(void)arguments;
	return is_any_in(source, recipients(source), "all_spam_to");
}

/* The hosts that may have handed it over: the first stranger, or, where
 * there is none, our own. */
static bool next_relay(const struct eval_source *source, guint *index,
		       const struct relay **relay_out)
{
	const struct relays *relays = &source->header->relays;
	bool is_stranger = relays->all->len > relays->trusted;
	guint at = *index + (is_stranger ? relays->trusted : 0);

	if (at >= relays->all->len || (is_stranger && *index))
		return false;
	*relay_out = &g_array_index(relays->all, struct relay, at);
	++*index;
	return true;
}

static enum routes_result relay_of(const struct eval_source *source,
				     bool is_default, const char *addr)
{
	enum routes_result result = ROUTES_UNLISTED;
	const struct relay *relay;

	for (guint i = 0; next_relay(source, &i, &relay);) {
		enum routes_result one = addrlists_check_relay(
			source->lists, is_default, addr, relay->ip,
			relay->rdns);

		if (one == ROUTES_SENT)
			return one;
		if (one == ROUTES_FORGED)
			result = one;
	}
	return result;
}

static enum routes_result senders_relay(const struct eval_source *source,
					  bool is_default)
{
	enum routes_result result = ROUTES_UNLISTED;

	for (const char *const *addr = senders(source); *addr; addr++) {
		enum routes_result one = relay_of(source, is_default, *addr);

		if (one == ROUTES_SENT)
			return one;
		if (one == ROUTES_FORGED)
			result = one;
	}
	return result;
}

static bool from_in_welcomelist(const struct eval_source *source,
				char *const *arguments)
{
	(void)arguments;
	return is_any_in(source, senders(source), "welcomelist_from") ||
	       senders_relay(source, false) == ROUTES_SENT;
}

static bool from_in_default(const struct eval_source *source,
			    char *const *arguments)
{
	(void)arguments;
	return senders_relay(source, true) == ROUTES_SENT;
}

static bool forged_in_welcomelist(const struct eval_source *source,
				  char *const *arguments)
{
	return !from_in_welcomelist(source, arguments) &&
	       senders_relay(source, false) == ROUTES_FORGED &&
	       senders_relay(source, true) == ROUTES_UNLISTED;
}

static bool forged_in_default(const struct eval_source *source,
			      char *const *arguments)
{
	return senders_relay(source, true) == ROUTES_FORGED &&
	       !from_in_welcomelist(source, arguments) &&
	       senders_relay(source, false) == ROUTES_UNLISTED;
}

static const char *organisation_of(const struct eval_source *source,
				   const char *name)
{
	const char *ascii = mailaddr_domain_ascii(span_text(name),
						  source->header->arena);

	return ascii ? addrlists_organisation(
		source->lists, source->header->tx->settings, ascii) : "";
}

static bool mailfrom_matches(const struct eval_source *source,
			     char *const *arguments)
{
	const char *const *from = evalsheader_addresses(source, "EnvelopeFrom");
	const char *at = *from ? strrchr(*from, '@') : NULL, *own;
	const struct relay *relay;

	(void)arguments;
	if (!at || !strchr(at, '.'))
		return false;
	own = organisation_of(source, at + 1);
	for (guint i = 0; next_relay(source, &i, &relay);)
		if (*relay->rdns && strcmp(organisation_of(
			source, relay->rdns), own) == 0)
			return true;
	return false;
}

/* "top" of "//top" is no host of the world. */
static bool is_real(const struct eval_source *source, const char *host)
{
	const char *dot = host ? strrchr(host, '.') : NULL;

	return dot && (g_ascii_isdigit(dot[1]) || addrlists_is_suffix(
		source->lists, source->header->tx->settings, dot + 1));
}

static bool is_host_in(const struct eval_source *source, const char *list)
{
	for (guint i = 0; i < source->uris->len; i++) {
		const struct uri *uri = &g_array_index(source->uris,
						       struct uri, i);

		if (is_real(source, uri->host) && addrlists_has_host(
			source->lists, list, uri->host))
			return evals_found(source, uri->host);
	}
	return false;
}

static bool uri_host_listed(const struct eval_source *source,
			    char *const *arguments)
{
	return is_host_in(source, arguments[0]);
}

static bool uri_host_in_blocklist(const struct eval_source *source,
				  char *const *arguments)
{
	(void)arguments;
	return is_host_in(source, "BLOCK");
}

static bool uri_host_in_welcomelist(const struct eval_source *source,
				    char *const *arguments)
{
	(void)arguments;
	return is_host_in(source, "WELCOME");
}

static const struct globs *bounce_relays(const struct eval_source *source)
{
	return addrlists_find(source->lists, "welcomelist_bounce_relays");
}

static bool have_bounce_relays(const struct eval_source *source,
			       char *const *arguments)
{
	(void)arguments;
	return !globs_is_empty(bounce_relays(source));
}

/* One of the words with a dot in them. */
static bool names_relay(const struct globs *relays, struct span line)
{
	g_autofree char *text = g_ascii_strdown(line.ptr, (gssize)line.len);
	char *at = text;

	while (*at) {
		char *word = at + strspn(at, " \t\r"), *stop;
		bool is_end;

		stop = word + strcspn(word, " \t\r");
		is_end = !*stop;
		*stop = '\0';
		if (strchr(word, '.') && globs_has(relays, word))
			return true;
		at = stop + !is_end;
	}
	return false;
}

static bool is_received(struct span line)
{
	while (line.len && strchr("> ", *line.ptr))
		line = span_from(line, 1);
	return span_is_word(span_first(line, strlen("Received:")),
			    "Received:");
}

/* The header of the mail that came back, as the bounce quotes it. */
static bool bounce_relay(const struct eval_source *source,
			 char *const *arguments)
{
	const struct globs *relays = bounce_relays(source);
	struct span left = source->text->mime->body;
	bool is_inside = false;

	(void)arguments;
	if (globs_is_empty(relays))
		return false;
	while (left.len) {
		ptrdiff_t stop = span_find(left, '\n');
		struct span line = span_first(left, stop < 0 ? left.len :
					      (size_t)stop);
		bool is_more = line.len && strchr(" \t", *line.ptr);

		is_inside = (is_inside && is_more) || is_received(line);
		if (is_inside && names_relay(relays, line))
			return true;
		left = span_from(left, line.len + (stop >= 0));
	}
	return false;
}

const struct eval_row evalslists_rows[] = {
	{ "check_from_in_list", from_in_list, 1, 1, NULL },
	{ "check_to_in_list", to_in_list, 1, 1, NULL },
	{ "check_replyto_in_list", replyto_in_list, 1, 1, NULL },
	{ "check_from_in_blocklist", from_in_blocklist, 0, 0, NULL },
	{ "check_from_in_blacklist", from_in_blocklist, 0, 0, NULL },
	{ "check_from_in_welcomelist", from_in_welcomelist, 0, 0, NULL },
	{ "check_from_in_whitelist", from_in_welcomelist, 0, 0, NULL },
	{ "check_from_in_default_welcomelist", from_in_default, 0, 0, NULL },
	{ "check_from_in_default_whitelist", from_in_default, 0, 0, NULL },
	{ "check_forged_in_welcomelist", forged_in_welcomelist, 0, 0, NULL },
	{ "check_forged_in_whitelist", forged_in_welcomelist, 0, 0, NULL },
	{ "check_forged_in_default_welcomelist", forged_in_default, 0, 0,
	  NULL },
	{ "check_forged_in_default_whitelist", forged_in_default, 0, 0, NULL },
	{ "check_to_in_blocklist", to_in_blocklist, 0, 0, NULL },
	{ "check_to_in_blacklist", to_in_blocklist, 0, 0, NULL },
	{ "check_to_in_welcomelist", to_in_welcomelist, 0, 0, NULL },
	{ "check_to_in_whitelist", to_in_welcomelist, 0, 0, NULL },
	{ "check_to_in_more_spam", to_in_more_spam, 0, 0, NULL },
	{ "check_to_in_all_spam", to_in_all_spam, 0, 0, NULL },
	{ "check_mailfrom_matches_rcvd", mailfrom_matches, 0, 0, NULL },
	{ "check_uri_host_listed", uri_host_listed, 1, 1, NULL },
	{ "check_uri_host_in_blocklist", uri_host_in_blocklist, 0, 0, NULL },
	{ "check_uri_host_in_blacklist", uri_host_in_blocklist, 0, 0, NULL },
	{ "check_uri_host_in_welcomelist", uri_host_in_welcomelist, 0, 0,
	  NULL },
	{ "check_uri_host_in_whitelist", uri_host_in_welcomelist, 0, 0, NULL },
	{ "have_any_bounce_relays", have_bounce_relays, 0, 0, NULL },
	{ "check_welcomelist_bounce_relays", bounce_relay, 0, 0, NULL },
	{ "check_whitelist_bounce_relays", bounce_relay, 0, 0, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
