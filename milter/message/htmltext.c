#include <config.h>

#include "message/htmltext.h"

#include "message/htmlelement.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <pthread.h>
#include <string.h>

#define URL_MAX 2048
#define CHARSET_MAX 64	/* bytes of a charset's name */
#define BYTES_MAX ((size_t)64 << 20)

struct reader {
	htmlParserCtxtPtr parser;
	struct arena *arena;
	struct html_text *out;
	GString *text;
	GString *anchor;		/* within an a; else NULL */
	size_t anchor_link;		/* index + 1 of its link */
	GString *title;			/* within a title; else NULL */
	char *base;
	GArray *styles;			/* of struct htmlstyle, by depth */
	bool is_hidden;			/* by the innermost */
	unsigned tags, depth, in_script;
	bool is_after_break;		/* nothing since but the rest of
					 * its text */
	bool is_text_begun;		/* since the last tag or comment */
};

/* Of what is hidden, while the text grows. */
struct range {
	size_t from, to;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop_last(struct reader *on)
{
	GArray *hidden = on->out->hidden;
	struct range *last = hidden->len ? &g_array_index(
		hidden, struct range, hidden->len - 1) : NULL;

	g_string_truncate(on->text, on->text->len - 1);
	if (last)
		last->to = MIN(last->to, on->text->len);
}

/* Of a text that a tag or a comment ends: blanks behind are kept, even if all
 * of it were blanks that a break in front had made superfluous. */
static void end_text(struct reader *on)
{
	on->is_after_break &= !on->is_text_begun;
	on->is_text_begun = false;
}

static void put_break(struct reader *on, const char *name)
{
	const char *text = htmlelement_break(name);

	if (!*text)
		return;
	if (!on->is_after_break && on->text->len &&
	    on->text->str[on->text->len - 1] == ' ')
		drop_last(on);
	g_string_append(on->text, text);
	on->is_after_break = true;
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
	char *text;

	if (!on->anchor)
		return;
	text = arena_text(on->arena, on->anchor->str);
	g_ptr_array_add(on->out->anchors, text);
	if (on->anchor_link)
		g_array_index(on->out->links, struct html_link,
			      on->anchor_link - 1).text = text;
	g_string_free(on->anchor, TRUE);
	on->anchor = NULL;
}

static void end_title(struct reader *on)
{
	if (!on->title)
		return;
	g_ptr_array_add(on->out->titles, arena_text(on->arena,
						    on->title->str));
	g_string_free(on->title, TRUE);
	on->title = NULL;
}

static void note_charset(struct reader *on, struct span charset)
{
	if (charset.len && strlen(on->out->charsets) < URL_MAX)
		on->out->charsets = arena_printf(on->arena, "%s%s%.*s",
			on->out->charsets, *on->out->charsets ? " " : "",
			(int)MIN(charset.len, CHARSET_MAX), charset.ptr);
}

static void note_alt(struct reader *on, const char *text)
{
	if (text && *text)
		g_ptr_array_add(on->out->alts, arena_text(on->arena, text));
}

static void note_element(struct reader *on, const char *name,
			 const char *const *attributes)
{
	const char *action = htmlelement_attribute(attributes, "action");

	on->out->has_embeds |= strcmp(name, "object") == 0 ||
			       strcmp(name, "embed") == 0;
	if (strcmp(name, "img") == 0 && on->anchor)
		g_string_append(on->anchor, "<img>\n");
	if (!attributes)
		return;
	note_charset(on, htmlelement_charset(name, attributes));
	note_alt(on, htmlelement_attribute(attributes, "alt"));
	note_alt(on, htmlelement_attribute(attributes, "title"));
	on->out->image_area += htmlelement_image_area(name, attributes);
	on->out->has_mailto_form |= strcmp(name, "form") == 0 && action &&
				    strcasestr(action, "mailto:");
}

static const struct htmlstyle *style(const struct reader *on)
{
	return &g_array_index(on->styles, struct htmlstyle,
			      on->styles->len - 1);
}

static void enter_style(struct reader *on, const char *name,
			const char *const *attributes)
{
	struct htmlstyle inner = *style(on);

	htmlstyle_enter(&inner, &on->out->styles, name, attributes);
	g_array_append_val(on->styles, inner);
	on->is_hidden = htmlstyle_is_hidden(&inner);
}

static void leave_style(struct reader *on)
{
	if (on->styles->len > 1)
		g_array_set_size(on->styles, on->styles->len - 1);
	on->is_hidden = htmlstyle_is_hidden(style(on));
}

/* Text that stands in no element gets a "p" from libxml2, as one is read that
 * has no start: then the parser is behind text, not in a tag. */
static bool is_implied(const htmlParserCtxt *parser, const char *name)
{
	return strcmp(name, "p") == 0 && *parser->input->cur != '>' &&
	       *parser->input->cur != '/';
}

static void on_start(void *mydata, const xmlChar *xml_name,
		     const xmlChar **xml_attributes)
{
	struct reader *on = mydata;
	const char *name = (const char *)xml_name;
	const char *const *attributes = (const char *const *)xml_attributes;
	const char *url = htmlelement_target(name, attributes);
	size_t before = on->out->links->len;

	end_text(on);
	on->depth++;
	on->in_script += htmlelement_is_silent(name);
	if (++on->tags > HTMLTEXT_TAGS_MAX ||
	    on->depth > HTMLTEXT_DEPTH_MAX) {
		on->out->is_cut = true;
		xmlStopParser(on->parser);
		return;
	}
	note_element(on, name, attributes);
	enter_style(on, name, attributes);
	if (!is_implied(on->parser, name))
		put_break(on, name);
	if (url)
		add_link(on, name, url);
	if (url && strcmp(name, "base") == 0 && has_scheme(url)) {
		g_free(on->base);
		on->base = g_strdup(url);
	}
	if (strcmp(name, "a") == 0) {
		end_anchor(on);
		on->anchor_link = on->out->links->len > before ?
				  on->out->links->len : 0;
		on->anchor = g_string_new(NULL);
	} else if (strcmp(name, "title") == 0) {
		end_title(on);
		on->title = g_string_new(NULL);
	}
}

/* Whether the end tag is in the page: libxml2 closes what is left open by
 * another, and tells it alike, but then it has not just read "</NAME>". */
static bool is_written(const htmlParserCtxt *parser, const char *name)
{
	const char *begin = (const char *)parser->input->base;
	const char *at = (const char *)parser->input->cur;
	size_t len = strlen(name);

	if (at == begin || *--at != '>')
		return false;
	while (at > begin && g_ascii_isspace(at[-1]))
		at--;
	return (size_t)(at - begin) >= len + 2 &&
	       at[-(ptrdiff_t)len - 1] == '/' &&
	       g_ascii_strncasecmp(at - len, name, len) == 0;
}

static void on_end(void *mydata, const xmlChar *xml_name)
{
	struct reader *on = mydata;
	const char *name = (const char *)xml_name;

	end_text(on);
	on->depth -= on->depth > 0;
	on->in_script -= on->in_script && htmlelement_is_silent(name);
	if (!htmlelement_is_void(name) && is_written(on->parser, name))
		put_break(on, name);
	leave_style(on);
	if (strcmp(name, "a") == 0)
		end_anchor(on);
	else if (strcmp(name, "title") == 0)
		end_title(on);
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

/* What was put behind from, with breaks between, is hidden. */
static void hide(struct reader *on, size_t from)
{
	GArray *hidden = on->out->hidden;
	struct range range = { from, on->text->len };
	struct range *last = hidden->len ? &g_array_index(
		hidden, struct range, hidden->len - 1) : NULL;

	if (range.to <= range.from)
		return;
	if (last && last->to >= from)
		last->to = range.to;
	else
		g_array_append_val(hidden, range);
}

static bool is_blank(const char *text, int len)
{
	for (int i = 0; i < len; i++)
		if (text[i] == '\xc2' && i + 1 < len && text[i + 1] == '\xa0')
			i++;
		else if (!strchr(" \t\r\n\f\v", text[i] ?: 'x'))
			return false;
	return true;
}

/* Whether a character that would be seen begins here: newsletters fill up
 * hidden lines with those that are not. */
static bool is_seen(const char *text, int len)
{
	static const char *const unseen[] = {
		"\xc2\xa0", "\xc2\xad", "\xcd\x8f", "\xe2\x80\x87",
		"\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d",
		"\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x81\xa0",
		"\xef\xbb\xbf",
	};

	if (((unsigned char)*text & 0xc0) == 0x80 ||
	    is_blank(text, 1))
		return false;
	for (size_t i = 0; *text & 0x80 && i < COUNT_OF(unseen); i++)
		if ((size_t)len >= strlen(unseen[i]) &&
		    memcmp(text, unseen[i], strlen(unseen[i])) == 0)
			return false;
	return true;
}

static void note_look(struct reader *on)
{
	if (htmlstyle_is_faint(style(on)))
		on->out->has_faint_text = true;
	else if (htmlstyle_is_invalid(style(on)))
		on->out->has_invalid_colour = true;
}

/* White space, and the space that does not break, is one space. */
static void on_text(void *mydata, const xmlChar *bytes, int len)
{
	struct reader *on = mydata;
	const char *text = (const char *)bytes;
	size_t before = on->text->len;

	if (on->in_script)
		return;
	on->is_text_begun |= len > 0;
	if (on->anchor)
		g_string_append_len(on->anchor, text, len);
	if (on->title)
		g_string_append_len(on->title, text, len);
	if (!is_blank(text, len))
		note_look(on);
	for (int i = 0; i < len; i++) {
		bool is_nbsp = i + 1 < len && text[i] == '\xc2' &&
			       text[i + 1] == '\xa0';

		on->out->hidden_letters += on->is_hidden &&
					   is_seen(text + i, len - i);
		i += is_nbsp;
		put_char(on, is_nbsp || strchr(" \t\r\n\f\v", text[i] ?: ' ') ?
			 ' ' : text[i]);
	}
	if (on->is_hidden)
		hide(on, before);
}

static void on_comment(void *mydata, const xmlChar *text)
{
	(void)text;
	end_text(mydata);
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
		.comment = on_comment, .cdataBlock = ignore_text,
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

/* Ranges become spans, in place: both are as large. */
static void place_hidden(struct html_text *out)
{
	G_STATIC_ASSERT(sizeof(struct range) == sizeof(struct span));
	for (guint i = 0; i < out->hidden->len; i++) {
		struct range range = g_array_index(out->hidden, struct range,
						   i);

		g_array_index(out->hidden, struct span, i) = span_first(
			span_from(out->text, range.from),
			range.to - range.from);
	}
}

static void begin(struct reader *on, struct html_text *out, size_t html_bytes)
{
	struct htmlstyle usual;

	out->links = g_array_new(FALSE, FALSE, sizeof(struct html_link));
	out->hidden = g_array_new(FALSE, FALSE, sizeof(struct range));
	out->anchors = g_ptr_array_new();
	out->titles = g_ptr_array_new();
	out->alts = g_ptr_array_new();
	out->charsets = "";
	out->html_bytes = html_bytes;
	htmlstyle_init(&usual, &out->styles);
	on->styles = g_array_new(FALSE, FALSE, sizeof(struct htmlstyle));
	g_array_append_val(on->styles, usual);
	on->text = g_string_sized_new(html_bytes / 2 + 64);
}

struct html_text htmltext_read(struct span html, struct arena *arena)
{
	struct html_text out = { .is_cut = html.len > BYTES_MAX };
	struct reader on = { .arena = arena, .out = &out };

	begin(&on, &out, html.len);
	html = htmltags_mend(span_first(html, BYTES_MAX), arena);
	/* libxml2 takes nothing for an error. */
	if (html.len)
		parse(&on, html);
	/* It closes what was left open, and tells it alike. */
	htmltags_read(&out.tags, html, arena);
	out.is_cut |= out.tags.is_cut;
	end_anchor(&on);
	end_title(&on);
	out.text = arena_span(arena, span_of(on.text->str, on.text->len));
	place_hidden(&out);
	g_string_free(on.text, TRUE);
	g_array_unref(on.styles);
	g_free(on.base);
	return out;
}

void htmltext_release(struct html_text *text)
{
	g_array_unref(text->links);
	g_array_unref(text->hidden);
	g_ptr_array_unref(text->anchors);
	g_ptr_array_unref(text->titles);
	g_ptr_array_unref(text->alts);
	htmltags_release(&text->tags);
}

struct span htmltext_visible(const struct html_text *text,
			     struct arena *arena)
{
	const char *at = text->text.ptr;
	char *out, *to;

	if (!text->hidden->len)
		return text->text;
	out = to = arena_alloc(arena, text->text.len + 1);
	for (guint i = 0; i <= text->hidden->len; i++) {
		bool is_last = i == text->hidden->len;
		struct span hidden = is_last ?
			span_from(text->text, text->text.len) :
			g_array_index(text->hidden, struct span, i);
		const char *end = is_last ? text->text.ptr + text->text.len :
					    hidden.ptr;

		memcpy(to, at, (size_t)(end - at));
		to += end - at;
		at = end + hidden.len;
	}
	*to = '\0';
	return span_of(out, (size_t)(to - out));
}
