#include <config.h>

#include "content/evals.h"
#include "message/orgdomain.h"
#include "message/uris.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What a link shows and where it leads; NULL behind the last one. */
static const struct html_link *link_at(const struct html_text *page, guint i)
{
	return i < page->links->len ? &g_array_index(
		page->links, struct html_link, i) : NULL;
}

/* Host and all behind of "https://user@host/..."; NULL: no URL of the web. */
static const char *web_host(const char *url)
{
	static const char *const schemes[] = { "http:", "https:" };
	const char *host = NULL, *at;

	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (g_ascii_strncasecmp(url, schemes[i],
					strlen(schemes[i])) == 0)
			host = url + strlen(schemes[i]);
	if (!host)
		return NULL;
	host += strspn(host, "/");
	at = host + strcspn(host, "@/");
	return *at == '@' ? at + 1 : host;
}

/* Four numbers with dots between them stand there. */
static bool is_dotted(const char *host)
{
	unsigned parts = 0;

	while (g_ascii_isdigit(*host)) {
		host += strspn(host, "0123456789");
		if (++parts == 4 || *host != '.')
			break;
		host++;
	}
	return parts == 4;
}

static const char *find_text(const char *text, const char *part)
{
	for (; *text; text++)
		if (g_ascii_strncasecmp(text, part, strlen(part)) == 0)
			return text;
	return NULL;
}

static bool ip_mismatch(const struct eval_source *source,
			char *const *arguments)
{
	const GArray *pages = source->text->pages;
	const struct html_link *link;

	(void)arguments;
	for (guint i = 0; i < pages->len; i++) {
		const struct html_text *page = &g_array_index(
			pages, struct html_text, i);

		for (guint j = 0; (link = link_at(page, j)); j++) {
			const char *host = web_host(link->url);
			const char *shown = host && is_dotted(host) &&
				link->text ? find_text(link->text, "https:") :
				NULL;

			if (shown && !is_dotted(web_host(shown)))
				return evals_found(source, link->url);
		}
	}
	return false;
}

/* The organisation of a host; NULL: an address, or a name that cannot be. */
static const char *owner(const struct eval_source *source, struct span host)
{
	const struct settings *settings = source->header->tx->settings;
	const char *ascii, *dot;
	ptrdiff_t end = span_find(host, '.');

	if (end < 0 || is_dotted(arena_span_text(source->header->arena, host)))
		return NULL;
	ascii = mailaddr_domain_ascii(host, source->header->arena);
	dot = ascii ? strrchr(ascii, '.') : NULL;
	if (!dot || !addrlists_is_suffix(source->lists, settings, dot + 1))
		return NULL;
	return addrlists_organisation(source->lists, settings, ascii);
}

/* What the text promises, where that is a secure page. */
static const char *promised(const struct eval_source *source, const char *text)
{
	static const char scheme[] = "https://";
	const char *at = find_text(text, scheme);

	if (!at)
		return NULL;
	at += strlen(scheme);
	return owner(source, span_of(at, strcspn(at, " \t\n/:?#")));
}

static bool http_mismatch(const struct eval_source *source,
			  char *const *arguments)
{
	int least = arguments[0] ? atoi(arguments[0]) : 1;
	int most = arguments[0] && arguments[1] ? atoi(arguments[1]) : INT_MAX;
	const GArray *pages = source->text->pages;
	const struct html_link *link;

	for (guint i = 0; i < pages->len; i++) {
		const struct html_text *page = &g_array_index(
			pages, struct html_text, i);
		int anchors = 0;
		bool is_hit = false;

		for (guint j = 0; (link = link_at(page, j)); j++) {
			const char *host = link->text ? web_host(link->url) :
							NULL;
			const char *to = host ? owner(source, span_of(
				host, strcspn(host, "/:?#"))) : NULL;
			const char *shown = to ? promised(source, link->text) :
						 NULL;

			anchors += to != NULL;
			is_hit |= shown && strcmp(shown, to) != 0;
		}
		if (is_hit && anchors >= least && anchors < most)
			return true;
	}
	return false;
}

/* One that leads on to another organisation's, which stands in it. */
static bool http_redirector(const struct eval_source *source,
			    char *const *arguments)
{
	(void)arguments;
	for (guint i = 0; i < source->uris->len; i++) {
		const struct uri *uri = &g_array_index(source->uris,
						       struct uri, i);
		const char *host = web_host(uri->text), *inner;
		const char *target = NULL, *own = NULL;

		inner = host && uri->host ? find_text(
			host + strcspn(host, "/:?"), "http") : NULL;
		target = inner ? web_host(inner) : NULL;
		if (target)
			own = owner(source, span_of(
				target, strcspn(target, "/:?")));
		if (own && strcmp(own, addrlists_organisation(
			source->lists, source->header->tx->settings,
			uri->host)) != 0)
			return evals_found(source, uri->text);
	}
	return false;
}

static bool uri_truncated(const struct eval_source *source,
			  char *const *arguments)
{
	(void)arguments;
	for (guint i = 0; i < source->uris->len; i++)
		if (g_array_index(source->uris, struct uri, i).is_cut)
			return true;
	return false;
}

const struct eval_row evalsuri_rows[] = {
	{ "check_https_ip_mismatch", ip_mismatch, 0, 0, NULL },
	{ "check_https_http_mismatch", http_mismatch, 0, 2, NULL },
	{ "check_for_http_redirector", http_redirector, 0, 0, NULL },
	{ "check_uri_truncated", uri_truncated, 0, 0, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
