/* Functions that look at lines and words. */
#include <config.h>

#include "content/evals.h"

#include <string.h>

#define SPACED_MIN 6		/* bytes of a paragraph, to tell by */

/* Lines of the text parts, and those of them without a visible byte. */
static void count_lines(struct span text, guint *lines, guint *blank)
{
	while (text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) + 1 : text.len;

		++*lines;
		*blank += !span_trim(span_first(text, len)).len;
		text = span_from(text, len);
	}
}

/* check_blank_line_ratio('min', 'max', 'lines'): percent, above
 * min, up to max. */
static bool blank_line_ratio(const struct eval_source *source,
			     char *const *arguments)
{
	double min = g_ascii_strtod(arguments[0], NULL);
	double max = g_ascii_strtod(arguments[1], NULL), ratio;
	gint64 least = arguments[2] ? g_ascii_strtoll(arguments[2], NULL, 10) :
				      1;
	guint lines = 0, blank = 0;

	for (guint i = 0; i < source->text->raw->len; i++)
		count_lines(g_array_index(source->text->raw, struct span, i),
			    &lines, &blank);
	ratio = lines < MAX(least, 1) ? -1 : 100.0 * blank / lines;
	return (ratio > min || min <= 0) && ratio <= max;
}

static int percent_of_blanks(struct span text)
{
	size_t blanks = 0, others;

	for (size_t i = 0; i < text.len; i++)
		blanks += text.ptr[i] == ' ';
	others = text.len - blanks;
	return blanks > others ? 100 : (int)(100 * blanks / MAX(others, 1));
}

/* tvd_vertical_words('min', 'max'): blanks to other bytes, in
 * percent, at most. */
static bool vertical_words(const struct eval_source *source,
			   char *const *arguments)
{
	gint64 min = g_ascii_strtoll(arguments[0], NULL, 10);
	gint64 max = g_ascii_strtoll(arguments[1], NULL, 10);
	int most = -1;

	for (guint i = 0; i < source->text->lines->len; i++) {
		struct span text = g_array_index(source->text->lines,
						 struct span, i);

		if (text.len >= SPACED_MIN)
			most = MAX(most, percent_of_blanks(text));
	}
	return most >= min && (max >= 100 || most < max);
}

/* check_ma_non_text(): an alternative that is no text. */
static bool alternative_no_text(const struct eval_source *source,
				char *const *arguments)
{
	const GPtrArray *leaves = source->text->mime->leaves;

	(void)arguments;
	for (guint i = 0; i < leaves->len; i++) {
		const struct mime_part *part = g_ptr_array_index(leaves, i);

		if (part->parent &&
		    strcmp(part->parent->type, "multipart/alternative") == 0 &&
		    !g_str_has_prefix(part->type, "text/") &&
		    strcmp(part->type, "application/rtf") != 0 &&
		    strcmp(part->type, "multipart/related") != 0)
			return true;
	}
	return false;
}

const struct eval_row evalstext_rows[] = {
	{ "check_blank_line_ratio", blank_line_ratio, 2, 3, NULL },
	{ "tvd_vertical_words", vertical_words, 2, 2, NULL },
	{ "check_ma_non_text", alternative_no_text, 0, 0, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
