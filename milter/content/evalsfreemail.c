#include <config.h>

#include "content/addresses.h"
#include "content/evals.h"

#include <string.h>

#define ATOM "!#$%&'*+/=?^_`{|}~-"	/* in an address, beside letters */
#define LOCAL_MAX 64
#define LABELS_MAX 5
#define LABEL_MAX 61
#define URL_MAX 512
#define EMAILS_MAX 40			/* of a body that are looked at */

/* Freemail addresses that the text names, in lower case. */
struct freemails {
	GPtrArray *seen;		/* of all addresses; NULL when read */
	const char **addresses;
	size_t count;
	bool is_over;			/* there are too many of them
					 * to judge */
};

static bool is_freemail(const struct eval_source *source, const char *addr)
{
	return addrlists_is_freemail(source->lists, addr) &&
	       (!source->pattern || pattern_match(
		source->pattern, span_text(addr), 0, NULL) == PATTERN_YES);
}

static bool is_any_freemail(const struct eval_source *source,
			    const char *const *addresses)
{
	for (; *addresses; addresses++)
		if (is_freemail(source, *addresses))
			return evals_found(source, *addresses);
	return false;
}

static bool check_from(const struct eval_source *source,
		       char *const *arguments)
{
	(void)arguments;
	if (!source->memory->senders)
		source->memory->senders = addresses_senders(source->header);
	return is_any_freemail(source, source->memory->senders);
}

static bool check_header(const struct eval_source *source,
			 char *const *arguments)
{
	return is_any_freemail(source, evalsheader_addresses(source,
						    arguments[0]));
}

static bool is_atom(char c)
{
	return g_ascii_isalnum(c) || (c && strchr(ATOM, c));
}

/* Where the name before an @ begins; NULL: there is none. */
static const char *start_of(const char *line, const char *at)
{
	const char *start = at;

	while (start > line && (is_atom(start[-1]) ||
				(start[-1] == '.' && *start != '.')))
		start--;
	while (*start == '.')
		start++;
	return start < at && at[-1] != '.' && at - start <= LOCAL_MAX ? start :
								    NULL;
}

static size_t label_length(const char *label)
{
	size_t len = 0;

	while (g_ascii_isalnum(label[len]) || (len && label[len] == '-'))
		len++;
	while (len && label[len - 1] == '-')
		len--;
	return len <= LABEL_MAX ? len : 0;
}

/* Behind the longest name of a domain that may be; NULL: there is none. */
static const char *end_of(const struct eval_source *source, const char *domain)
{
	const char *end = NULL, *label = domain;

	for (unsigned i = 0; i < LABELS_MAX; i++) {
		size_t len = label_length(label);

		if (!len)
			break;
		g_autofree char *lower = g_ascii_strdown(label, (gssize)len);

		if (i && addrlists_is_suffix(source->lists,
					     source->header->tx->settings,
					     lower))
			end = label + len;
		if (label[len] != '.')
			break;
		label += len + 1;
	}
	return end;
}

/* "<a@b>" and "a@b wrote:": who is quoted, not whom to answer. */
static bool is_quoted(const char *line, const char *start, const char *end)
{
	static const char *const contacts[] = {
		"fax", "facsi", "tel", "phone", "email", "e-mail", "mail",
	};
	static const char scheme[] = "mailto:";
	size_t before = (size_t)(start - line), blanks, letters = 0;

	if (before >= strlen(scheme) &&
	    g_ascii_strncasecmp(start - strlen(scheme), scheme,
				strlen(scheme)) == 0)
		return false;
	if (*end == '>')
		return true;
	blanks = strspn(end, " \t\n");
	end += blanks;
	for (size_t i = 0; i < COUNT_OF(contacts); i++)
		if (g_ascii_strncasecmp(end, contacts[i],
					strlen(contacts[i])) == 0)
			return false;
	while (g_ascii_isalpha(end[letters]))
		letters++;
	return blanks && blanks <= 10 && letters >= 2 && letters <= 11 &&
	       end[letters] == ':';
}

static bool is_seen(const struct freemails *to, const char *addr)
{
	for (guint i = 0; i < to->seen->len; i++)
		if (strcmp(g_ptr_array_index(to->seen, i), addr) == 0)
			return true;
	return false;
}

static void add_email(const struct eval_source *source, const char *start,
		      const char *end)
{
	struct freemails *to = source->memory->freemails;
	struct addrlists_limits limits = addrlists_limits(source->lists);
	char *addr = arena_span_text(source->header->arena,
				     span_of(start, (size_t)(end - start)));

	for (char *c = addr; *c; c++)
		*c = g_ascii_tolower(*c);
	if (to->seen->len >= EMAILS_MAX || is_seen(to, addr))
		return;
	g_ptr_array_add(to->seen, addr);
	to->is_over |= limits.is_over_skipped && limits.body_emails > 0 &&
		       to->seen->len >= (guint)limits.body_emails;
	if (!addrlists_is_freemail(source->lists, addr))
		return;
	to->addresses[to->count++] = addr;
	to->is_over |= limits.is_over_skipped && limits.body_freemails > 0 &&
		       to->count >= (size_t)limits.body_freemails;
}

/* An address within a URL is none to write to. */
static size_t skip_url(const char *at)
{
	size_t len = 0;

	if (g_ascii_strncasecmp(at, "http://", 7) != 0 &&
	    g_ascii_strncasecmp(at, "https://", 8) != 0)
		return 0;
	while (at[len] && !g_ascii_isspace(at[len]) && len < URL_MAX)
		len++;
	return len;
}

static void read_line(const struct eval_source *source, const char *line)
{
	const struct freemails *to = source->memory->freemails;
	const char *from = line;

	if (!strchr(line, '@'))
		return;
	for (const char *at = line; *at && !to->is_over &&
	     to->seen->len < EMAILS_MAX; at++) {
		size_t skipped = skip_url(at);
		const char *start, *end;

		if (skipped)
			from = at += skipped;
		if (!*at)
			return;
		if (*at != '@')
			continue;
		start = start_of(from, at);
		end = start ? end_of(source, at + 1) : NULL;
		if (!end)
			continue;
		if (!is_quoted(line, start, end))
			add_email(source, start, end);
		from = end;
		at = end - 1;
	}
}

/* Links that write a mail. */
static void read_links(const struct eval_source *source,
		       const struct html_text *page)
{
	static const char scheme[] = "mailto:";

	for (guint i = 0; i < page->links->len; i++) {
		const struct html_link *link = &g_array_index(
			page->links, struct html_link, i);
		const char *addr = link->url + strlen(scheme), *at, *end;

		if (g_ascii_strncasecmp(link->url, scheme, strlen(scheme)) ||
		    strcmp(link->element, "a") != 0)
			continue;
		at = strchr(addr, '@');
		end = at && start_of(addr, at) == addr ?
		      end_of(source, at + 1) : NULL;
		if (end)
			add_email(source, addr, end);
	}
}

static const struct freemails *of_body(const struct eval_source *source)
{
	struct freemails *to = source->memory->freemails;
	const struct bodytext *text = source->text;

	if (to)
		return to;
	to = source->memory->freemails = arena_new(source->header->arena,
						   struct freemails);
	to->seen = g_ptr_array_new();
	to->addresses = arena_new_n(source->header->arena, const char *,
				    EMAILS_MAX + 1);
	for (guint i = 0; i < text->pages->len && !to->is_over; i++)
		read_links(source, &g_array_index(text->pages,
						  struct html_text, i));
	for (guint i = 0; i < text->lines->len && !to->is_over; i++) {
		struct span line = g_array_index(text->lines, struct span, i);
		g_autofree char *copy = g_strndup(line.ptr, line.len);

		if (copy)
			read_line(source, copy);
	}
	g_ptr_array_unref(g_steal_pointer(&to->seen));
	return to;
}

static bool check_body(const struct eval_source *source,
		       char *const *arguments)
{
	const struct freemails *found = of_body(source);

	(void)arguments;
	for (size_t i = 0; i < found->count && !found->is_over; i++)
		if (is_freemail(source, found->addresses[i]))
			return evals_found(source, found->addresses[i]);
	return false;
}

static bool have_common(const char *const *some, const char *const *others)
{
	for (; *some; some++)
		if (g_strv_contains(others, *some))
			return true;
	return false;
}

/* Whether the text has another freemail address than these. */
static bool differs(const struct eval_source *source,
		    const char *const *addresses)
{
	const struct freemails *found = of_body(source);

	for (size_t i = 0; i < found->count && !found->is_over; i++)
		for (const char *const *addr = addresses; *addr; addr++)
			if (strcmp(found->addresses[i], *addr) != 0)
				return evals_found(source,
						   found->addresses[i]);
	return false;
}

static bool check_replyto(const struct eval_source *source,
			  char *const *arguments)
{
	const char *const *from = evalsheader_addresses(source, "From");
	const char *const *reply = evalsheader_addresses(source, "Reply-To");
	const char *const *envelope = evalsheader_addresses(source,
						   "EnvelopeFrom");
	bool is_from = is_any_freemail(source, from);
	bool is_reply = is_any_freemail(source, reply);

	if (*envelope && addrlists_is_bulk(source->lists, *envelope))
		return false;
	if (is_from && is_reply && !have_common(from, reply))
		return true;
	if (is_reply)
		return differs(source, reply);
	return arguments[0] && strcmp(arguments[0], "reply") == 0 && !*reply &&
	       is_from && differs(source, from);
}

static const char *const replyto_words[] = { "replyto", "reply", NULL };

const struct eval_row evalsfreemail_rows[] = {
	{ "check_freemail_from", check_from, 0, 1, evals_with_pattern },
	{ "check_freemail_header", check_header, 1, 2, evals_with_pattern },
	{ "check_freemail_body", check_body, 0, 1, evals_with_pattern },
	{ "check_freemail_replyto", check_replyto, 0, 1, replyto_words },
	{ NULL, NULL, 0, 0, NULL },
};
