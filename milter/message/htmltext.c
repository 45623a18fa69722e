#include <config.h>

#include "message/htmltext.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <pthread.h>
#include <string.h>

#define URL_MAX 2048
#define BYTES_MAX ((size_t)64 << 20)

struct reader {
	htmlParserCtxtPtr parser;
	struct arena *arena;
	struct html_text *out;
	GString *text;
	GString *anchor;		/* within an a; else NULL */
	size_t anchor_link;		/* index + 1 of its link */
	char *base;
	unsigned tags, depth, in_script;
	bool is_after_break;		/* nothing since was put but breaks */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The breaks around an element, "" for what stands within a line. */
static const char *break_of(const char *name)
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

static bool is_void(const char *name)
{
	return strcmp(name, "br") == 0 || strcmp(name, "hr") == 0 ||
	       strcmp(name, "embed") == 0;
}

static bool is_silent(const char *name)
{
	return strcmp(name, "script") == 0 || strcmp(name, "style") == 0;
}

static void put_break(struct reader *on, const char *name)
{
	const char *text = break_of(name);

	if (!*text)
		return;
	if (!on->is_after_break && on->text->len &&
	    on->text->str[on->text->len - 1] == ' ')
		g_string_truncate(on->text, on->text->len - 1);
	g_string_append(on->text, text);
	on->is_after_break = true;
}

static const char *attribute(const xmlChar **attributes, const char *name)
{
	for (; attributes && *attributes; attributes += 2)
		if (g_ascii_strcasecmp((const char *)attributes[0], name) == 0)
			return (const char *)attributes[1];
	return NULL;
}

/* Where an element leads, by its attributes. */
static const char *target_of(const char *name, const xmlChar **attributes)
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
			return attribute(attributes, of[i].attribute);
	return NULL;
}

/* <meta http-equiv=refresh content="0; url=..."> */
static const char *refresh_of(const char *name, const xmlChar **attributes)
{
	const char *equivalent = attribute(attributes, "http-equiv");
	const char *content = attribute(attributes, "content");
	const char *url;

	if (strcmp(name, "meta") != 0 || !equivalent || !content ||
	    g_ascii_strcasecmp(equivalent, "refresh") != 0)
		return NULL;
	url = strcasestr(content, "url=");
	return url ? url + strlen("url=") : NULL;
}

static bool has_scheme(const char *url)
{
	size_t len = 0;

	while (g_ascii_isalnum(url[len]) || strchr("+-.", url[len] ?: ' '))
		len++;
	return len && url[len] == ':';
}

/* What base adds; a scheme of its own stays as it is. */
static const char *resolve(struct reader *on, const char *url)
{
	xmlChar *whole;
	const char *copy = url;

	if (!on->base || has_scheme(url))
		return url;
	whole = xmlBuildURI((const xmlChar *)url, (const xmlChar *)on->base);
	if (whole)
		copy = arena_text(on->arena, (const char *)whole);
	xmlFree(whole);
	return copy;
}

static void add_link(struct reader *on, const char *name, const char *url)
{
	struct span trimmed = span_first(span_trim(span_text(url)), URL_MAX);
	struct html_link link = { .element = arena_text(on->arena, name) };

	if (!trimmed.len)
		return;
	link.url = resolve(on, arena_span_text(on->arena, trimmed));
	g_array_append_val(on->out->links, link);
}

static void end_anchor(struct reader *on)
{
	if (!on->anchor)
		return;
	g_array_index(on->out->links, struct html_link,
		      on->anchor_link - 1).text =
		arena_text(on->arena, on->anchor->str);
	g_string_free(on->anchor, TRUE);
	on->anchor = NULL;
}

/* So many pixels; a share of the window counts as one of 800 by 600. */
static int64_t size_of(const char *text, int64_t share)
{
	char *end;
	int64_t value = text ? g_ascii_strtoll(text, &end, 10) : 0;

	if (value > 0 && *end == '%')
		value *= share;
	return value > 0 && value < 100000 ? value : 200;
}

static void note_element(struct reader *on, const char *name,
			 const xmlChar **attributes)
{
	const char *width = attribute(attributes, "width");
	const char *height = attribute(attributes, "height");
	const char *action = attribute(attributes, "action");

	if (strcmp(name, "img") == 0 && width && height)
		on->out->image_area += size_of(width, 8) * size_of(height, 6);
	on->out->has_embeds |= strcmp(name, "object") == 0 ||
			       strcmp(name, "embed") == 0;
	on->out->has_mailto_form |= strcmp(name, "form") == 0 && action &&
				    strcasestr(action, "mailto:");
}

/* The name behind "<" or "</", lower case; empty when it is no tag. */
static char *tag_name(struct span at)
{
	size_t len = 0;

	while (len < at.len && (g_ascii_isalnum(at.ptr[len]) ||
				strchr(":-_", at.ptr[len])))
		len++;
	return len && g_ascii_isalpha(*at.ptr) ? g_ascii_strdown(at.ptr,
		(gssize)len) : NULL;
}

static void count_tag(struct html_text *out, char *name, bool is_end)
{
	int open = GPOINTER_TO_INT(g_hash_table_lookup(out->open, name));

	out->tags++;
	out->closed_extra += is_end && open <= 0;
	g_hash_table_replace(out->open, name, GINT_TO_POINTER(
		is_end ? MAX(open - 1, 0) : open + 1));
}

static size_t find(struct span text, size_t from, const char *what)
{
	const char *at = memmem(text.ptr + from, text.len - from, what,
				strlen(what));

	return at ? (size_t)(at - text.ptr) + strlen(what) : text.len;
}

/* Behind what stands for itself in an element, in which no other begins; from when
 * nothing ends it. Bits of *unclosed are those that no end was found for: they are not
 * looked for again. */
static size_t behind_literal(struct span html, size_t from, const char *name,
			     unsigned *unclosed)
{
	static const char *const names[] = {
		"script", "style", "iframe", "xmp", "textarea", "title",
	};
	size_t i = 0, len = strlen(name);

	while (i < COUNT_OF(names) && strcmp(name, names[i]) != 0)
		i++;
	if (i == COUNT_OF(names) || *unclosed >> i & 1)
		return from;
	for (size_t at = from; (at = find(html, at, "</")) < html.len; )
		if (html.len - at >= len &&
		    g_ascii_strncasecmp(html.ptr + at, name, len) == 0)
			return at - 2;
	*unclosed |= 1U << i;
	return from;
}

/* As they are written: libxml2 closes what was left open, and tells it alike. */
static void count_tags(struct html_text *out, struct span html)
{
	size_t at = 0;
	unsigned unclosed = 0;

	while (at < html.len && out->tags < HTMLTEXT_TAGS_MAX) {
		bool is_end;
		char *name;

		at = find(html, at, "<");
		if (at >= html.len)
			break;
		if (html.len - at > 3 && memcmp(html.ptr + at, "!--", 3) == 0) {
			at = find(html, at + 3, "-->");
			continue;
		}
		is_end = html.ptr[at] == '/';
		name = tag_name(span_from(html, at + is_end));
		if (!name)
			continue;
		if (!is_end)
			at = behind_literal(html, at, name, &unclosed);
		count_tag(out, name, is_end);
	}
}

/* Text that stands in no element gets a "p" from libxml2, as one is read that has no
 * start: then the parser is behind text, not in a tag. */
static bool is_implied(const htmlParserCtxt *parser, const char *name)
{
	return strcmp(name, "p") == 0 && *parser->input->cur != '>' &&
	       *parser->input->cur != '/';
}

static void on_start(void *mydata, const xmlChar *xml_name,
		     const xmlChar **attributes)
{
	struct reader *on = mydata;
	const char *name = (const char *)xml_name;
	const char *url = target_of(name, attributes);
	size_t before = on->out->links->len;

	on->depth++;
	on->in_script += is_silent(name);
	if (++on->tags > HTMLTEXT_TAGS_MAX ||
	    on->depth > HTMLTEXT_DEPTH_MAX) {
		on->out->is_cut = true;
		xmlStopParser(on->parser);
		return;
	}
	note_element(on, name, attributes);
	if (!is_implied(on->parser, name))
		put_break(on, name);
	if (!url)
		url = refresh_of(name, attributes);
	if (url)
		add_link(on, name, url);
	if (url && strcmp(name, "base") == 0 && has_scheme(url)) {
		g_free(on->base);
		on->base = g_strdup(url);
	}
	if (strcmp(name, "a") == 0) {
		end_anchor(on);
		if (on->out->links->len > before) {
			on->anchor_link = on->out->links->len;
			on->anchor = g_string_new(NULL);
		}
	}
}

/* Whether the end tag is in the page: libxml2 closes what is left open by another, and
 * tells it alike, but then it has not just read "</NAME>". */
static bool is_written(const htmlParserCtxt *parser, const char *name)
{
	const char *begin = (const char *)parser->input->base;
	const char *at = (const char *)parser->input->cur;
	size_t len = strlen(name);

	if (at == begin || *--at != '>')
		return false;
	while (at > begin && g_ascii_isspace(at[-1]))
		at--;
	return (size_t)(at - begin) >= len + 2 && at[-(ptrdiff_t)len - 1] == '/' &&
	       g_ascii_strncasecmp(at - len, name, len) == 0;
}

static void on_end(void *mydata, const xmlChar *xml_name)
{
	struct reader *on = mydata;
	const char *name = (const char *)xml_name;

	on->depth -= on->depth > 0;
	on->in_script -= on->in_script && is_silent(name);
	if (!is_void(name) && is_written(on->parser, name))
		put_break(on, name);
	if (strcmp(name, "a") == 0)
		end_anchor(on);
}

static void put_char(struct reader *on, char c)
{
	if (c == ' ' && on->text->len &&
	    (on->is_after_break || on->text->str[on->text->len - 1] == ' '))
		return;
	g_string_append_c(on->text, c);
	on->out->letters += c != ' ';
	on->is_after_break = false;
}

/* White space, and the space that does not break, is one space. */
static void on_text(void *mydata, const xmlChar *bytes, int len)
{
	struct reader *on = mydata;
	const char *text = (const char *)bytes;

	if (on->in_script)
		return;
	if (on->anchor)
		g_string_append_len(on->anchor, text, len);
	for (int i = 0; i < len; i++) {
		bool is_nbsp = i + 1 < len && text[i] == '\xc2' &&
			       text[i + 1] == '\xa0';

		i += is_nbsp;
		put_char(on, is_nbsp || strchr(" \t\r\n\f\v", text[i] ?: ' ') ?
			 ' ' : text[i]);
	}
}

static void ignore_text(void *mydata, const xmlChar *bytes, int len)
{
	(void)mydata;
	(void)bytes;
	(void)len;
}

static void parse(struct reader *on, struct span html)
{
	htmlSAXHandler handler = {
		.startElement = on_start, .endElement = on_end,
		.characters = on_text, .ignorableWhitespace = on_text,
		.cdataBlock = ignore_text,
	};

	pthread_once(&once, xmlInitParser);
	on->parser = htmlCreateMemoryParserCtxt(html.ptr, (int)html.len);
	BUG_IF(!on->parser);
	*on->parser->sax = handler;
	on->parser->userData = on;
	(void)htmlCtxtUseOptions(on->parser, HTML_PARSE_RECOVER |
				 HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
				 HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC |
				 HTML_PARSE_NOIMPLIED);
	(void)xmlSwitchEncoding(on->parser, XML_CHAR_ENCODING_UTF8);
	(void)htmlParseDocument(on->parser);
	if (on->parser->myDoc)
		xmlFreeDoc(on->parser->myDoc);
	htmlFreeParserCtxt(on->parser);
}

struct html_text htmltext_read(struct span html, struct arena *arena)
{
	struct html_text out = {
		.links = g_array_new(FALSE, FALSE, sizeof(struct html_link)),
		.open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      NULL),
		.html_bytes = html.len,
	};
	struct reader on = { .arena = arena, .out = &out };

	on.text = g_string_sized_new(html.len / 2 + 64);
	out.is_cut = html.len > BYTES_MAX;
	html = span_first(html, BYTES_MAX);
	/* libxml2 takes nothing for an error. */
	if (html.len)
		parse(&on, html);
	count_tags(&out, html);
	end_anchor(&on);
	out.text = arena_span(arena, span_of(on.text->str, on.text->len));
	g_string_free(on.text, TRUE);
	g_free(on.base);
	return out;
}

void htmltext_release(struct html_text *text)
{
	g_array_unref(text->links);
	g_hash_table_unref(text->open);
}
