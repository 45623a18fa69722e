#include <config.h>

#include "content/evals.h"

#include <stdlib.h>
#include <string.h>

#define NAME_LONG 256		/* bytes of a header field */
#define VALUE_LONG 8192
#define SHOUT_MIN 200		/* letters, to tell capitals by */

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

static bool is_ascii_label(const char *charset)
{
	return !charset || g_ascii_strcasecmp(charset, "us-ascii") == 0;
}

/* Longer than any program writes it, or more than we keep. */
static bool has_long_field(const struct transaction *tx)
{
	if (tx->headers_cut || tx->headers_dropped)
		return true;
	for (guint i = 0; i < tx->headers->len; i++) {
		const struct header *field = &g_array_index(
			tx->headers, struct header, i);

		if (field->name.len > NAME_LONG ||
		    field->value.len > VALUE_LONG)
			return true;
	}
	return false;
}

static bool parse_flags(const struct eval_source *source,
			char *const *arguments)
{
	static const struct { const char *word; unsigned flaw; } of[] = {
		{ "missing_mime_headers", MIME_FLAW_NO_HEADER },
		{ "missing_mime_head_body_separator", MIME_FLAW_NO_BLANK },
		{ "mime_epilogue_exists", MIME_FLAW_EPILOGUE },
		{ "mimepart_limit_exceeded", MIME_FLAW_PARTS },
	};

	if (strcmp(arguments[0], "truncated_header") == 0)
		return has_long_field(source->header->tx);
	if (strcmp(arguments[0], "missing_head_body_separator") == 0)
		return source->header->tx->has_no_blank_line;
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
	struct eval_memory *memory = source->memory;

	if (!memory->has_capitals) {
		memory->capitals = share_of_capitals(source->text->lines);
		memory->has_capitals = true;
	}
	return evals_is_within(memory->capitals, arguments);
}

static const char *const flag_words[] = {
	"missing_mime_headers", "missing_mime_head_body_separator",
	"mime_epilogue_exists", "mimepart_limit_exceeded",
	"truncated_header", "missing_head_body_separator", NULL,
};
const struct eval_row evalsbody_rows[] = {
	{ "check_body_length", body_length, 1, 1, NULL },
	{ "check_for_mime_html", mime_html, 0, 0, NULL },
	{ "check_for_mime_html_only", mime_html_only, 0, 0, NULL },
	{ "check_msg_parse_flags", parse_flags, 1, 1, flag_words },
	{ "check_for_ascii_text_illegal", ascii_text_illegal, 0, 0, NULL },
	{ "check_for_uppercase", uppercase, 2, 2, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
