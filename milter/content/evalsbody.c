#include <config.h>

#include "content/evals.h"

#include <stdlib.h>
#include <string.h>

#define QP_LINE_MAX 79		/* bytes with the LF */
#define SHOUT_MIN 200		/* letters, to tell capitals by */

static bool is_number_within(double value, char *const *bounds)
{
	return value > g_ascii_strtod(bounds[0], NULL) &&
	       (strcmp(bounds[1], "inf") == 0 ||
		value <= g_ascii_strtod(bounds[1], NULL));
}

static bool body_length(const struct eval_source *source,
			char *const *arguments)
{
	return source->text->mime->body.len <=
	       strtoul(arguments[0], NULL, 10);
}

static bool has_type(const struct eval_source *source, const char *type)
{
	const GPtrArray *parts = source->text->mime->parts;

	for (guint i = 0; i < parts->len; i++) {
		const struct mime_part *part = g_ptr_array_index(parts, i);

		if (g_str_has_prefix(part->type, type))
			return true;
	}
	return false;
}

static bool is_html_itself(const struct eval_source *source)
{
	const struct mime_part *root = g_ptr_array_index(
		source->text->mime->parts, 0);

	return strcmp(root->type, "text/html") == 0;
}

static bool mime_html(const struct eval_source *source,
		      char *const *arguments)
{
	(void)arguments;
	return is_html_itself(source) || has_type(source, "text/html");
}

static bool mime_html_only(const struct eval_source *source,
			   char *const *arguments)
{
	const GPtrArray *parts = source->text->mime->parts;

	(void)arguments;
	if (is_html_itself(source))
		return true;
	for (guint i = 0; i < parts->len; i++) {
		const struct mime_part *part = g_ptr_array_index(parts, i);

		if (g_str_has_prefix(part->type, "text") &&
		    strcmp(part->type, "text/html") != 0)
			return false;
	}
	return has_type(source, "text/html");
}

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
		memcmp(at.ptr + 1, "09", 2) == 0) && g_ascii_isxdigit(at.ptr[2]) && !g_ascii_islower(at.ptr[2]) &&
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
	return is_base64 && g_str_has_prefix(part->type, "text") &&
	       is_ascii_label(part->charset) && !*disposition_of(part);
}

static bool mime(const struct eval_source *source, char *const *arguments)
{
	const GPtrArray *parts = source->text->mime->parts;

	for (guint i = 0; i < parts->len; i++)
		if (fits(g_ptr_array_index(parts, i), arguments[0]))
			return true;
	return false;
}

static bool parse_flags(const struct eval_source *source,
			char *const *arguments)
{
	static const struct { const char *word; unsigned flaw; } of[] = {
		{ "missing_mime_headers", MIME_FLAW_NO_HEADER },
		{ "missing_mime_head_body_separator", MIME_FLAW_NO_BLANK },
		{ "mime_epilogue_exists", MIME_FLAW_EPILOGUE },
	};

	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (strcmp(arguments[0], of[i].word) == 0)
			return source->text->mime->flaws & of[i].flaw;
	return false;
}

static bool ascii_text_illegal(const struct eval_source *source,
			       char *const *arguments)
{
	const GPtrArray *leaves = source->text->mime->leaves;

	(void)arguments;
	for (guint i = 0; i < leaves->len; i++) {
		const struct mime_part *part = g_ptr_array_index(leaves, i);

		if (strcmp(part->type, "text/plain") != 0 ||
		    !is_ascii_label(part->charset))
			continue;
		for (size_t j = 0; j < part->raw.len; j++)
			if (part->raw.ptr[j] & 0x80 || !part->raw.ptr[j] ||
			    part->raw.ptr[j] == '\r')
				return true;
	}
	return false;
}

/* Letters of whole sentences only. */
static double share_of_capitals(const GArray *lines)
{
	size_t upper = 0, lower = 0, all = 0;

	for (guint i = 0; i < lines->len; i++) {
		struct span line = g_array_index(lines, struct span, i);
		ptrdiff_t space = span_find(span_trim(line), ' ');

		if (space < 0)
			continue;
		all += line.len;
		for (size_t j = 0; j < line.len; j++) {
			upper += g_ascii_isupper(line.ptr[j]);
			lower += g_ascii_islower(line.ptr[j]) ||
				 g_ascii_isdigit(line.ptr[j]);
		}
	}
	return all < SHOUT_MIN || !(upper + lower) ? 0 :
	       100.0 * (double)upper / (double)(upper + lower);
}

static bool uppercase(const struct eval_source *source,
		      char *const *arguments)
{
	return is_number_within(share_of_capitals(source->text->lines),
				arguments);
}

/* Whether it holds of one of the HTML parts. */
#define ANY_PAGE(source, page, condition)				\
	for (guint page_ = 0; page_ < (source)->text->pages->len; page_++) { \
		const struct html_text *page = &g_array_index(		\
			(source)->text->pages, struct html_text, page_); \
		if (condition)						\
			return true;					\
	}								\
	return false

static bool tag_exists(const struct eval_source *source,
		       char *const *arguments)
{
	ANY_PAGE(source, page, g_hash_table_contains(page->open,
						     arguments[0]));
}

/* "!= 0", "> 0" and so on, of the elements that were opened and not closed. */
static bool compare(int value, const char *expression)
{
	const char *number = expression + strcspn(expression, "-0123456789");
	int other = atoi(number);

	switch (expression[0]) {
	case '!':
		return value != other;
	case '=':
		return value == other;
	case '<':
		return expression[1] == '=' ? value <= other : value < other;
	case '>':
		return expression[1] == '=' ? value >= other : value > other;
	default:
		return false;
	}
}

static bool tag_balance(const struct eval_source *source,
			char *const *arguments)
{
	ANY_PAGE(source, page,
		 g_hash_table_contains(page->open, arguments[0]) &&
		 compare(GPOINTER_TO_INT(g_hash_table_lookup(page->open,
			arguments[0])), arguments[1]));
}

static bool test(const struct eval_source *source, char *const *arguments)
{
	bool is_any = strcmp(arguments[0], "html") == 0;
	bool is_form = strcmp(arguments[0], "form_action_mailto") == 0;

	ANY_PAGE(source, page, is_any || (is_form ? page->has_mailto_form :
						    page->has_embeds));
}

static bool image_only(const struct eval_source *source,
		       char *const *arguments)
{
	ANY_PAGE(source, page, g_hash_table_contains(page->open, "img") &&
		 is_number_within((double)page->html_bytes, arguments));
}

static bool image_ratio(const struct eval_source *source,
			char *const *arguments)
{
	ANY_PAGE(source, page, page->image_area > 0 &&
		 is_number_within((double)page->letters /
				  (double)page->image_area, arguments));
}

static bool range(const struct eval_source *source, char *const *arguments)
{
	bool is_length = strcmp(arguments[0], "length") == 0;

	ANY_PAGE(source, page, is_length ?
		 is_number_within((double)page->html_bytes, arguments + 1) :
		 page->tags && is_number_within((double)page->closed_extra /
						(double)page->tags,
						arguments + 1));
}

static bool length_is(const struct eval_source *source,
		      char *const *arguments)
{
	ANY_PAGE(source, page, compare((int)page->html_bytes, arguments[1]));
}

static const char *const mime_words[] = {
	"mime_base64_count", "mime_qp_count", "mime_qp_long_line",
	"mime_attachment", "mime_base64_encoded_text", NULL,
};
static const char *const flag_words[] = {
	"missing_mime_headers", "missing_mime_head_body_separator",
	"mime_epilogue_exists", NULL,
};
static const char *const test_words[] = {
	"html", "form_action_mailto", "embeds", NULL,
};
static const char *const range_words[] = {
	"length", "closed_extra_ratio", NULL,
};
static const char *const length_words[] = { "length", NULL };

const struct eval_row evalsbody_rows[] = {
	{ "check_body_length", body_length, 1, 1, NULL },
	{ "check_for_mime_html", mime_html, 0, 0, NULL },
	{ "check_for_mime_html_only", mime_html_only, 0, 0, NULL },
	{ "check_for_mime", mime, 1, 1, mime_words },
	{ "check_msg_parse_flags", parse_flags, 1, 1, flag_words },
	{ "check_for_ascii_text_illegal", ascii_text_illegal, 0, 0, NULL },
	{ "check_for_uppercase", uppercase, 2, 2, NULL },
	{ "html_tag_exists", tag_exists, 1, 1, NULL },
	{ "html_tag_balance", tag_balance, 2, 2, NULL },
	{ "html_test", test, 1, 1, test_words },
	{ "html_image_only", image_only, 2, 2, NULL },
	{ "html_image_ratio", image_ratio, 2, 2, NULL },
	{ "html_range", range, 3, 3, range_words },
	{ "html_eval", length_is, 2, 2, length_words },
	{ NULL, NULL, 0, 0, NULL },
};
