#include <config.h>

#include "fuzz/target.h"
#include "fuzz/textpage.h"

#include "catalog.h"
#include "content/redirects.h"
#include "content/uridetail.h"
#include "message/uris.h"

static void check_uri(const struct uri *uri)
{
	BUG_IF(!uri->text || !*uri->text || !uri->written);
	for (const char *c = uri->host; c && *c; c++)
		BUG_IF(g_ascii_isupper(*c) || (unsigned char)*c <= ' ');
	BUG_IF(uri->organisation && (!uri->host ||
	       !g_str_has_suffix(uri->host, uri->organisation)));
}

/* One as they are, and one that leads to itself. */
static const struct redirects *get_redirects(void)
{
	static struct redirects *redirects;

	if (redirects)
		return redirects;
	redirects = redirects_new();
	BUG_IF(!redirects_add(redirects, "m{/go\\?(?:.*&)?to=([^&]*)}i", "fuzz",
			      1, NULL) ||
	       !redirects_add(redirects, "m{^https?://(.+)}i", "fuzz", 2, NULL));
	return redirects;
}

/* A first line of conditions of uri_detail, then what a textpage is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings *settings;
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t begin = line ? (size_t)(line - data) + 1 : 0;
	g_autofree char *conditions = g_strndup((const char *)data, begin);
	struct uridetail *detail;
	struct textpage page;
	struct arena arena;
	struct redirects_run run = { .redirects = get_redirects() };
	const struct uri_redirects redirects = { redirects_target, &run };
	GArray *uris;

	if (size > 65536)
		return 0;
	if (!settings)
		settings = settings_parse("fuzz", span_text(""), catalog, NULL);
	BUG_IF(!settings);
	arena_init(&arena);
	textpage_init(&page, &arena, data + begin, size - begin);
	uris = uris_collect(settings, &page.text, &redirects);
	BUG_IF(uris->len > URIS_MAX);
	for (guint i = 0; i < uris->len; i++)
		check_uri(&g_array_index(uris, struct uri, i));
	detail = uridetail_parse(g_strchomp(conditions), NULL);
	if (detail)
		(void)uridetail_find(detail, uridetails_make(uris,
								&page.text));
	uridetail_free(detail);
	g_array_unref(uris);
	textpage_release(&page);
	arena_release(&arena);
	return 0;
}
