#include <config.h>

#include "message/received.h"

#include "base/netaddr.h"

#include <string.h>

#define VALUE_MAX 4096

/* A field being read: what stands between "from" and "by", and behind it. */
struct reading {
	struct arena *arena;
	const char *text;		/* blanks folded, without "from " */
	const char *by;			/* " by ..." or ")by ...", or the end */
	struct relay *out;
};

/* One space for each run, none at the ends, no ";" at the end. */
static char *squeeze(struct span value, struct arena *arena)
{
	char *text = arena_span_text(arena, span_first(span_trim(value),
						       VALUE_MAX));
	size_t to = 0;

	for (size_t i = 0; text[i]; i++) {
		bool is_space = g_ascii_isspace(text[i]);

		if (is_space && (!to || text[to - 1] == ' '))
			continue;
		text[to++] = is_space ? ' ' : text[i];
	}
	while (to && (text[to - 1] == ';' || text[to - 1] == ' '))
		to--;
	text[to] = '\0';
	return text;
}

/* A word without what would break the list that it goes into. */
static const char *word_of(const char *at, size_t len, struct arena *arena)
{
	char *word = arena_span_text(arena, span_of(at, len));

	for (char *c = word; *c; c++)
		if (strchr("#[]()<>|", *c) || g_ascii_isspace(*c))
			*c = '!';
	return word;
}

static size_t word_length(const char *at)
{
	return strcspn(at, " ");
}

/* "[192.0.2.1]", "(u@192.0.2.1)" and so on: the bytes of an IP address at this
 * place; 0: there is none. */
static size_t address_length(const char *at)
{
	size_t len = 0;
	struct netaddr addr;

	if (g_ascii_strncasecmp(at, "IPv6:", 5) == 0)
		len = 5;
	while (g_ascii_isxdigit(at[len]) || at[len] == '.' || at[len] == ':')
		len++;
	while (len && (at[len - 1] == '.' || at[len - 1] == ':') &&
	       !(len > 1 && at[len - 2] == ':'))
		len--;
	if (len < 3 || len > 60)
		return 0;
	g_autofree char *text = g_strndup(at, len);
	const char *bare = g_ascii_strncasecmp(text, "IPv6:", 5) == 0 ?
			   text + 5 : text;

	return netaddr_parse(span_text(bare), &addr) ? len : 0;
}

static void set_address(struct reading *on, const char *at, size_t len)
{
	struct netaddr addr;
	bool is_tagged = g_ascii_strncasecmp(at, "IPv6:", 5) == 0;
	const char *text;

	text = word_of(at + (is_tagged ? 5 : 0), len - (is_tagged ? 5 : 0),
		       on->arena);
	on->out->ip = text;
	if (netaddr_parse(span_text(text), &addr))
		on->out->is_private = netaddr_is_private(&addr);
}

/* The first address between brackets, else between parentheses, else bare. */
static void find_address(struct reading *on)
{
	static const char opening[] = "[(@ ";

	for (const char *open = opening; *open && !*on->out->ip; open++)
		for (const char *at = on->text; at < on->by; at++) {
			size_t len = at == on->text && *open == ' ' ?
				address_length(at) :
				*at == *open ? address_length(at + 1) : 0;
			const char *start = at == on->text && *open == ' ' ?
					    at : at + 1;

			if (!len)
				continue;
			set_address(on, start, len);
			break;
		}
}

/* What stands behind a word such as "helo=" up to a blank or bracket. */
static const char *value_behind(struct reading *on, const char *word,
				const char *until)
{
	const char *at = strcasestr(on->text, word);
	size_t len;

	if (!at || (until && at >= until))
		return NULL;
	at += strlen(word);
	len = strcspn(at, " ()[]<>;,");
	return len ? word_of(at, len, on->arena) : NULL;
}

static const char *without_ident(struct reading *on, const char *name,
				 size_t len)
{
	const char *at = memchr(name, '@', len);
	const char *ident = g_str_has_prefix(name, "IDENT:") ? name + 6 : name;

	if (!at)
		return word_of(name, len, on->arena);
	on->out->ident = word_of(ident, (size_t)(at - ident), on->arena);
	return word_of(at + 1, len - (size_t)(at + 1 - name), on->arena);
}

static bool is_unknown(const char *name)
{
	return g_ascii_strcasecmp(name, "unknown") == 0 || *name == '!' ||
	       g_ascii_strcasecmp(name, "unverified") == 0 ||
	       g_ascii_strcasecmp(name, "softdnserr") == 0;
}

/* "(NAME [IP])" or "(NAME[IP])": a name that the MTA looked up. */
static bool take_looked_up(struct reading *on)
{
	const char *open = strchr(on->text, '(');
	const char *bracket = open ? strchr(open, '[') : NULL;
	size_t len;
	const char *name;

	if (!bracket || open >= on->by || bracket >= on->by ||
	    bracket == open + 1 || !address_length(bracket + 1))
		return false;
	len = (size_t)(bracket - open - 1);
	while (len && open[len] == ' ')
		len--;
	if (!len || memchr(open + 1, ' ', len) || memchr(open + 1, ')', len) ||
	    memchr(open + 1, '=', len))
		return false;
	name = without_ident(on, open + 1, len);
	if (*on->text == '(') {
		/* MailEnable says what it was told, and nothing else. */
		on->out->helo = name;
		return true;
	}
	on->out->helo = word_of(on->text, word_length(on->text), on->arena);
	on->out->has_no_rdns = is_unknown(name) || !*name;
	on->out->rdns = on->out->has_no_rdns ? "" : name;
	return true;
}

/* "NAME (HELO x) (ident@IP)", as qmail writes it. */
static bool take_said(struct reading *on)
{
	const char *said = value_behind(on, "(HELO ", on->by);
	const char *name = word_of(on->text, word_length(on->text), on->arena);
	const char *at;

	if (!said)
		said = value_behind(on, "(EHLO ", on->by);
	if (!said || *on->text == '[' || *on->text == '(' ||
	    address_length(on->text))
		return false;
	on->out->helo = said;
	on->out->rdns = is_unknown(name) ? "" : name;
	at = strrchr(on->text, '@');
	if (at && at < on->by && address_length(at + 1)) {
		const char *start = at;

		while (start > on->text && !strchr(" (", start[-1]))
			start--;
		on->out->ident = word_of(start, (size_t)(at - start),
					 on->arena);
	}
	return true;
}

/* "HOST (8.9.3/8.9.3)": a Sendmail, which looks names up; Domino does not. */
static bool is_by_sendmail(const struct reading *on)
{
	const char *by = on->by + strlen(" by ");

	by += strcspn(by, " ;");
	return g_str_has_prefix(by, " (") &&
	       !g_str_has_prefix(by, " (Lotus Domino");
}

/* "by HOST with SMTP;": a Sendmail gives an id. */
static bool is_by_qmail(const struct reading *on)
{
	static const char *const ways[] = { " SMTP", " QMQP" };
	const char *with = strstr(on->by, " with ");

	for (size_t i = 0; with && i < COUNT_OF(ways); i++) {
		const char *way = strstr(with, ways[i]);

		if (way && !g_ascii_isalnum(way[5]) &&
		    !g_str_has_prefix(way + 5, " id "))
			return true;
	}
	return false;
}

/* "NAME ([IP] helo=x ident=y)", as Exim writes it; "([IP])" is anyone's. */
static void take_bracketed(struct reading *on)
{
	const char *helo = value_behind(on, "helo=", on->by);
	const char *ident = value_behind(on, "ident=", on->by);
	const char *open = strchr(on->text, '(');
	bool has_bracket = open && open[1] == '[';
	bool has_place = open && address_length(open + 1 + has_bracket);
	const char *next = on->text + word_length(on->text);
	bool is_told = has_place || (g_str_has_prefix(next, " [") &&
				     address_length(next + 2));
	const char *name = *on->text == '[' || *on->text == '(' ||
			   (address_length(on->text) && !is_told) ? "" :
		word_of(on->text, word_length(on->text), on->arena);
	bool is_exim = strstr(on->by, "Exim") || helo;
	bool is_qmail = has_place && is_by_qmail(on);

	on->out->helo = helo ? helo : name;
	on->out->ident = ident ? ident : "";
	if (is_exim || is_qmail)
		on->out->rdns = is_unknown(name) ? "" : name;
	on->out->has_no_rdns = !*on->out->rdns && has_bracket && !is_exim &&
			       is_by_sendmail(on);
}

static const char *login_of(struct reading *on)
{
	static const char *const protocols[] = {
		"ESMTPA", "ESMTPSA", "LMTPA", "LMTPSA", "UTF8SMTPA",
		"UTF8SMTPSA", "ASMTP", "HTTP", "HTTPS", "HTTPU",
	};
	const char *with = strstr(on->by, " with ");
	size_t len = with ? strcspn(with + 6, " ;") : 0;

	for (size_t i = 0; i < COUNT_OF(protocols); i++)
		if (len == strlen(protocols[i]) &&
		    g_ascii_strncasecmp(with + 6, protocols[i], len) == 0)
			return protocols[i];
	if (strstr(on->text, "(Authenticated sender: "))
		return "Postfix";
	if (strstr(on->text, "(authenticated") &&
	    strstr(on->text, "(authenticated") < on->by)
		return "Sendmail";
	return "";
}

static const char *envelope_of(struct reading *on)
{
	static const char *const words[] = {
		"envelope-from ", "envelope-sender ", "envelope-from=",
		"envelope-sender=", "return-path ",
	};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		const char *at = strcasestr(on->text, words[i]);
		size_t len;

		if (!at)
			continue;
		at += strlen(words[i]);
		at += strspn(at, "<");
		len = strcspn(at, " >)");
		return word_of(at, len, on->arena);
	}
	return "";
}

static void take_rest(struct reading *on)
{
	const char *by = on->by + strlen(" by ");
	const char *id = strstr(on->text, " id ");
	size_t len = strcspn(by, " ;");

	on->out->by = word_of(by, len, on->arena);
	if (id) {
		id += strlen(" id ");
		id += *id == '<';
		len = strcspn(id, " <>;");
		on->out->id = len >= 3 ? word_of(id, len, on->arena) : "";
	}
	on->out->auth = login_of(on);
	on->out->envelope_from = envelope_of(on);
}

static bool is_fetched(const char *text)
{
	return strstr(text, "with POP3") || strstr(text, "with IMAP");
}

/* The "by" that is no part of a comment. */
static const char *find_by(const char *text)
{
	int depth = 0;

	for (const char *c = text; *c; c++) {
		depth += *c == '(';
		depth -= *c == ')' && depth > 0;
		if (!depth && strchr(" )", *c) &&
		    g_ascii_strncasecmp(c + 1, "by ", 3) == 0)
			return c;
	}
	return strcasestr(text, " by ");
}

static void strip_dots(const char **name, struct arena *arena)
{
	size_t len = strlen(*name);

	while (len && (*name)[len - 1] == '.')
		len--;
	*name = arena_span_text(arena, span_of(*name, len));
}

struct relay received_parse(struct span value, struct arena *arena)
{
	struct relay out = {
		.ip = "", .rdns = "", .helo = "", .by = "", .ident = "",
		.id = "", .envelope_from = "", .auth = "",
	};
	const char *text = squeeze(value, arena);
	struct reading on = { .arena = arena, .out = &out };

	if (g_ascii_strncasecmp(text, "from ", 5) != 0) {
		out.kind = RECEIVED_LOCAL;
		return out;
	}
	on.text = text + 5;
	on.by = find_by(on.text);
	if (is_fetched(on.text)) {
		out.kind = RECEIVED_FETCHED;
		return out;
	}
	if (!on.by) {
		out.kind = strstr(on.text, " id ") ? RECEIVED_LOCAL :
						     RECEIVED_UNREADABLE;
		return out;
	}
	find_address(&on);
	if (!*out.ip || strstr(on.by, " with local for ") ||
	    (strstr(on.by, " with local") && strstr(on.by, "Exim"))) {
		out.kind = RECEIVED_LOCAL;
		return out;
	}
	out.kind = RECEIVED_RELAY;
	if (!take_looked_up(&on) && !take_said(&on))
		take_bracketed(&on);
	take_rest(&on);
	strip_dots(&out.rdns, arena);
	return out;
}

/* The client as its own Received field will have it. */
static bool has_client(const struct transaction *tx, struct arena *arena,
		       struct relay *out)
{
	const struct client *client = &tx->client;
	char ip[NETADDR_TEXT_MAX];

	if (client->addr.family == NETADDR_NONE)
		return false;
	*out = (struct relay){
		.kind = RECEIVED_RELAY,
		.ip = arena_text(arena, netaddr_format(&client->addr, ip)),
		.rdns = client->is_name_verified && client->name ?
			word_of(client->name, strlen(client->name), arena) : "",
		.helo = client->helo ? word_of(client->helo,
			strlen(client->helo), arena) : "",
		.by = client->mta_host ? client->mta_host : "",
		.ident = "", .id = tx->queue_id ? tx->queue_id : "",
		.envelope_from = tx->sender.is_null ? "" :
			mailaddr_format(&tx->sender, arena),
		.auth = client->login ? "login" : "",
		.has_no_rdns = !client->is_name_verified,
		.is_private = netaddr_is_private(&client->addr),
	};
	return true;
}

static void add(struct relays *relays, const struct relay *relay,
		bool *is_trusting)
{
	*is_trusting = *is_trusting && (relay->is_private || *relay->auth);
	g_array_append_vals(relays->all, relay, 1);
	relays->trusted += *is_trusting;
}

/* The first address in a field's value, as it is written there; "": none. */
static const char *address_in(struct span value, struct arena *arena)
{
	static const char bytes[] = "0123456789abcdefABCDEF.:";
	struct netaddr addr;
	size_t start, end;

	for (start = 0; start < value.len; start = end + 1) {
		struct span word;

		for (end = start; end < value.len && value.ptr[end] &&
		     strchr(bytes, value.ptr[end]);)
			end++;
		word = span_of(value.ptr + start, end - start);
		if (word.len > 2 && netaddr_parse(word, &addr))
			return arena_span_text(arena, word);
	}
	return "";
}

/* The last field of that name. */
static bool has_origin(const struct transaction *tx, const char *name,
		       struct arena *arena, struct relay *out)
{
	struct span value = span_of(NULL, 0);
	struct netaddr addr;

	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header = &g_array_index(
			tx->headers, struct header, i);

		if (span_is_word(header->name, name))
			value = header->value;
	}
	*out = (struct relay){
		.kind = RECEIVED_RELAY, .ip = address_in(value, arena),
		.rdns = "", .helo = "", .by = "", .ident = "", .id = "",
		.envelope_from = "", .auth = "",
	};
	if (!netaddr_parse(span_text(out->ip), &addr))
		return false;
	out->is_private = netaddr_is_private(&addr);
	return true;
}

struct relays received_collect(const struct transaction *tx,
			       const GPtrArray *origins, struct arena *arena)
{
	struct relays relays = {
		.all = g_array_new(FALSE, FALSE, sizeof(struct relay)),
	};
	bool is_trusting = true;
	struct relay relay;

	if (has_client(tx, arena, &relay))
		add(&relays, &relay, &is_trusting);
	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *header = &g_array_index(
			tx->headers, struct header, i);

		if (!span_is_word(header->name, "Received"))
			continue;
		relay = received_parse(header->value, arena);
		relays.unreadable += relay.kind == RECEIVED_UNREADABLE;
		if (relay.kind == RECEIVED_RELAY)
			add(&relays, &relay, &is_trusting);
		if (relay.kind == RECEIVED_FETCHED && is_trusting) {
			/* What fetched it is ours; the mailbox begins here. */
			g_array_set_size(relays.all, 0);
			relays.trusted = 0;
		}
		relays.trusted_fields += is_trusting;
	}
	for (guint i = 0; origins && i < origins->len; i++)
		if (has_origin(tx, g_ptr_array_index(origins, i), arena,
			       &relay))
			add(&relays, &relay, &is_trusting);
	return relays;
}
