#include <config.h>

#include "message/htmltags.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 63	/* of a tag's name, by which it is known */
#define SPLIT_MAX 7		/* letters before a tag, and behind */

struct scanner {
	struct html_tags *out;
	struct arena *arena;
	struct span html;
	size_t at;
	bool is_quoteless;		/* a quote did not end: they mean
					 * nothing */
	unsigned no_close;		/* bits of raw[]: no more end tags */
	unsigned char last;		/* of the text before; a blank where
					 * white space is seen; 0: none yet */
	unsigned last_run;		/* letters at its end */
};

/* HTML 4.01 and XHTML 1.0, and what mail programs make beside; sorted. */
static const char *const elements[] = {
	"a", "abbr", "acronym", "address", "applet", "area", "b", "base",
	"basefont", "bdo", "big", "blockquote", "body", "br", "button",
	"caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
	"dfn", "dir", "div", "dl", "dt", "em", "fieldset", "font", "form",
	"frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr",
	"html", "i", "iframe", "img", "input", "ins", "isindex", "kbd",
	"label", "legend", "li", "link", "map", "menu", "meta", "nobr",
	"noframes", "noscript", "object", "ol", "optgroup", "option", "p",
	"param", "pre", "q", "s", "samp", "script", "select", "small", "span",
	"strike", "strong", "style", "sub", "sup", "table", "tbody", "td",
	"textarea", "tfoot", "th", "thead", "title", "tr", "tt", "u", "ul",
	"var", "x-sigsep", "x-tab",
};

static const char *const blank_elements[] = {
	"blockquote", "br", "dd", "div", "dt", "embed", "h1", "h2", "h3",
	"h4", "h5", "h6", "hr", "li", "listing", "p", "plaintext", "pre",
	"td", "th", "title", "xmp",
};

/* Elements whose content is no HTML. */
static const struct { const char *name; bool is_shown; } raw[] = {
	{ "script", false }, { "style", false }, { "xmp", true },
	{ "iframe", true }, { "plaintext", true }, { "title", true },
	{ "textarea", true },
};

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

/* Office's own: "o:p", "st1:place". */
static bool is_office(const char *name)
{
	return g_str_has_prefix(name, "o:") ||
	       (g_str_has_prefix(name, "st") && g_ascii_isdigit(name[2]) &&
		name[3] == ':');
}

static struct html_kind *kind_of(struct scanner *on, const char *name)
{
	struct html_kind *kind = g_hash_table_lookup(on->out->kinds, name);

	if (kind)
		return kind;
	kind = arena_new(on->arena, struct html_kind);
	kind->name = arena_text(on->arena, name);
	kind->is_known = is_office(name) ||
		bsearch(name, elements, COUNT_OF(elements), sizeof *elements,
			compare_name);
	kind->is_blank = bsearch(name, blank_elements,
				 COUNT_OF(blank_elements),
				 sizeof *blank_elements, compare_name);
	g_hash_table_insert(on->out->kinds, (char *)kind->name, kind);
	return kind;
}

static void count_tag(struct scanner *on, const char *name, bool is_end)
{
	struct html_tags *out = on->out;
	guint before = g_hash_table_size(out->kinds);
	struct html_kind *kind = kind_of(on, name);
	bool is_first = g_hash_table_size(out->kinds) > before;

	out->tags++;
	out->known += kind->is_known;
	out->first_tags += is_first;
	out->first_known += is_first && kind->is_known;
	if (!is_end)
		kind->open++;
	else if (kind->open)
		kind->open--;
	else
		out->closed_extra++;
	if (kind->is_blank) {
		on->last = ' ';
		on->last_run = 0;
	}
}

/* What a word is made of: neither blank nor ASCII punctuation. */
static bool is_letter(unsigned char c)
{
	return !g_ascii_isspace(c) && c != '\v' && !g_ascii_ispunct(c);
}

/* At the start of a text; of references, such as stand for a letter. */
static bool is_letter_at(struct span text)
{
	static const char *const others[] = {
		"&nbsp", "&amp", "&lt", "&gt", "&quot", "&#160", "&#32",
	};

	if (text.len > 1 && memcmp(text.ptr, "\xc2\xa0", 2) == 0)
		return false;
	if (*text.ptr != '&')
		return is_letter((unsigned char)*text.ptr);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (text.len >= strlen(others[i]) &&
		    memcmp(text.ptr, others[i], strlen(others[i])) == 0)
			return false;
	return text.len > 1 && (g_ascii_isalpha(text.ptr[1]) ||
				text.ptr[1] == '#');
}

static unsigned letters_at_end(struct span text)
{
	unsigned count = 0;

	if (text.len > 1 && memcmp(text.ptr + text.len - 2, "\xc2\xa0", 2) == 0)
		return 0;
	while (count <= SPLIT_MAX && count < text.len &&
	       is_letter((unsigned char)text.ptr[text.len - 1 - count]))
		count++;
	return count;
}

static unsigned letters_at_start(struct span text)
{
	unsigned count = 0;

	while (count <= SPLIT_MAX && count < text.len &&
	       is_letter((unsigned char)text.ptr[count]))
		count++;
	return count;
}

static void take_text(struct scanner *on, struct span text)
{
	unsigned run;

	if (!text.len)
		return;
	run = letters_at_start(text);
	if (is_letter(on->last) && on->last && is_letter_at(text)) {
		on->out->broken_words++;
		if (run && run <= SPLIT_MAX && on->last_run &&
		    on->last_run <= SPLIT_MAX)
			on->out->splits |= UINT64_C(1) <<
				((on->last_run - 1) * SPLIT_MAX + run - 1);
	}
	on->last_run = letters_at_end(text);
	on->last = on->last_run ? (unsigned char)text.ptr[text.len - 1] : ' ';
}

static size_t find(struct span text, size_t from, char c)
{
	ptrdiff_t at = span_find(span_from(text, from), c);

	return at < 0 ? text.len : from + (size_t)at;
}

/* Behind the comment's end, "--" and ">" with blanks between. */
static size_t end_of_comment(struct span html, size_t at)
{
	while ((at = find(html, at, '-')) < html.len) {
		size_t from = at;

		while (at < html.len && html.ptr[at] == '-')
			at++;
		if (at - from < 2)
			continue;
		while (at < html.len && g_ascii_isspace(html.ptr[at]))
			at++;
		if (at < html.len && html.ptr[at] == '>')
			return at + 1;
	}
	return html.len;
}

/* "<!doctype html public "...">": names, blanks and quoted texts. */
static bool is_declaration(struct span inside)
{
	if (!inside.len || !g_ascii_isalpha(*inside.ptr))
		return false;
	for (size_t i = 0; i < inside.len; i++) {
		char c = inside.ptr[i];

		if (c == '"' || c == '\'')
			i = find(inside, i + 1, c);
		else if (!g_ascii_isalnum(c) && !g_ascii_isspace(c) &&
			 !strchr(".:-_[]", c))
			return false;
	}
	return true;
}

static void add_comment(struct scanner *on, size_t from, size_t to)
{
	struct span text = span_of(on->html.ptr + from, to - from);

	if (on->out->comments->len < HTMLTAGS_COMMENTS_MAX)
		g_array_append_val(on->out->comments, text);
}

/* "<!": a comment, a declaration, or what is neither. at: the "<". */
static void take_remark(struct scanner *on, size_t at)
{
	struct span left = span_from(on->html, at + 2), inside;
	size_t end;

	if (left.len > 1 && memcmp(left.ptr, "--", 2) == 0) {
		end = end_of_comment(on->html, at + 4);
		add_comment(on, at, end);
		on->at = end;
		return;
	}
	end = find(on->html, at + 2, '>');
	inside = span_first(left, end - at - 2);
	on->at = MIN(end + 1, on->html.len);
	if (!is_declaration(inside)) {
		add_comment(on, at, on->at);
	} else if (span_is_word(span_first(inside, 7), "doctype")) {
		on->out->tags++;
		on->out->known++;
		kind_of(on, "!doctype");
	}
}

/* Of a tag that begins in front of at: behind its ">". Only a
 * value's quotes count. */
static size_t end_of_tag(struct scanner *on, size_t at)
{
	size_t plain = find(on->html, at, '>');
	char before = ' ';

	if (plain == on->html.len || on->is_quoteless)
		return MIN(plain + 1, on->html.len);
	while (at < on->html.len && on->html.ptr[at] != '>') {
		char c = on->html.ptr[at];

		if ((c == '"' || c == '\'') && before == '=')
			at = find(on->html, at + 1, c);
		if (!g_ascii_isspace(c))
			before = c;
		at++;
	}
	if (at < on->html.len)
		return at + 1;
	on->is_quoteless = true;
	return plain + 1;
}

/* Behind "<script>" and the like: to its end tag, where there is one. */
static void skip_raw(struct scanner *on, const char *name)
{
	for (size_t i = 0; i < COUNT_OF(raw); i++) {
		size_t at = on->at, len = strlen(raw[i].name);

		if (strcmp(name, raw[i].name) != 0 ||
		    on->no_close & 1u << i)
			continue;
		for (; at + len + 2 <= on->html.len; at++) {
			at = find(on->html, at, '<');
			if (at + len + 2 <= on->html.len &&
			    on->html.ptr[at + 1] == '/' &&
			    g_ascii_strncasecmp(on->html.ptr + at + 2, name,
						len) == 0)
				break;
		}
		if (at + len + 2 > on->html.len) {
			on->no_close |= 1u << i;
			if (!raw[i].is_shown)
				on->at = on->html.len;
			return;
		}
		if (raw[i].is_shown)
			take_text(on, span_of(on->html.ptr + on->at,
					      at - on->at));
		on->at = at;
		return;
	}
}

/* The name behind "<" or "</", lower case; empty when it is no tag. */
static void read_name(char name[NAME_MAX_BYTES + 1], struct span at)
{
	size_t len = 0, kept;

	while (len < at.len && (g_ascii_isalnum(at.ptr[len]) ||
				strchr(":-_.", at.ptr[len] ?: ' ')))
		len++;
	kept = len && g_ascii_isalpha(*at.ptr) ? MIN(len, NAME_MAX_BYTES) : 0;
	for (size_t i = 0; i < kept; i++)
		name[i] = g_ascii_tolower(at.ptr[i]);
	name[kept] = '\0';
}

/* What begins with "<"; false when it is text. */
static bool take_markup(struct scanner *on, size_t at)
{
	struct span left = span_from(on->html, at + 1);
	bool is_end = left.len && *left.ptr == '/';
	char name[NAME_MAX_BYTES + 1];

	if (left.len && *left.ptr == '!') {
		take_remark(on, at);
		return true;
	}
	if (left.len && *left.ptr == '?') {
		on->at = MIN(find(on->html, at, '>') + 1, on->html.len);
		return true;
	}
	read_name(name, span_from(left, is_end));
	if (!*name)
		return false;
	count_tag(on, name, is_end);
	on->at = end_of_tag(on, at + 1 + is_end);
	if (!is_end)
		skip_raw(on, name);
	return true;
}

static void scan(struct scanner *on)
{
	size_t text = 0;

	while (on->at < on->html.len && on->out->tags < HTMLTAGS_MAX) {
		size_t at = find(on->html, on->at, '<');
		struct span before = span_of(on->html.ptr + text, at - text);
		char next = at + 1 < on->html.len ? on->html.ptr[at + 1] : ' ';

		if (!g_ascii_isalpha(next) && !strchr("/!?", next ?: ' ')) {
			on->at = at + 1;
			continue;
		}
		take_text(on, before);
		text = at;
		if (!take_markup(on, at)) {
			on->at = at + 1;
			continue;
		}
		text = on->at;
	}
	take_text(on, span_from(on->html, text));
}

/* Where a browser reads a tag or a comment, and not a "<" that
 * stands for itself. */
static bool is_tag_begun(const char *html, size_t at, size_t len)
{
	return html[at] == '<' && at + 1 < len &&
	       (g_ascii_isalpha(html[at + 1]) || strchr("/!?", html[at + 1]));
}

static struct span without_zeros(struct span html, struct arena *arena)
{
	static const char odd[] = "\xef\xbf\xbd";
	bool is_in_tag = false;
	struct span clean;
	GString *out;

	if (!html.len || !memchr(html.ptr, 0, html.len))
		return html;
	out = g_string_sized_new(html.len);
	for (size_t i = 0; i < html.len; i++) {
		char c = html.ptr[i];

		is_in_tag = c != '>' &&
			    (is_in_tag || is_tag_begun(html.ptr, i, html.len));
		if (c)
			g_string_append_c(out, c);
		else if (is_in_tag)
			g_string_append(out, odd);
	}
	clean = arena_span(arena, span_of(out->str, out->len));
	g_string_free(out, TRUE);
	return clean;
}

/* Comments that nothing ends are ended before their ">". */
static struct span without_open_comments(struct span html, struct arena *arena)
{
	static const char begin[] = "<!--", end[] = "-->";
	size_t taken = 0, at = 0;
	GString *out = NULL;
	const char *found;

	while ((found = memmem(html.ptr + at, html.len - at, end, strlen(end))))
		at = (size_t)(found - html.ptr) + strlen(end);
	while ((found = memmem(html.ptr + at, html.len - at, begin,
			       strlen(begin)))) {
		at = find(html, (size_t)(found - html.ptr) + strlen(begin),
			  '>');
		if (!out)
			out = g_string_sized_new(html.len + 64);
		g_string_append_len(out, html.ptr + taken,
				    (gssize)(at - taken));
		g_string_append(out, "--");
		taken = at;
	}
	if (!out)
		return html;
	g_string_append_len(out, html.ptr + taken,
			    (gssize)(html.len - taken));
	html = arena_span(arena, span_of(out->str, out->len));
	g_string_free(out, TRUE);
	return html;
}

struct span htmltags_mend(struct span html, struct arena *arena)
{
	html = without_zeros(html, arena);
	return html.len ? without_open_comments(html, arena) : html;
}

void htmltags_read(struct html_tags *out, struct span html,
		   struct arena *arena)
{
	struct scanner on = { .out = out, .arena = arena, .html = html };

	*out = (struct html_tags){
		.kinds = g_hash_table_new(g_str_hash, g_str_equal),
		.comments = g_array_new(FALSE, FALSE, sizeof(struct span)),
	};
	scan(&on);
	out->is_cut = out->tags >= HTMLTAGS_MAX;
}

void htmltags_release(struct html_tags *tags)
{
	g_hash_table_unref(tags->kinds);
	g_array_unref(tags->comments);
}

const struct html_kind *htmltags_find(const struct html_tags *tags,
				      const char *name)
{
	return g_hash_table_lookup(tags->kinds, name);
}

unsigned htmltags_splits(const struct html_tags *tags)
{
	return (unsigned)__builtin_popcountll(tags->splits);
}
