#include <config.h>

#include "sender/authres.h"

#include <idn2.h>
#include <string.h>

/* Reading: tokens of RFC 2045, quoted strings, comments. */

static struct span skip_cfws(struct span text)
{
	size_t depth = 0, at = 0;

	for (; at < text.len; at++) {
		char c = text.ptr[at];

		if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (c == '\\' && depth)
			at++;
		else if (!depth && !g_ascii_isspace(c))
			break;
	}
	return span_from(text, at);
}

static const char *take_quoted(struct span *text, struct arena *arena)
{
	char *out = arena_alloc(arena, text->len + 1);
	size_t len = 0, at = 1;

	for (; at < text->len && text->ptr[at] != '"'; at++) {
		if (text->ptr[at] == '\\' && at + 1 < text->len)
			at++;
		out[len++] = text->ptr[at];
	}
	*text = span_from(*text, at + 1);
	return out;
}

/* Up to white space or one of the ends; NULL when nothing is there. */
static const char *take_word(struct span *text, const char *ends,
			     struct arena *arena)
{
	struct span word;
	size_t len = 0;

	*text = skip_cfws(*text);
	if (text->len && text->ptr[0] == '"')
		return take_quoted(text, arena);
	while (len < text->len && !g_ascii_isspace(text->ptr[len]) &&
	       text->ptr[len] && !strchr(ends, text->ptr[len]))
		len++;
	word = span_first(*text, len);
	*text = span_from(*text, len);
	return len ? arena_span_text(arena, word) : NULL;
}

static bool take_sign(struct span *text, char sign)
{
	*text = skip_cfws(*text);
	if (!text->len || text->ptr[0] != sign)
		return false;
	*text = span_from(*text, 1);
	return true;
}

static const char *lower(const char *word)
{
	for (char *c = (char *)word; word && *c; c++)
		*c = g_ascii_tolower(*c);
	return word;
}

const char *authres_parse_id(struct span text, struct arena *arena)
{
	return lower(take_word(&text, ";(", arena));
}

static void take_property(struct authres_method *method, const char *name,
			  const char *value)
{
	if (strcmp(name, "header.d") == 0)
		method->header_d = value;
	else if (strcmp(name, "header.from") == 0)
		method->header_from = value;
	else if (strcmp(name, "smtp.mailfrom") == 0)
		method->smtp_mailfrom = value;
}

/* "dkim/1 = pass (comment) reason = "x" header.d = a.b": the whole method. */
static bool take_method(struct span *text, struct arena *arena,
			struct authres_method *method)
{
	const char *word = lower(take_word(text, ";=(/", arena));

	*method = (struct authres_method){ .method = word };
	if (!word)
		return false;
	if (take_sign(text, '/'))
		(void)take_word(text, ";=(", arena);
	if (!take_sign(text, '='))
		return false;		/* "none" alone: no method at all */
	word = take_word(text, ";(", arena);
	method->result = word ? auth_result_parse(word) : AUTH_RESULT_UNKNOWN;
	while ((*text = skip_cfws(*text)).len && text->ptr[0] != ';') {
		word = lower(take_word(text, ";=(", arena));
		if (!word || !take_sign(text, '='))
			return false;
		take_property(method, word,
			      take_word(text, ";(", arena) ?: "");
	}
	return true;
}

bool authres_parse(struct span text, struct arena *arena,
		   struct authres *out)
{
	*out = (struct authres){
		.authserv_id = lower(take_word(&text, ";(", arena)),
		.methods = arena_new_n(arena, struct authres_method,
				       AUTHRES_METHODS_MAX),
	};
	if (!out->authserv_id)
		return false;
	/* A version may stand behind the name. */
	if ((text = skip_cfws(text)).len && text.ptr[0] != ';')
		(void)take_word(&text, ";(", arena);
	while (take_sign(&text, ';') && out->count < AUTHRES_METHODS_MAX) {
		if (!take_method(&text, arena, &out->methods[out->count]))
			break;
		out->count++;
	}
	return true;
}

/* Writing. */

/* A domain for this message: U-labels only where the message is in UTF-8. */
static char *domain_text(const struct transaction *tx, const char *domain)
{
	char *unicode = NULL, *copy;

	if (!tx->mail_params.is_smtputf8 ||
	    idn2_to_unicode_8z8z(domain, &unicode, 0) != IDN2_OK)
		return g_strdup(domain);
	copy = g_strdup(unicode);
	idn2_free(unicode);
	return copy;
}

static bool is_plain(const char *value)
{
	for (const char *c = value; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("!#$%&'*+-.^_`{|}~@/:", *c)
		    && !((unsigned char)*c & 0x80))
			return false;
	return *value;
}

/* As a token, or quoted where that does not do. */
static void append_value(GString *out, const char *value)
{
	if (is_plain(value)) {
		g_string_append(out, value);
		return;
	}
	g_string_append_c(out, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			g_string_append_c(out, '\\');
		if ((unsigned char)*value >= 0x20 && *value != 0x7f)
			g_string_append_c(out, *value);
	}
	g_string_append_c(out, '"');
}

static void append_property(GString *out, const char *name,
			    const char *value)
{
	if (!value || !*value)
		return;
	g_string_append_printf(out, " %s=", name);
	append_value(out, value);
}

static void append_domain(GString *out, const struct transaction *tx,
			  const char *name, const char *domain)
{
	g_autofree char *text = domain ? domain_text(tx, domain) : NULL;

	append_property(out, name, text);
}

static void append_comment(GString *out, const char *text)
{
	if (!text || !*text)
		return;
	g_string_append(out, " (");
	for (; *text; text++) {
		if (strchr("()\\", *text))
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, ')');
}

/* The envelope sender; its local part only where this message may have it. */
static void append_mailfrom(GString *out, const struct transaction *tx)
{
	const struct mailaddr *sender = &tx->sender;
	g_autofree char *domain = NULL, *local = NULL, *whole = NULL;

	if (sender->is_null || !*sender->domain_ascii)
		return;
	domain = domain_text(tx, sender->domain_ascii);
	local = g_strndup(sender->local.len ? sender->local.ptr : "",
			  sender->local.len);
	if (g_str_is_ascii(local) || (tx->mail_params.is_smtputf8 &&
				      g_utf8_validate(local, -1, NULL)))
		whole = g_strdup_printf("%s@%s", local, domain);
	append_property(out, "smtp.mailfrom", whole ? whole : domain);
}

static void begin(GString *out, const char *method, enum auth_result result)
{
	if (out->len)
		g_string_append(out, ";\n\t");
	g_string_append_printf(out, "%s=%s", method,
			       auth_result_word(result));
}

static void put_spf(GString *out, const struct transaction *tx)
{
	const struct auth *auth = &tx->auth;

	if (auth->helo.result && auth->spf.result &&
	    strcmp(auth->spf.scope, "helo") != 0 &&
	    auth->helo.result != AUTH_RESULT_NONE) {
		begin(out, "spf", auth->helo.result);
		append_domain(out, tx, "smtp.helo", auth->helo.domain);
	}
	if (!auth->spf.result)
		return;
	begin(out, "spf", auth->spf.result);
	append_comment(out, auth->spf.reason);
	if (strcmp(auth->spf.scope, "helo") == 0)
		append_domain(out, tx, "smtp.helo", auth->spf.domain);
	else
		append_mailfrom(out, tx);
}

static void put_dkim(GString *out, const struct transaction *tx)
{
	for (guint i = 0; i < tx->auth.dkim->len; i++) {
		const struct auth_dkim *dkim = &g_array_index(
			tx->auth.dkim, struct auth_dkim, i);

		begin(out, "dkim", dkim->result);
		if (dkim->reason)
			append_comment(out, dkim->reason);
		else if (dkim->is_partial)
			append_comment(out, "not all of the body is signed");
		append_domain(out, tx, "header.d", dkim->domain);
		append_property(out, "header.i", dkim->identity);
		append_property(out, "header.s", dkim->selector);
		append_property(out, "header.a", dkim->algorithm);
		append_property(out, "header.b", dkim->signature);
	}
}

static void put_dmarc(GString *out, const struct transaction *tx)
{
	const struct auth_dmarc *dmarc = &tx->auth.dmarc;

	if (!dmarc->result)
		return;
	begin(out, "dmarc", dmarc->result);
	if (dmarc->published) {
		g_string_append_printf(out, " (%s=%s dis=%s", dmarc->tag,
				       dmarc_policy_word(dmarc->published),
				       dmarc_policy_word(dmarc->disposition));
		if (dmarc->override)
			g_string_append_printf(out, " override=%s",
					       dmarc->override);
		g_string_append_c(out, ')');
	} else {
		append_comment(out, dmarc->reason);
	}
	append_domain(out, tx, "header.from", dmarc->domain);
}

static void put_arc(GString *out, const struct transaction *tx)
{
	const struct auth_arc *arc = &tx->auth.arc;

	if (!arc->result)
		return;
	begin(out, "arc", arc->result);
	append_comment(out, arc->reason);
	append_domain(out, tx, "header.d", arc->sealer);
}

static void put_iprev(GString *out, const struct transaction *tx)
{
	char text[NETADDR_TEXT_MAX];

	if (!tx->auth.iprev.result)
		return;
	begin(out, "iprev", tx->auth.iprev.result);
	append_comment(out, tx->auth.iprev.name);
	append_property(out, "policy.iprev",
			netaddr_format(&tx->client.addr, text));
}

const char *authres_format(struct transaction *tx, const char *authserv_id)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (authserv_id)
		append_value(out, authserv_id);
	put_spf(out, tx);
	put_dkim(out, tx);
	put_dmarc(out, tx);
	put_arc(out, tx);
	put_iprev(out, tx);
	if (tx->client.login && tx->direction == DIRECTION_OUTBOUND) {
		begin(out, "auth", AUTH_RESULT_PASS);
		if (g_str_is_ascii(tx->client.login))
			append_property(out, "smtp.auth", tx->client.login);
	}
	if (authserv_id && !strstr(out->str, ";\n\t"))
		g_string_append(out, "; none");
	return arena_text(&tx->arena, out->str);
}

const char *authres_format_spf(struct transaction *tx,
			       const char *authserv_id)
{
	const struct auth_spf *spf = &tx->auth.spf;
	g_autoptr(GString) out = g_string_new(NULL);
	char text[NETADDR_TEXT_MAX];
	const char *sender;

	if (!spf->result)
		return NULL;
	g_string_append(out, auth_result_word(spf->result));
	append_comment(out, spf->reason);
	g_string_append_printf(out, "\n\treceiver=%s; client-ip=%s;",
			       authserv_id,
			       netaddr_format(&tx->client.addr, text));
	sender = mailaddr_format(&tx->sender, &tx->arena);
	if (!tx->sender.is_null && g_str_is_ascii(sender)) {
		g_string_append(out, "\n\tenvelope-from=");
		append_value(out, sender);
		g_string_append_c(out, ';');
	}
	if (tx->client.helo && is_plain(tx->client.helo) &&
	    g_str_is_ascii(tx->client.helo))
		g_string_append_printf(out, " helo=%s;", tx->client.helo);
	g_string_append_printf(out, " identity=%s",
			       strcmp(spf->scope, "helo") == 0 ? "helo" :
								 "mailfrom");
	if (spf->mechanism) {
		g_string_append(out, "; mechanism=");
		append_value(out, spf->mechanism);
	}
	return arena_text(&tx->arena, out->str);
}
