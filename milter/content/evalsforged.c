/* Functions about hosts and mail services that a message says it came by. */
#include <config.h>

#include "content/evals.h"

#include <string.h>

#define ADDRESS "\\[?[\\d.]{7,15}\\]?"

/* What the fields of mail look like that did come by a service;
 * compiled once. */
struct mark {
	const char *expression;
	const char *beside;		/* a field that must be there,
					 * too, ... */
	const char *beside_like;	/* ... and look like this; NULL: none */
	struct pattern *pattern, *beside_pattern;
};

static bool looks_like(const char *expression, struct pattern **pattern,
		       const char *text)
{
	static GMutex lock;

	g_mutex_lock(&lock);
	if (!*pattern)
		*pattern = pattern_compile(expression, "", NULL);
	g_mutex_unlock(&lock);
	BUG_IF(!*pattern);
	return pattern_match(*pattern, span_text(text), 0, NULL) ==
	       PATTERN_YES;
}

/* The marks of a table, in a text; a mark without expression ends it. */
static bool has_mark(const struct eval_source *source, struct mark *marks,
		     const char *text)
{
	for (struct mark *mark = marks; mark->expression; mark++)
		if (looks_like(mark->expression, &mark->pattern, text) &&
		    (!mark->beside ||
		     looks_like(mark->beside_like, &mark->beside_pattern,
				evalsheader_field(source, mark->beside,
						  false))))
			return true;
	return false;
}

/* All fields of a name, each run of blanks one space. */
static char *flat_field(const struct eval_source *source, const char *name)
{
	char *text = g_strdup(evalsheader_field(source, name, false));
	size_t to = 0;

	for (size_t i = 0; text[i]; i++)
		if (!g_ascii_isspace(text[i]))
			text[to++] = text[i];
		else if (!to || text[to - 1] != ' ')
			text[to++] = ' ';
	text[to] = '\0';
	return text;
}

/* At the domain, or at one below it or that ends alike after a "." or "@". */
static bool is_from(const struct eval_source *source, const char *domain)
{
	const char *from = evalsheader_field(source, "From", true);
	size_t len = strlen(from), tail = strlen(domain);

	return len > tail && !g_ascii_isalnum(from[len - tail - 1]) &&
	       from[len - tail - 1] != '_' &&
	       g_ascii_strcasecmp(from + len - tail, domain) == 0;
}

/* A mail to an MSN group, handed on by it: its fields are not Hotmail's. */
static bool is_of_group(const struct eval_source *source,
			const char *received)
{
	static struct mark pickup[] = {
		{ "from mail pickup service by p\\d\\d\\.groups\\.msn\\.com\\b",
		  "To", "(?i)<\\S+@groups\\.msn\\.com>", NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};

	return has_mark(source, pickup, received);
}

enum hotmail { HOTMAIL_UNKNOWN, HOTMAIL_FINE, HOTMAIL_FORGED, HOTMAIL_MISSING };

static enum hotmail judge_hotmail(const struct eval_source *source)
{
	static struct mark real[] = {
		{ "from mail pickup service by hotmail\\.com with Microsoft "
		  "SMTPSVC;", NULL, NULL, NULL, NULL },
		{ "from (\\S*\\.)?hotmail\\.com "
		  "\\(\\S+\\.hotmail(\\.msn)?\\.com[ )]",
		  "X-Originating-IP", ADDRESS, NULL, NULL },
		{ "from \\S*\\.hotmail\\.com \\(" ADDRESS "[ ):]",
		  "X-Originating-IP", ADDRESS, NULL, NULL },
		{ "from \\S+ by \\S+\\.hotmail(\\.msn)?\\.com with HTTP;",
		  "X-Originating-IP", ADDRESS, NULL, NULL },
		{ "from \\[66\\.218\\.\\S+\\] by \\S+\\.yahoo\\.com",
		  "X-Originating-IP", ADDRESS, NULL, NULL },
		{ "from \\S*\\.outbound\\.protection\\.outlook\\.com "
		  "\\(\\S+\\.outbound\\.protection\\.outlook\\.com[ )]",
		  "X-OriginatorOrg", "hotmail\\.com|msonline-outlook",
		  NULL, NULL },
		{ "from \\S*\\.(eur|nam)prd\\d+\\.prod\\.outlook\\.com "
		  "\\([\\da-f.:]+\\)",
		  "X-OriginatorOrg", "hotmail\\.com|msonline-outlook",
		  NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	static struct mark said[] = {
		{ "(from |HELO |helo=)\\S*hotmail\\.com\\b", NULL, NULL, NULL,
		  NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	g_autofree char *received = flat_field(source, "Received");

	enum hotmail flaw = has_mark(source, said, received) ? HOTMAIL_FORGED :
			    is_from(source, "hotmail.com") ? HOTMAIL_MISSING :
			    HOTMAIL_FINE;

	return flaw == HOTMAIL_FINE || has_mark(source, real, received) ||
	       is_of_group(source, received) ||
	       evalsheader_is_received_removed(source) ? HOTMAIL_FINE : flaw;
}

static enum hotmail hotmail_of(const struct eval_source *source)
{
	struct eval_memory *memory = source->memory;

	if (memory->hotmail == HOTMAIL_UNKNOWN)
		memory->hotmail = (int)judge_hotmail(source);
	return (enum hotmail)memory->hotmail;
}

static bool forged_hotmail(const struct eval_source *source,
			   char *const *arguments)
{
	(void)arguments;
	return hotmail_of(source) == HOTMAIL_FORGED;
}

static bool no_hotmail(const struct eval_source *source,
		       char *const *arguments)
{
	(void)arguments;
	return hotmail_of(source) == HOTMAIL_MISSING;
}

static bool forged_eudoramail(const struct eval_source *source,
			      char *const *arguments)
{
	static struct mark real[] = {
		{ "by \\S*whowhere\\.com;", "X-Sender-IP", ADDRESS, NULL,
		  NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};

	(void)arguments;
	if (!is_from(source, "eudoramail.com") ||
	    evalsheader_is_received_removed(source))
		return false;
	g_autofree char *received = flat_field(source, "Received");

	return !has_mark(source, real, received);
}

/* Whether one that is trusted, or the first that is not, has such a name. */
static bool is_handed_by(const struct eval_source *source, const char *tail)
{
	const struct relays *relays = &source->header->relays;

	for (guint i = 0; i < relays->all->len && i <= relays->trusted; i++) {
		g_autofree char *rdns = g_ascii_strdown(g_array_index(
			relays->all, struct relay, i).rdns, -1);

		if (g_str_has_suffix(rdns, tail))
			return true;
	}
	return false;
}

static bool forged_yahoo(const struct eval_source *source,
			 char *const *arguments)
{
	static struct mark real[] = {
		{ "by web\\S+\\.mail\\S*\\.yahoo\\.com via HTTP", NULL, NULL,
		  NULL, NULL },
		{ "by sonic\\S+\\.consmr\\.mail\\S*\\.yahoo\\.com with HTTP",
		  NULL, NULL, NULL, NULL },
		{ "by smtp\\S+\\.yahoo\\.com with SMTP", NULL, NULL, NULL,
		  NULL },
		{ "from \\[[\\da-f.:]+\\] by \\S+\\.(groups|scd|dcn)"
		  "\\.yahoo\\.com with NNFMP", NULL, NULL, NULL, NULL },
		{ "by \\w+\\.\\w+\\.yahoo\\.com "
		  "\\(\\d+\\.\\d+\\.\\d+/\\d+\\.\\d+\\.\\d+\\)"
		  "( with ESMTP)? id \\w", NULL, NULL, NULL, NULL },
		{ "\\bmailer\\d+\\.bulk\\.scd\\.yahoo\\.com\\b", "From",
		  "(?i)@reply\\.yahoo\\.com\\b", NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	bool is_resent = *evalsheader_field(source, "Resent-From", false) &&
			 *evalsheader_field(source, "Resent-To", false) &&
			 *evalsheader_field(source, "X-Received", false);

	(void)arguments;
	if (!is_from(source, "yahoo.com") ||
	    evalsheader_is_received_removed(source) ||
	    is_handed_by(source, ".yahoo.com"))
		return false;
	g_autofree char *received = flat_field(source, is_resent ?
					       "X-Received" : "Received");

	return !has_mark(source, real, received);
}

static bool forged_juno(const struct eval_source *source,
			char *const *arguments)
{
	static struct mark new_ones[] = {
		{ "from.*\\b(juno|untd)\\.com.*[\\[(]" "[\\d.]{7,15}"
		  "[\\])].*by", "X-Mailer", "Juno ", NULL, NULL },
		{ " cookie\\.(juno|untd)\\.com ", "X-Mailer", "Juno ", NULL,
		  NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};

	(void)arguments;
	if (!is_from(source, "juno.com") || evalsheader_is_received_removed(source))
		return false;
	/* Those of old named the client in a field of their own, which none
	 * does any more: without it nothing is known to be real. */
	return !*evalsheader_field(source, "X-Originating-IP", false) ||
	       !has_mark(source, new_ones,
			 evalsheader_field(source, "Received", false));
}

static bool forged_gmail(const struct eval_source *source,
			 char *const *arguments)
{
	static struct mark by_web[] = {
		{ "by 10\\.\\S+ with SMTP id \\S", NULL, NULL, NULL, NULL },
		{ "by 2002:a\\d\\d:\\w+:\\S+ with SMTP id \\S", NULL, NULL,
		  NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	static struct mark by_client[] = {
		{ "by smtp\\.googlemail\\.com with ESMTPSA id \\S", NULL, NULL,
		  NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};

	(void)arguments;
	return is_from(source, "gmail.com") &&
	       !has_mark(source, by_web,
			 evalsheader_field(source, "X-Received", false)) &&
	       !has_mark(source, by_client,
			 evalsheader_field(source, "Received", false)) &&
	       (strlen(evalsheader_field(source, "X-Gm-Message-State", false)) <
		60 ||
		strlen(evalsheader_field(source, "X-Google-Smtp-Source", false)) <
		60);
}

/* The names that AOL's relays had, without the rest of what they wrote. */
static bool fake_aol(const struct eval_source *source, char *const *arguments)
{
	static struct mark relay[] = {
		{ "(?i) rly-[a-z][a-z]\\d\\d\\.", NULL, NULL, NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	static struct mark real[] = {
		{ "/AOL-\\d+\\.\\d+\\.\\d+\\)", NULL, NULL, NULL, NULL },
		{ "ESMTP id (RELAY|MAILRELAY|MAILIN)", NULL, NULL, NULL,
		  NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	g_autofree char *received = flat_field(source, "Received");

	(void)arguments;
	return has_mark(source, relay, received) &&
	       !has_mark(source, real, received);
}

static const struct relay *stranger_at(const struct eval_source *source,
				       guint i)
{
	const struct relays *relays = &source->header->relays;

	return i + relays->trusted < relays->all->len ?
	       &g_array_index(relays->all, struct relay, i + relays->trusted) :
	       NULL;
}

/* The net that three numbers of an IPv4 address name; none of a private one. */
static bool read_net(const char *text, struct netaddr *net_out)
{
	return netaddr_parse(span_text(text), net_out) &&
	       net_out->family == NETADDR_IP4 && !netaddr_is_private(net_out);
}

static bool helo_ip_mismatch(const struct eval_source *source,
			     char *const *arguments)
{
	const struct relay *relay;

	(void)arguments;
	for (guint i = 0; (relay = stranger_at(source, i)); i++) {
		struct netaddr said, seen;

		if (read_net(relay->helo, &said) &&
		    read_net(relay->ip, &seen) &&
		    memcmp(said.bytes, seen.bytes, 15) != 0)
			return true;
	}
	return false;
}

/* Great services have names for their addresses; the first hop decides. */
static bool no_rdns_dotcom_helo(const struct eval_source *source,
				char *const *arguments)
{
	static struct mark great[] = {
		{ "(?i)(^|\\.)(lycos\\.co(m|\\.uk)|(hotmail|localhost|excite|"
		  "caramail|cs|aol|msn|yahoo|drizzle)\\.com)$", NULL, NULL,
		  NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	const struct relay *relay;
	bool is_found = false;

	(void)arguments;
	for (guint i = 0; (relay = stranger_at(source, i)); i++)
		if (!relay->is_private)
			is_found = relay->has_no_rdns &&
				   has_mark(source, great, relay->helo);
	return is_found;
}

/* "a.b.example.org" is of "example.org", "a.b.co.uk" of "b.co.uk". */
static const char *domain_of(const char *host)
{
	const char *last = strrchr(host, '.'), *start = last;
	unsigned labels = 1;

	if (!last || !strpbrk(host, "abcdefghijklmnopqrstuvwxyz"))
		return host;
	if (strlen(last + 1) < 3 && strcmp(last, ".ie") != 0 &&
	    strcmp(last, ".fr") != 0 && strcmp(last, ".de") != 0)
		labels = 2;
	while (start > host && labels) {
		start--;
		labels -= *start == '.';
	}
	return *start == '.' ? start + 1 : start;
}

static bool is_host_name(const char *text)
{
	size_t len = strlen(text);

	return len && strspn(text, "abcdefghijklmnopqrstuvwxyz"
				   "0123456789_.-") == len &&
	       strcspn(text, ".-") > 0 && strchr(text + 1, '.') &&
	       text[len - 1] != '.' && text[len - 1] != '-';
}

/* Each hop is received by whom the next one says that it is from. */
static bool forged_trail(const struct eval_source *source,
			 char *const *arguments)
{
	const struct relay *relay, *before;
	unsigned breaks = 0;

	(void)arguments;
	for (guint i = 1; (relay = stranger_at(source, i)); i++) {
		before = stranger_at(source, i - 1);
		g_autofree char *by = g_ascii_strdown(relay->by, -1);
		g_autofree char *rdns = g_ascii_strdown(before->rdns, -1);
		const char *to = domain_of(by), *from = domain_of(rdns);

		if ((strcmp(from, "localhost") == 0 ||
		     strcmp(from, "localhost.localdomain") == 0) &&
		    strcmp(before->ip, "127.0.0.1") == 0)
			continue;
		breaks += is_host_name(to) && is_host_name(from) &&
			  strcmp(to, from) != 0 &&
			  !(strcmp(to, "msn.com") == 0 &&
			    strcmp(from, "hotmail.com") == 0);
	}
	return breaks > 1;
}

const struct eval_row evalsforged_rows[] = {
	{ "check_for_forged_hotmail_received_headers", forged_hotmail, 0, 0,
	  NULL },
	{ "check_for_no_hotmail_received_headers", no_hotmail, 0, 0, NULL },
	{ "check_for_forged_eudoramail_received_headers", forged_eudoramail, 0,
	  0, NULL },
	{ "check_for_forged_yahoo_received_headers", forged_yahoo, 0, 0, NULL },
	{ "check_for_forged_juno_received_headers", forged_juno, 0, 0, NULL },
	{ "check_for_forged_gmail_received_headers", forged_gmail, 0, 0, NULL },
	{ "check_for_fake_aol_relay_in_rcvd", fake_aol, 0, 0, NULL },
	{ "helo_ip_mismatch", helo_ip_mismatch, 0, 0, NULL },
	{ "check_for_no_rdns_dotcom_helo", no_rdns_dotcom_helo, 0, 0, NULL },
	{ "check_for_forged_received_trail", forged_trail, 0, 0, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
