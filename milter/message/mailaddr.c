#include <config.h>

#include "message/mailaddr.h"

#include <idn2.h>
#include <string.h>

#define LOCAL_MAX 64		/* RFC 5321, 4.5.3.1.1 */
#define DOMAIN_MAX 255		/* 4.5.3.1.2 */
#define LABEL_MAX 63

static bool is_8bit(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] > 0x7e)
			return true;
	return false;
}

static bool is_label_char(char c)
{
	/* The underscore is no host's, but some that send mail have one. */
	return g_ascii_isalnum(c) || c == '-' || c == '_';
}

static bool has_long_label(struct span name)
{
	size_t label = 0;

	for (size_t i = 0; i < name.len; i++) {
		label = name.ptr[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return true;
	}
	return false;
}

/* Labels of LDH and underscore, none empty, none over 63 (RFC 1035, 2.3.1). */
static bool is_host_name(struct span name)
{
	size_t label = 0;

	if (name.len == 0 || name.len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i <= name.len; i++) {
		if (i == name.len || name.ptr[i] == '.') {
			if (label == 0 || label > LABEL_MAX)
				return false;
			label = 0;
		} else if (is_label_char(name.ptr[i])) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

static struct span without_last_dot(struct span domain)
{
	if (domain.len > 1 && domain.ptr[domain.len - 1] == '.')
		domain.len--;
	return domain;
}

static const char *lower(struct span text, struct arena *arena)
{
	char *copy = arena_span_text(arena, text);

	for (char *c = copy; *c; c++)
		*c = g_ascii_tolower(*c);
	return copy;
}

/* RFC 5890: U-labels to A-labels. libidn2 is not given what is too long. */
static const char *to_a_labels(struct span domain, struct arena *arena)
{
	const char *text, *ascii = NULL;
	char *found = NULL;

	if (domain.len > 2 * DOMAIN_MAX ||
	    !g_utf8_validate(domain.ptr, (gssize)domain.len, NULL))
		return NULL;
	text = arena_span_text(arena, domain);
	if (idn2_to_ascii_8z(text, &found, IDN2_NFC_INPUT |
			     IDN2_NONTRANSITIONAL) == IDN2_OK &&
	    is_host_name(span_text(found)))
		ascii = lower(span_text(found), arena);
	idn2_free(found);
	return ascii;
}

/*
 * Whether each label that begins with xn-- is Punycode (RFC 3492). Not whether
 * IDNA 2008 would register it: there are domains from before, as those of
 * emoji, and mail comes from them. name is in lower case.
 */
static bool is_punycode(const char *name)
{
	char *found = NULL;
	int why = IDN2_OK;

	if (strncmp(name, "xn--", 4) == 0 || strstr(name, ".xn--"))
		why = idn2_to_unicode_8z8z(name, &found, 0);
	idn2_free(found);
	return why == IDN2_OK;
}

/* Without its last dot already: of two, one is left and is an error. */
static const char *ascii_of(struct span domain, struct arena *arena)
{
	const char *ascii;

	if (is_8bit(domain))
		return to_a_labels(domain, arena);
	if (!is_host_name(domain))
		return NULL;
	ascii = lower(domain, arena);
	return is_punycode(ascii) ? ascii : NULL;
}

const char *mailaddr_domain_ascii(struct span domain, struct arena *arena)
{
	return ascii_of(without_last_dot(domain), arena);
}

/* RFC 5321, 4.1.3. A general address literal is none that we know. */
static bool read_literal(struct span domain, struct netaddr *addr_out)
{
	struct span inner = domain;
	bool is_ip6;

	if (inner.len < 2 || inner.ptr[0] != '[' ||
	    inner.ptr[inner.len - 1] != ']')
		return false;
	inner = span_first(span_from(inner, 1), inner.len - 2);
	is_ip6 = span_is_word(span_first(inner, 5), "IPv6:");
	if (is_ip6)
		inner = span_from(inner, 5);
	/* Without the tag some write it all the same; the tag before an IPv4
	 * address is no one's. */
	return (!is_ip6 || span_find(inner, ':') >= 0) &&
	       netaddr_parse(inner, addr_out);
}

static void take_domain(struct mailaddr *addr, struct span domain,
			struct arena *arena)
{
	const char *ascii;

	addr->domain = without_last_dot(domain);
	addr->domain_ascii = "";
	if (addr->domain.len < domain.len)
		addr->flaws |= MAILADDR_FLAW_TRAILING_DOT;
	if (domain.len == 0)
		return;
	if (domain.len > DOMAIN_MAX || has_long_label(domain))
		addr->flaws |= MAILADDR_FLAW_LONG_DOMAIN;
	if (domain.ptr[0] == '[') {
		addr->is_literal = true;
		if (!read_literal(addr->domain, &addr->literal))
			addr->flaws |= MAILADDR_FLAW_DOMAIN;
		return;
	}
	ascii = ascii_of(addr->domain, arena);
	if (ascii)
		addr->domain_ascii = ascii;
	else
		addr->flaws |= MAILADDR_FLAW_DOMAIN;
}

/* Where the text before the last @ that stands outside of quotes ends; quoted
 * pairs are passed over. len when there is none. *is_broken_out: a quote or
 * bracket that does not close. */
static size_t find_last_at(struct span text, size_t *count_out,
			   bool *is_broken_out)
{
	bool is_quoted = false, is_bracket = false;
	size_t last = text.len;

	*count_out = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\\') {
			i++;
		} else if (c == '"' && !is_bracket) {
			is_quoted = !is_quoted;
		} else if (is_quoted) {
			continue;
		} else if (c == '[' || c == ']') {
			is_bracket = c == '[';
		} else if (c == '@' && !is_bracket) {
			++*count_out;
			last = i;
		}
	}
	*is_broken_out = is_quoted || is_bracket;
	return last;
}

/* The local part without its quotes; *is_quoted_out tells whether it had them.
 * False, and all as it stands, when they are amid other text or not closed. */
static bool unquote(struct span local, struct arena *arena,
		    struct span *local_out, bool *is_quoted_out)
{
	char *out;
	size_t len = 0;

	*local_out = local;
	*is_quoted_out = local.len >= 2 && local.ptr[0] == '"';
	if (!*is_quoted_out)
		return span_find(local, '"') < 0;
	out = arena_span_text(arena, local);
	for (size_t i = 1; i < local.len; i++) {
		char c = local.ptr[i];

		if (c == '"') {
			out[len] = '\0';
			if (i + 1 == local.len)
				*local_out = span_of(out, len);
			return i + 1 == local.len;
		}
		if (c == '\\' && i + 1 < local.len)
			c = local.ptr[++i];
		out[len++] = c;
	}
	return false;
}

/* The host behind a % or before a !, when it is one; "" for an address in
 * brackets, which is a host too. */
static const char *host_or_null(struct span text, struct arena *arena)
{
	struct netaddr literal;

	if (read_literal(text, &literal))
		return "";
	return text.len ? mailaddr_domain_ascii(text, arena) : NULL;
}

/* A part of the local part, and the characters around it; 0 at the ends. */
struct hop {
	struct span text;
	char before, after;
};

static bool is_hop_sign(char c)
{
	return c == '%' || c == '!' || c == '@';
}

static struct hop hop_from(struct span local, size_t start)
{
	struct hop hop = { .before = start ? local.ptr[start - 1] : '\0' };
	size_t end = start;

	while (end < local.len && !is_hop_sign(local.ptr[end]))
		end++;
	hop.text = span_first(span_from(local, start), end - start);
	hop.after = end < local.len ? local.ptr[end] : '\0';
	return hop;
}

static void take_hop(struct mailaddr *addr, const struct hop *hop,
		     struct arena *arena)
{
	unsigned flaw = 0;
	const char *host;

	if (hop->before == '%')
		flaw |= MAILADDR_FLAW_PERCENT;
	if (hop->after == '!')
		flaw |= MAILADDR_FLAW_BANG;
	/* Not once more what is known already: 32,000 hops fit in 64 KiB. */
	if ((addr->flaws & flaw) == flaw ||
	    !(host = host_or_null(hop->text, arena)))
		return;
	addr->flaws |= flaw;
	if (!addr->hidden_domain)
		addr->hidden_domain = host;
}

/*
 * What a relay would make of the local part: user%host and host!user are routes
 * of the days before MX, user@host in quotes is one that some MTAs unquote. Of
 * user%b%a it makes user%b@a and then user@b: where that ends is nobody's to
 * say, so more than one sign hides "".
 */
static void find_hidden(struct mailaddr *addr, struct arena *arena)
{
	ptrdiff_t at = span_find_last(addr->local, '@');
	size_t signs = 0;

	if (at >= 0) {
		const char *host = host_or_null(
			span_from(addr->local, (size_t)at + 1), arena);

		addr->flaws |= MAILADDR_FLAW_INNER_AT;
		addr->hidden_domain = host ? host : "";
	}
	for (size_t i = 0; i <= addr->local.len;) {
		struct hop hop = hop_from(addr->local, i);

		take_hop(addr, &hop, arena);
		signs += hop.after != '\0';
		i += hop.text.len + 1;
	}
	if (addr->hidden_domain && signs > 1)
		addr->hidden_domain = "";
}

/* RFC 5322's atext, and what is common in spite of it is left to flaws. */
static void check_unquoted(struct mailaddr *addr)
{
	struct span local = addr->local;

	for (size_t i = 0; i < local.len; i++) {
		char c = local.ptr[i];

		if (strchr(" ()<>[]:;,\\\"", c) && c)
			addr->flaws |= MAILADDR_FLAW_SYNTAX;
		if (c == '.' && (i == 0 || i + 1 == local.len ||
				 local.ptr[i - 1] == '.'))
			addr->flaws |= MAILADDR_FLAW_LOCAL_DOTS;
	}
}

static void check_bytes(struct mailaddr *addr)
{
	for (size_t i = 0; i < addr->raw.len; i++) {
		unsigned char c = (unsigned char)addr->raw.ptr[i];

		if (c < 0x20 || c == 0x7f)
			addr->flaws |= MAILADDR_FLAW_CONTROL;
		else if (c > 0x7f)
			addr->flaws |= MAILADDR_FLAW_8BIT;
		else if (c == '<' || c == '>')
			addr->flaws |= MAILADDR_FLAW_BRACKETS;
	}
	if ((addr->flaws & MAILADDR_FLAW_8BIT) &&
	    !g_utf8_validate(addr->raw.ptr, (gssize)addr->raw.len, NULL))
		addr->flaws |= MAILADDR_FLAW_UTF8;
}

/* Where the colon behind "@a,@b" is; "@[IPv6:..]" has others. len: nowhere. */
static size_t find_route_end(struct span text)
{
	bool is_bracket = false;
	size_t i;

	for (i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == ':' && !is_bracket)
			break;
		if (c == '[' || c == ']')
			is_bracket = c == '[';
	}
	return i;
}

/* RFC 5321, 4.1.2, A-d-l: "@a,@b:" before the mailbox. Cut off, and kept. */
static struct span take_route(struct mailaddr *addr, struct span text)
{
	size_t end;

	if (text.len == 0 || text.ptr[0] != '@')
		return text;
	end = find_route_end(text);
	if (end == text.len)
		return text;
	addr->flaws |= MAILADDR_FLAW_ROUTE;
	addr->route = span_first(text, end);
	return span_from(text, end + 1);
}

static void split(struct mailaddr *addr, struct span text,
		  struct arena *arena)
{
	size_t ats, at;
	bool is_broken, is_quoted;
	struct span local;

	text = take_route(addr, text);
	at = find_last_at(text, &ats, &is_broken);
	if (is_broken)
		addr->flaws |= MAILADDR_FLAW_SYNTAX;
	if (ats > 1)
		addr->flaws |= MAILADDR_FLAW_SYNTAX | MAILADDR_FLAW_INNER_AT;
	local = span_first(text, at);
	if (!unquote(local, arena, &addr->local, &is_quoted))
		addr->flaws |= MAILADDR_FLAW_SYNTAX;
	if (local.len > LOCAL_MAX)
		addr->flaws |= MAILADDR_FLAW_LONG_LOCAL;
	if (addr->local.len == 0)
		addr->flaws |= MAILADDR_FLAW_EMPTY_LOCAL;
	if (!is_quoted)
		check_unquoted(addr);
	take_domain(addr, ats ? span_from(text, at + 1) : span_of(NULL, 0),
		    arena);
	if (ats && at + 1 == text.len)
		addr->flaws |= MAILADDR_FLAW_DOMAIN;
	find_hidden(addr, arena);
}

struct mailaddr mailaddr_parse(struct span text, struct arena *arena)
{
	struct mailaddr addr = { .domain_ascii = "" };

	text = span_trim(arena_span(arena, text));
	if (text.len >= 2 && text.ptr[0] == '<' &&
	    text.ptr[text.len - 1] == '>')
		text = span_first(span_from(text, 1), text.len - 2);
	addr.raw = text;
	if (text.len == 0) {
		addr.is_null = true;
		return addr;
	}
	check_bytes(&addr);
	split(&addr, text, arena);
	return addr;
}

/* What moves a terminal's cursor or turns its lines around is "?". */
static bool is_harmless(gunichar c)
{
	return g_unichar_isprint(c) &&
	       g_unichar_type(c) != G_UNICODE_LINE_SEPARATOR &&
	       g_unichar_type(c) != G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Printable ASCII and, when all of it is valid, UTF-8; the rest as "?". */
static const char *safe(struct span text, struct arena *arena)
{
	char *out = arena_span_text(arena, text), *to = out;
	const char *copy = arena_text(arena, out);
	bool is_utf8 = g_utf8_validate(copy, -1, NULL);

	while (*copy) {
		size_t bytes = is_utf8 ? (size_t)g_utf8_skip[(guchar)*copy] : 1;
		gunichar c = is_utf8 ? g_utf8_get_char(copy) : (guchar)*copy;

		if (is_harmless(c) && (is_utf8 || c < 0x7f)) {
			memcpy(to, copy, bytes);
			to += bytes;
		} else {
			*to++ = '?';
		}
		copy += bytes;
	}
	*to = '\0';
	return out;
}

const char *mailaddr_format(const struct mailaddr *addr, struct arena *arena)
{
	if (addr->is_null)
		return "<>";
	if ((addr->flaws & MAILADDR_FLAW_SYNTAX) || !*addr->domain_ascii)
		return safe(addr->raw, arena);
	return arena_printf(arena, "%s@%s", safe(addr->local, arena),
			    addr->domain_ascii);
}
