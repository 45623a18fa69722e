/* Functions that look at parts as they are declared and encoded. */
#include <config.h>

#include "content/evals.h"
#include "content/locales.h"

#include <stdlib.h>
#include <string.h>

#define QP_LINE_MAX 79		/* bytes with the LF */
#define SHIFTED_MIN 4		/* bytes that are not ASCII, to tell by */

static bool has_long_line(const struct mime_part *part)
{
	struct span left = part->raw;

	while (left.len) {
		ptrdiff_t end = span_find(left, '\n');
		size_t len = end < 0 ? left.len : (size_t)end + 1;

		if (len > QP_LINE_MAX)
			return true;
		left = span_from(left, len);
	}
	return false;
}

/* A letter that need not have been quoted: "=3D" must, "=41" not. */
static bool is_needless(struct span at)
{
	return at.len >= 3 && at.ptr[0] == '=' &&
	       ((at.ptr[1] >= '2' && at.ptr[1] <= '7') ||
		memcmp(at.ptr + 1, "09", 2) == 0) &&
	       g_ascii_isxdigit(at.ptr[2]) && !g_ascii_islower(at.ptr[2]) &&
	       memcmp(at.ptr + 1, "7F", 2) != 0 &&
	       memcmp(at.ptr + 1, "3D", 2) != 0;
}

/* Blanks at the end of a line must be quoted, too. */
static bool is_at_end(struct span at)
{
	while (at.len >= 3 && (memcmp(at.ptr, "=20", 3) == 0 ||
			       memcmp(at.ptr, "=09", 3) == 0))
		at = span_from(at, 3);
	return !at.len || *at.ptr == '\n';
}

static bool has_needless(const struct mime_part *part)
{
	for (size_t i = 0; i < part->raw.len; i++) {
		struct span at = span_from(part->raw, i);

		if (is_needless(at) && !is_at_end(at))
			return true;
	}
	return false;
}

static bool is_ascii_label(const char *charset)
{
	return !charset || g_ascii_strcasecmp(charset, "us-ascii") == 0;
}

static const char *disposition_of(const struct mime_part *part)
{
	const struct header *field = mime_header(part, "Content-Disposition");

	return !field ? "" : g_ascii_strncasecmp(span_trim(field->value).ptr,
		"attachment", 10) == 0 ? "attachment" : "inline";
}

static bool is_alternative(const struct mime_part *part)
{
	return strcmp(part->type, "multipart/alternative") == 0;
}

static bool is_digits(const char *text, size_t most)
{
	size_t len = strspn(text, "0123456789");

	return len && len <= most && !g_ascii_isalnum(text[len]) &&
	       text[len] != '_';
}

/* "iso-...-...", and neither iso-8859-1 and its like nor
 * iso-2022-jp and -kr. */
static bool is_bad_iso(const char *charset)
{
	const char *at = strcasestr(charset, "iso-");
	const char *dash = at ? strchr(at + 4, '-') : NULL;
	bool is_2022;

	if (!at || !dash || dash == at + 4 || !g_ascii_isalnum(dash[1]))
		return false;
	if (g_ascii_strncasecmp(at, "iso-8859-", 9) == 0)
		return !is_digits(at + 9, 2);
	is_2022 = g_ascii_strncasecmp(at, "iso-2022-", 9) == 0;
	return !is_2022 || (g_ascii_strncasecmp(at + 9, "jp", 2) != 0 &&
			    g_ascii_strncasecmp(at + 9, "kr", 2) != 0) ||
	       g_ascii_isalnum(at[11]);
}

static bool fits(const struct mime_part *part, const char *what)
{
	bool is_base64 = strstr(part->encoding, "base64");
	bool is_quoted = strcmp(part->encoding, "quoted-printable") == 0;

	if (strcmp(what, "mime_base64_count") == 0)
		return is_base64;
	if (strcmp(what, "mime_qp_count") == 0)
		return is_quoted && part->is_leaf && has_needless(part);
	if (strcmp(what, "mime_qp_long_line") == 0)
		return is_quoted && part->is_leaf && has_long_line(part);
	if (strcmp(what, "mime_attachment") == 0)
		return strcmp(disposition_of(part), "attachment") == 0;
	if (strcmp(what, "mime_body_html_count") == 0)
		return strcmp(part->type, "text/html") == 0;
	if (strcmp(what, "mime_body_text_count") == 0)
		return g_str_has_prefix(part->type, "text") &&
		       strcmp(part->type, "text/html") != 0;
	if (strcmp(what, "mime_multipart_alternative") == 0)
		return is_alternative(part);
	if (strcmp(what, "mime_bad_iso_charset") == 0)
		return part->charset && is_bad_iso(part->charset);
	return is_base64 && g_str_has_prefix(part->type, "text") &&
	       is_ascii_label(part->charset) && !*disposition_of(part);
}

static bool has_faraway_part(const struct eval_source *source)
{
	const GPtrArray *parts = source->text->mime->parts;

	for (guint i = 0; i < parts->len; i++) {
		const struct mime_part *part = g_ptr_array_index(parts, i);

		if (part->charset && !locales_read(source->locales,
						   span_text(part->charset)))
			return true;
	}
	return false;
}

static bool mime(const struct eval_source *source, char *const *arguments)
{
	const GPtrArray *parts = source->text->mime->parts;

	if (strcmp(arguments[0], "mimepart_limit_exceeded") == 0)
		return source->text->mime->flaws & MIME_FLAW_PARTS;
	if (strcmp(arguments[0], "mime_faraway_charset") == 0)
		return has_faraway_part(source);
	for (guint i = 0; i < parts->len; i++)
		if (fits(g_ptr_array_index(parts, i), arguments[0]))
			return true;
	return false;
}

/* Whether a part stands behind where another begins; those of an encoded
 * message stand nowhere, and are taken to. */
static bool is_behind(const struct eval_source *source,
		      const struct mime_part *part,
		      const struct mime_part *other)
{
	struct span text = source->text->mime->text;
	const char *end = text.ptr + text.len;

	return part->raw.ptr < text.ptr || part->raw.ptr > end ||
	       other->raw.ptr < text.ptr || other->raw.ptr > end ||
	       part->raw.ptr >= other->raw.ptr;
}

static const struct mime_part *first_alternative(const struct mime *mime)
{
	for (guint i = 0; i < mime->parts->len; i++)
		if (is_alternative(g_ptr_array_index(mime->parts, i)))
			return g_ptr_array_index(mime->parts, i);
	return NULL;
}

/* The last leaf of a type that is no attachment. */
static const struct mime_part *last_of(const struct mime *mime,
				       const char *type)
{
	for (guint i = mime->leaves->len; i > 0; i--) {
		const struct mime_part *part = g_ptr_array_index(mime->leaves,
								 i - 1);

		if (strcmp(part->type, type) == 0 &&
		    strcmp(disposition_of(part), "attachment") != 0)
			return part;
	}
	return NULL;
}

/* check_mime_multipart_ratio('min', 'max'): bytes of the last plain text
 * to those of the last HTML of alternatives, from min on, below max; 1
 * where there are none. */
static bool multipart_ratio(const struct eval_source *source,
			    char *const *arguments)
{
	const struct mime *all = source->text->mime;
	const struct mime_part *first = first_alternative(all);
	const struct mime_part *text = last_of(all, "text/plain");
	const struct mime_part *html = last_of(all, "text/html");
	double ratio = 1;

	if (first && text && html && html->raw.len &&
	    is_behind(source, html, first))
		ratio = is_behind(source, text, first) ?
			(double)text->raw.len / (double)html->raw.len : 0;
	return ratio >= g_ascii_strtod(arguments[0], NULL) &&
	       ratio < g_ascii_strtod(arguments[1], NULL);
}

static size_t longest_line(struct span text)
{
	size_t most = 0;

	while (text.len) {
		ptrdiff_t end = span_find(text, '\n');
		size_t len = end < 0 ? text.len + 1 : (size_t)end + 1;

		most = MAX(most, len);
		text = span_from(text, len);
	}
	return most;
}

/* check_base64_length('min'[, 'max']): bytes, LF included, of the
 * longest line in base64. */
static bool base64_length(const struct eval_source *source,
			  char *const *arguments)
{
	const GPtrArray *leaves = source->text->mime->leaves;
	size_t most = 0;

	for (guint i = 0; i < leaves->len; i++) {
		const struct mime_part *part = g_ptr_array_index(leaves, i);

		if (strcmp(part->encoding, "base64") == 0 &&
		    strcmp(part->type, "application/ics") != 0)
			most = MAX(most, longest_line(part->raw));
	}
	return most >= strtoul(arguments[0], NULL, 10) &&
	       (!arguments[1] || most <= strtoul(arguments[1], NULL, 10));
}

/* "&#x", four digits with capital letters, ";". */
static bool is_reference(const char *at, size_t left)
{
	if (left < 8 || memcmp(at, "&#x", 3) != 0 || at[7] != ';')
		return false;
	for (unsigned i = 3; i < 7; i++)
		if (!g_ascii_isxdigit(at[i]) || g_ascii_islower(at[i]))
			return false;
	return true;
}

static size_t count_references(struct span text)
{
	const char *end = text.ptr + text.len;
	size_t count = 0;

	for (const char *at = text.ptr; at < end; at++) {
		at = memchr(at, '&', (size_t)(end - at));
		if (!at)
			break;
		count += is_reference(at, (size_t)(end - at));
	}
	return count;
}

/* check_abundant_unicode_ratio('least'): references, which no plain text
 * needs, to other bytes. */
static bool abundant_unicode(const struct eval_source *source,
			     char *const *arguments)
{
	const GPtrArray *leaves = source->text->mime->leaves;
	size_t references = 0, bytes = 0;

	for (guint i = 0; i < leaves->len; i++) {
		const struct mime_part *part = g_ptr_array_index(leaves, i);

		if (strcmp(part->type, "text/plain") != 0 ||
		    (*part->encoding && strcmp(part->encoding, "7bit") != 0 &&
		     strcmp(part->encoding, "8bit") != 0))
			continue;
		references += count_references(part->raw);
		bytes += part->raw.len;
	}
	bytes -= MIN(8 * references, bytes);
	return bytes && (double)references / (double)bytes >=
			g_ascii_strtod(arguments[0], NULL);
}

/* Many bytes that are not ASCII: a charset that has ASCII in it may be
 * named for nothing. */
static bool is_shifted(const GArray *lines)
{
	size_t high = 0, all = 0;

	for (guint i = 0; i < lines->len; i++) {
		struct span line = g_array_index(lines, struct span, i);

		all += line.len;
		for (size_t j = 0; j < line.len; j++)
			high += (unsigned char)line.ptr[j] >> 7;
	}
	return high >= SHIFTED_MIN && all - high <= high;
}

static bool faraway_charset(const struct eval_source *source,
			    char *const *arguments)
{
	const struct mime_part *root = g_ptr_array_index(
		source->text->mime->parts, 0);

	(void)arguments;
	return root->charset && !locales_read(source->locales,
					      span_text(root->charset)) &&
	       is_shifted(source->text->lines);
}

/* Some "=?charset?b?...?=" in it. */
static bool has_faraway_word(struct span value, const char *locales)
{
	const char *at;

	while ((at = memmem(value.ptr, value.len, "=?", 2))) {
		ptrdiff_t end;

		value = span_from(value, (size_t)(at + 2 - value.ptr));
		end = span_find(value, '?');
		if (end > 0 && value.len - (size_t)end > 2 &&
		    value.ptr[end + 2] == '?' &&
		    !locales_read(locales, span_first(value, (size_t)end)))
			return true;
	}
	return false;
}

static bool faraway_headers(const struct eval_source *source,
			    char *const *arguments)
{
	const GArray *headers = source->header->tx->headers;

	(void)arguments;
	if (locales_read_all(source->locales))
		return false;
	for (guint i = 0; i < headers->len; i++) {
		const struct header *field = &g_array_index(
			headers, struct header, i);

		if ((span_is_word(field->name, "From") ||
		     span_is_word(field->name, "Subject")) &&
		    has_faraway_word(field->value, source->locales))
			return true;
	}
	return false;
}

static const char *const mime_words[] = {
	"mime_base64_count", "mime_qp_count", "mime_qp_long_line",
	"mime_attachment", "mime_base64_encoded_text",
	"mime_body_html_count", "mime_body_text_count",
	"mime_multipart_alternative", "mime_bad_iso_charset",
	"mime_faraway_charset", "mimepart_limit_exceeded", NULL,
};

const struct eval_row evalsmime_rows[] = {
	{ "check_for_mime", mime, 1, 1, mime_words },
	{ "check_mime_multipart_ratio", multipart_ratio, 2, 2, NULL },
	{ "check_base64_length", base64_length, 1, 2, NULL },
	{ "check_abundant_unicode_ratio", abundant_unicode, 1, 1, NULL },
	{ "check_for_faraway_charset", faraway_charset, 0, 0, NULL },
	{ "check_for_faraway_charset_in_headers", faraway_headers, 0, 0,
	  NULL },
	{ NULL, NULL, 0, 0, NULL },
};
