#include <config.h>

#include "message/uris.h"

#include "message/mailaddr.h"
#include "message/orgdomain.h"
#include "message/uritext.h"

#include <stdlib.h>
#include <string.h>

#define URI_BYTES_MAX 2048
#define TARGETS_MAX 20		/* of redirectors, from one URI on */
#define BEFORE_HOSTS "!#$&'()*+,/:;=?@\\^`~"	/* a bare host may follow */

struct collector {
	const struct settings *settings;
	struct arena *arena;
	GArray *uris;
	GHashTable *seen;
	const struct uri_redirects *redirects;	/* NULL: none */
	unsigned targets;		/* of what is made plain now */
	GQueue queue;			/* of texts still to be made plain */
	const char *written;		/* what is added now is made of */
	bool is_text;			/* it is no link */
	bool is_cut;			/* what is added now was longer */
	bool has_sign;			/* "@" is in the line */
};

/* Host of "scheme://user@host:port/..."; empty when there is none. */
static struct span host_of(const char *uri)
{
	const char *start = strstr(uri, "://");
	struct span host;
	ptrdiff_t at;

	if (!start)
		return span_of(NULL, 0);
	start += strlen("://");
	host = span_of(start, strcspn(start, "/?#"));
	at = span_find_last(host, '@');
	if (at >= 0)
		host = span_from(host, (size_t)at + 1);
	at = span_find(host, ':');
	return at < 0 ? host : span_first(host, (size_t)at);
}

static void add(struct collector *on, const char *text)
{
	struct span host;
	struct uri uri = {
		.is_cut = on->is_cut, .written = on->written,
		.is_text = on->is_text,
	};

	if (on->uris->len >= URIS_MAX || g_hash_table_contains(on->seen, text))
		return;
	uri.text = arena_text(on->arena, text);
	host = host_of(text);
	if (host.len)
		uri.host = mailaddr_domain_ascii(host, on->arena);
	if (uri.host)
		uri.organisation = orgdomain_of(on->settings, uri.host);
	g_hash_table_add(on->seen, (gpointer)uri.text);
	g_array_append_val(on->uris, uri);
}

static void add_with_host(struct collector *on, const char *uri,
			  struct span old, const char *host)
{
	g_autofree char *text = g_strdup_printf("%.*s%s%s",
		(int)(strstr(uri, "://") + 3 - uri), uri, host,
		old.ptr + old.len);

	add(on, text);
}

/* 0x7f.1, 017700000001, 2130706433: what a browser makes of them. */
static void add_number(struct collector *on, const char *uri, struct span host)
{
	g_autofree char *text = g_strndup(host.ptr, host.len);
	unsigned long parts[4] = { 0 }, value;
	size_t count = 0;
	char *at = text, *end;

	do {
		if (count == 4 || !g_ascii_isdigit(*at))
			return;
		parts[count++] = strtoul(at, &end, 0);
		at = end + 1;
	} while (*end == '.');
	if (*end || (count != 1 && count != 4))
		return;
	value = count == 1 ? parts[0] & 0xffffffff :
		(parts[0] & 255) << 24 | (parts[1] & 255) << 16 |
		(parts[2] & 255) << 8 | (parts[3] & 255);
	g_autofree char *dotted = g_strdup_printf("%lu.%lu.%lu.%lu",
		value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255);

	if (!span_is(host, dotted))
		add_with_host(on, uri, host, dotted);
}

/* Where a redirector leads to, as the caller knows it. */
static bool look_for_target(struct collector *on, const char *uri,
			    struct span host, const char *ascii)
{
	const struct uri_redirects *redirects = on->redirects;
	g_autofree char *bare = NULL, *target = NULL;

	if (!redirects || on->targets >= TARGETS_MAX)
		return false;
	bare = g_strdup_printf("%.*s%.*s%s",
		(int)(strstr(uri, "://") + 3 - uri), uri,
		ascii ? (int)strlen(ascii) : (int)host.len,
		ascii ? ascii : host.ptr, host.ptr + host.len);
	target = redirects->target(redirects->mydata, bare);
	if (!target)
		return false;
	on->targets++;
	g_queue_push_tail(&on->queue, g_steal_pointer(&target));
	return true;
}

/* A URI within the path or query of another one. */
static void look_inside(struct collector *on, const char *rest)
{
	const char *at = rest;

	while (*at && !uritext_web_scheme(at))
		at++;
	if (!*at)
		return;
	g_autofree char *inner = g_strndup(at, strcspn(at, "&#"));

	if (strchr(inner, '.'))
		g_queue_push_tail(&on->queue, g_steal_pointer(&inner));
}

static void look_at_host(struct collector *on, const char *uri)
{
	struct span host = host_of(uri);
	const char *ascii;
	size_t len = host.len;

	if (!host.len || !uritext_web_scheme(uri))
		return;
	ascii = mailaddr_domain_ascii(host, on->arena);
	if (ascii && !span_is_word(host, ascii))
		add_with_host(on, uri, host, ascii);
	/* With a user name before it. */
	if (host.ptr[-1] == '@') {
		g_autofree char *bare = g_strndup(host.ptr, host.len);

		add_with_host(on, uri, host, bare);
	}
	while (len && !g_ascii_isalnum(host.ptr[len - 1]) &&
	       !(host.ptr[len - 1] & 0x80))
		len--;
	if (len && len < host.len) {
		g_autofree char *bare = g_strndup(host.ptr, len);

		add_with_host(on, uri, host, bare);
	}
	add_number(on, uri, host);
	if (!look_for_target(on, uri, host, ascii))
		look_inside(on, host.ptr + host.len);
}

static bool is_mail(const char *uri)
{
	const char *at = strchr(uri, '@'), *colon = strchr(uri, ':');

	return uritext_has_word(uri, "mailto:") || (at && (!colon || at < colon));
}

static void add_mail(struct collector *on, const char *uri)
{
	size_t len = strcspn(uri, "?&");
	g_autofree char *bare = g_strndup(uri, len);

	add(on, uri);
	if (uri[len] && strchr(bare, '@'))
		add(on, bare);
}

static void make_plain(struct collector *on, const char *written)
{
	g_autofree char *text = g_strndup(written, URI_BYTES_MAX);
	g_autoptr(GString) plain = NULL;

	on->is_cut = strlen(written) > URI_BYTES_MAX;
	g_strdelimit(text, "\r\n", ' ');
	g_strstrip(text);
	if (strlen(text) < 2 || strchr("#?&", *text) ||
	    (*text == '/' && text[1] != '/'))
		return;
	if (is_mail(text)) {
		add_mail(on, text);
		return;
	}
	add(on, text);
	plain = g_string_new(text);
	uritext_straighten(plain);
	add(on, plain->str);
	look_at_host(on, plain->str);
}

static void add_written(struct collector *on, const char *written)
{
	on->written = arena_text(on->arena, written);
	on->targets = 0;
	make_plain(on, written);
	while (!g_queue_is_empty(&on->queue)) {
		g_autofree char *inner = g_queue_pop_head(&on->queue);

		if (on->uris->len < URIS_MAX)
			make_plain(on, inner);
	}
}

/* A blank, or what ends a URI in plain text: each character is asked for it. */
static bool is_end(char c)
{
	switch (c) {
	case '\0': case ' ': case '\t': case '\n': case '\v': case '\f':
	case '\r': case 0x1b: case '>': case '<': case '"': case '`':
	case '}': case ']': case '{': case '[': case '|':
		return true;
	default:
		return false;
	}
}

/* Of a character that is not ASCII. */
static bool is_wide(char c)
{
	return c & 0x80;
}

/* Up to the first that is not. */
static size_t ascii_length(const char *at, size_t len)
{
	size_t ascii = 0;

	while (ascii < len && !is_wide(at[ascii]))
		ascii++;
	return ascii;
}

/* Chinese and Japanese have no blanks, but "\xe3\x80\x82" and the like. */
static bool is_wide_end(const char *at)
{
	gunichar c;

	if (!is_wide(*at))
		return false;
	c = g_utf8_get_char_validated(at, -1);
	return c < 0x110000 && (g_unichar_ispunct(c) || g_unichar_isspace(c));
}

/* Whether a URI may begin here: not in the midst of a word. */
static bool is_start(const char *text, const char *at)
{
	return at == text || (!g_ascii_isalnum(at[-1]) && at[-1] != '_') ||
	       !g_ascii_isalnum(*at);
}

/* Punctuation of the sentence around it. */
static void trim_tail(char *uri)
{
	char *close = strchr(uri, ')');
	size_t len;

	if (close && !memchr(uri, '(', (size_t)(close - uri)))
		*close = '\0';
	len = strlen(uri);
	while (len && strchr("-~!@#^&*()_+=:;'?,.", uri[len - 1]))
		len--;
	uri[len] = '\0';
}

static size_t length_to(const char *at, const char *ends)
{
	size_t len = 0;

	while (at[len] && !is_end(at[len]) && !strchr(ends, at[len]) &&
	       !is_wide_end(at + len) && len < URI_BYTES_MAX)
		len++;
	return len;
}

/* "www.", "www2.", "ftp." */
static bool has_known_name(const char *at)
{
	char first = g_ascii_tolower(*at);
	size_t len = first == 'w' && uritext_has_word(at, "www") ? 3 : 0;

	for (size_t digits = 0; len && digits < 2 &&
	     g_ascii_isdigit(at[len]); digits++)
		len++;
	return (len && at[len] == '.') ||
	       (first == 'f' && uritext_has_word(at, "ftp."));
}

static bool has_known_scheme(const char *at)
{
	char first = g_ascii_tolower(*at);

	return (first == 'h' && (uritext_has_word(at, "http://") ||
				 uritext_has_word(at, "https://"))) ||
	       (first == 'f' && uritext_has_word(at, "ftp://"));
}

static bool is_known_domain(struct collector *on, const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *ascii = mailaddr_domain_ascii(span_text(host), on->arena);

	if (!dot || !dot[1] || g_ascii_isdigit(dot[1]) || !ascii)
		return false;
	return orgdomain_is_known(on->settings, strrchr(ascii, '.') + 1);
}

/* Of len bytes that begin with a host, and end it where other words follow
 * without a blank: there is no domain then as the whole says. */
static size_t cut_host(struct collector *on, const char *at, size_t len)
{
	size_t host = MIN(strcspn(at, "/?#:@"), len);
	size_t ascii = ascii_length(at, host);
	g_autofree char *name = g_strndup(at, host);
	const char *last = strrchr(name, '.') ?: name;

	return !ascii || ascii_length(last, strlen(last)) == strlen(last) ||
	       is_known_domain(on, name) ? len : ascii;
}

/* "example.com/path": only where the name is one that may exist. */
static size_t take_schemeless(struct collector *on, const char *at)
{
	size_t len = 0, whole;

	while (g_ascii_isalnum(at[len]) || (len && at[len] &&
					    strchr("._-", at[len])))
		len++;
	if (!memchr(at, '.', len))
		return 0;
	g_autofree char *host = g_strndup(at, len);

	while (len && !g_ascii_isalnum(host[len - 1]))
		host[--len] = '\0';
	whole = len + (at[len] == '.');
	if (at[whole] == ':')
		whole += 1 + strspn(at + whole + 1, "0123456789");
	if (at[whole] == '/')
		whole += length_to(at + whole, "");
	if (len < 4 || !strchr(host, '.') ||
	    (!is_end(at[whole]) && !is_wide(at[whole])) ||
	    !is_known_domain(on, host))
		return 0;
	g_autofree char *uri = g_strdup_printf("http://%.*s", (int)whole, at);

	trim_tail(uri);
	add_written(on, uri);
	return whole;
}

static size_t take_mail(struct collector *on, const char *at)
{
	size_t len = length_to(at, ",('"), name;
	const char *sign = memchr(at, '@', len);

	if (!sign || sign == at)
		return 0;
	/* The words in front go on until the last of these. */
	if (!is_wide(sign[-1]) && !is_wide(sign[1]) &&
	    ascii_length(at, (size_t)(sign - at)) < (size_t)(sign - at))
		return 0;
	name = (size_t)(sign + 1 - at);
	len = name + cut_host(on, sign + 1, len - name);
	g_autofree char *text = g_strndup(at, len);

	trim_tail(text);
	sign = strchr(text, '@');
	if (!sign)
		return 0;
	g_autofree char *domain = g_strndup(sign + 1, strcspn(sign + 1, "?&%"));

	if (!is_known_domain(on, domain))
		return 0;
	g_autofree char *uri = uritext_has_word(text, "mailto:") ?
		g_strdup(text) : g_strdup_printf("mailto:%s", text);

	add_written(on, uri);
	return len;
}

/* The URI at this place, its bytes; 0: there is none. */
static size_t take(struct collector *on, const char *text, const char *at)
{
	size_t len;

	if (!is_start(text, at) || is_end(*at))
		return 0;
	if (has_known_scheme(at) || has_known_name(at)) {
		size_t host = has_known_scheme(at) ?
			      strcspn(at, ":") + strlen("://") : 0;

		len = length_to(at, "");
		len = host + cut_host(on, at + host, len - host);
		g_autofree char *uri = has_known_scheme(at) ?
			g_strndup(at, len) :
			g_strdup_printf("%s://%.*s", uritext_has_word(at, "ftp.") ?
					"ftp" : "http", (int)len, at);

		trim_tail(uri);
		if (!g_str_has_suffix(uri, "//"))
			add_written(on, uri);
		return len;
	}
	if (on->has_sign && (at == text || is_end(at[-1]) ||
	    strchr("('`,:;=", at[-1]) || (is_wide(at[-1]) && !is_wide(*at)))) {
		len = take_mail(on, at);
		if (len)
			return len;
	}
	return at == text || is_end(at[-1]) || is_wide(at[-1]) ||
	       strchr(BEFORE_HOSTS, at[-1]) ?
	       take_schemeless(on, at) : 0;
}

static void look_through(struct collector *on, struct span line)
{
	g_autofree char *text = g_strndup(line.ptr, line.len);
	const char *at = text;

	/* Most lines have neither, and it is cheap to see. */
	if (!text || (!strchr(text, '.') && !strchr(text, ':')))
		return;
	on->has_sign = strchr(text, '@') != NULL;
	while (*at && on->uris->len < URIS_MAX) {
		size_t len = take(on, text, at);

		at += len ? len : 1;
	}
}

GArray *uris_collect(const struct settings *settings,
		     const struct bodytext *text,
		     const struct uri_redirects *redirects)
{
	struct collector on = {
		.settings = settings, .redirects = redirects,
		.arena = text->mime->arena,
		.uris = g_array_new(FALSE, FALSE, sizeof(struct uri)),
		.seen = g_hash_table_new(g_str_hash, g_str_equal),
	};

	g_queue_init(&on.queue);
	on.is_text = true;
	for (guint i = 0; i < text->lines->len; i++)
		look_through(&on, g_array_index(text->lines, struct span, i));
	on.is_text = false;
	for (guint i = 0; i < text->pages->len; i++) {
		const GArray *links = g_array_index(text->pages,
						    struct html_text, i).links;

		for (guint j = 0; j < links->len; j++)
			add_written(&on, g_array_index(links, struct html_link,
						       j).url);
	}
	g_hash_table_unref(on.seen);
	return on.uris;
}
