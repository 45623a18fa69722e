#include <config.h>

#include "message/htmlelement.h"

#include "base/guard.h"

#include <glib.h>
#include <string.h>

#define SIDE_MAX 100000	/* pixels of an image */
#define SIDE_USUAL 200

const char *htmlelement_break(const char *name)
{
	static const char *const lines[] = { "br", "div" };
	static const char *const words[] = {
		"li", "td", "th", "dd", "dt", "embed", "h1", "h2", "h3", "h4",
		"h5", "h6",
	};
	static const char *const blocks[] = {
		"p", "hr", "blockquote", "pre", "listing", "plaintext", "xmp",
		"title",
	};

	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (strcmp(name, lines[i]) == 0)
			return "\n";
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(name, words[i]) == 0)
			return " ";
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		if (strcmp(name, blocks[i]) == 0)
			return "\n\n";
	return "";
}

bool htmlelement_is_void(const char *name)
{
	return strcmp(name, "br") == 0 || strcmp(name, "hr") == 0 ||
	       strcmp(name, "embed") == 0;
}

bool htmlelement_is_silent(const char *name)
{
	return strcmp(name, "script") == 0 || strcmp(name, "style") == 0;
}

const char *htmlelement_attribute(const char *const *attributes,
				  const char *name)
{
	for (; attributes && *attributes; attributes += 2)
		if (g_ascii_strcasecmp(attributes[0], name) == 0)
			return attributes[1];
	return NULL;
}

/* <meta http-equiv=refresh content="0; url=..."> */
static const char *refresh_of(const char *name,
			      const char *const *attributes)
{
	const char *equivalent = htmlelement_attribute(attributes,
						       "http-equiv");
	const char *content = htmlelement_attribute(attributes, "content");
	const char *url;

	if (strcmp(name, "meta") != 0 || !equivalent || !content ||
	    g_ascii_strcasecmp(equivalent, "refresh") != 0)
		return NULL;
	url = strcasestr(content, "url=");
	return url ? url + strlen("url=") : NULL;
}

const char *htmlelement_target(const char *name,
			       const char *const *attributes)
{
	static const struct { const char *element, *attribute; } of[] = {
		{ "a", "href" }, { "area", "href" }, { "link", "href" },
		{ "base", "href" }, { "img", "src" }, { "frame", "src" },
		{ "iframe", "src" }, { "embed", "src" }, { "script", "src" },
		{ "bgsound", "src" }, { "form", "action" },
		{ "body", "background" }, { "table", "background" },
		{ "tr", "background" }, { "td", "background" },
	};

	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (strcmp(name, of[i].element) == 0)
			return htmlelement_attribute(attributes,
						     of[i].attribute);
	return refresh_of(name, attributes);
}

struct span htmlelement_charset(const char *name,
				const char *const *attributes)
{
	const char *equivalent, *content, *at;

	if (strcmp(name, "meta") != 0)
		return span_of(NULL, 0);
	equivalent = htmlelement_attribute(attributes, "http-equiv");
	content = htmlelement_attribute(attributes, "content");
	at = content ? strcasestr(content, "charset=") : NULL;
	if (!equivalent || !at || !strcasestr(equivalent, "content-type"))
		return span_of(NULL, 0);
	at += strlen("charset=");
	at += *at == '"' || *at == '\'';
	return span_of(at, strcspn(at, "\"'"));
}

/* So many pixels; a share of the window counts as one of 800 by 600. */
static int64_t side(const char *text, int64_t share)
{
	char *end;
	int64_t value = text ? g_ascii_strtoll(text, &end, 10) : 0;

	if (value > 0 && value < SIDE_MAX && *end == '%')
		value *= share;
	return value > 0 && value < SIDE_MAX ? value : SIDE_USUAL;
}

int64_t htmlelement_image_area(const char *name,
			       const char *const *attributes)
{
	const char *width, *height;

	if (strcmp(name, "img") != 0)
		return 0;
	width = htmlelement_attribute(attributes, "width");
	height = htmlelement_attribute(attributes, "height");
	return width && height ? side(width, 8) * side(height, 6) : 0;
}
