#include <config.h>

#include "cases/csvtext.h"

#include "store/storeerror.h"

#include <string.h>

static enum csvtext_result broken(GError **error, const char *what)
{
	store_error_set_text(error, STORE_ERROR_INVALID, "%s", what);
	return CSVTEXT_BROKEN;
}

void csvtext_init(struct csvtext *csv, struct span text)
{
	if (span_is(span_first(text, 3), "\xEF\xBB\xBF"))
		text = span_from(text, 3);
	*csv = (struct csvtext){ text, 1, 1 };
}

/* Bytes of the line's end that stands here: 0, 1 or 2. */
static size_t line_end(struct span text)
{
	if (text.len && text.ptr[0] == '\n')
		return 1;
	return text.len > 1 && text.ptr[0] == '\r' && text.ptr[1] == '\n' ?
	       2 : 0;
}

static bool is_over(struct span text)
{
	return !text.len || text.ptr[0] == ',' || line_end(text);
}

static void skip(struct csvtext *csv, size_t bytes)
{
	csv->rest = span_from(csv->rest, bytes);
}

static char *copy(struct arena *arena, struct span bytes)
{
	return arena_span_text(arena, bytes);
}

/* Behind the opening quote. Two quotes are one. */
static const char *take_quoted(struct csvtext *csv, struct arena *arena,
			       GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	ptrdiff_t at;

	while ((at = span_find(csv->rest, '"')) >= 0) {
		struct span part = span_first(csv->rest, (size_t)at);

		g_string_append_len(out, part.ptr, (gssize)part.len);
		for (size_t i = 0; i < part.len; i++)
			csv->line += part.ptr[i] == '\n';
		skip(csv, (size_t)at + 1);
		if (!csv->rest.len || csv->rest.ptr[0] != '"')
			break;
		g_string_append_c(out, '"');
		skip(csv, 1);
	}
	if (at < 0)
		broken(error, "a quote that is opened here is never closed");
	else if (!is_over(csv->rest))
		broken(error, "something stands behind a closing quote; a "
			      "quote within quotes is written twice");
	else
		return copy(arena, span_string(out));
	return NULL;
}

static const char *take_plain(struct csvtext *csv, struct arena *arena,
			      GError **error)
{
	struct span rest = csv->rest;
	size_t len = 0;

	while (!is_over(span_from(rest, len))) {
		if (rest.ptr[len] == '"') {
			broken(error, "a quote within a field that does not "
				      "begin with one");
			return NULL;
		}
		len++;
	}
	skip(csv, len);
	return copy(arena, span_first(rest, len));
}

static const char *take_field(struct csvtext *csv, struct arena *arena,
			      GError **error)
{
	if (!csv->rest.len || csv->rest.ptr[0] != '"')
		return take_plain(csv, arena, error);
	skip(csv, 1);
	return take_quoted(csv, arena, error);
}

static void skip_empty_lines(struct csvtext *csv)
{
	size_t bytes;

	while ((bytes = line_end(csv->rest))) {
		skip(csv, bytes);
		csv->line++;
	}
}

enum csvtext_result csvtext_next(struct csvtext *csv, struct arena *arena,
				 GPtrArray *fields, GError **error)
{
	bool is_more = true;

	g_ptr_array_set_size(fields, 0);
	skip_empty_lines(csv);
	csv->row_line = csv->line;
	if (!csv->rest.len)
		return CSVTEXT_END;
	while (is_more) {
		const char *field = take_field(csv, arena, error);

		if (!field)
			return CSVTEXT_BROKEN;
		if (fields->len == CSVTEXT_FIELDS_MAX)
			return broken(error, "more than " G_STRINGIFY(
				      CSVTEXT_FIELDS_MAX) " fields");
		g_ptr_array_add(fields, (void *)field);
		is_more = csv->rest.len && csv->rest.ptr[0] == ',';
		skip(csv, is_more);
	}
	csv->line += line_end(csv->rest) != 0;
	skip(csv, line_end(csv->rest));
	return CSVTEXT_ROW;
}
