/* Functions that look at HTML parts. */
#include <config.h>

#include "content/evals.h"
#include "content/locales.h"
#include "message/headervalue.h"

#include <stdlib.h>
#include <string.h>

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
	ANY_PAGE(source, page, htmltags_find(&page->tags, arguments[0]));
}

static bool is_same(double value, double other)
{
	return value >= other && value <= other;
}

/* "!= 0", "> 0" and so on, of the elements that were opened and not closed. */
static bool compare(double value, const char *expression)
{
	const char *number = expression + strcspn(expression, "-0123456789");
	double other = g_ascii_strtod(number, NULL);

	switch (expression[0]) {
	case '!':
		return !is_same(value, other);
	case '=':
		return is_same(value, other);
	case '<':
		return expression[1] == '=' ? value <= other : value < other;
	case '>':
		return expression[1] == '=' ? value >= other : value > other;
	default:
		return false;
	}
}

static bool balance_is(const struct html_text *of, char *const *arguments)
{
	const struct html_kind *kind = htmltags_find(&of->tags, arguments[0]);

	return kind && compare(kind->open, arguments[1]);
}

static bool tag_balance(const struct eval_source *source,
			char *const *arguments)
{
	ANY_PAGE(source, page, balance_is(page, arguments));
}

/* What can be asked of a page by a word; false: it has no such value. */
typedef bool value_fn(const struct html_text *page, double *out);

static bool share(unsigned part, unsigned whole, double *out)
{
	*out = whole ? (double)part / whole : 0;
	return whole;
}

#define VALUE(name, expression)						\
	static bool name(const struct html_text *page, double *out)	\
	{								\
		*out = (double)(expression);				\
		return true;						\
	}
VALUE(mails_form, page->has_mailto_form)
VALUE(embeds, page->has_embeds)
VALUE(low_contrast, page->has_faint_text)
VALUE(bad_face, page->styles.has_bad_face)
VALUE(invalid_colour, page->has_invalid_colour)
VALUE(length, page->html_bytes)
VALUE(min_size, page->styles.least_size)
VALUE(max_size, page->styles.most_size)
VALUE(image_area, page->image_area)
VALUE(text_length, page->text.len)
VALUE(letters, page->letters)
VALUE(splits, htmltags_splits(&page->tags))

static bool is_html(const struct html_text *page, double *out)
{
	*out = page != NULL;
	return true;
}

static bool text_share(const struct html_text *page, double *out)
{
	*out = page->html_bytes ? ((double)page->html_bytes -
				   (double)page->text.len) /
				  (double)page->html_bytes : 0;
	return page->html_bytes;
}

static bool extra_closed(const struct html_text *page, double *out)
{
	return share(page->tags.closed_extra, page->tags.tags, out);
}

static bool bad_tags(const struct html_text *page, double *out)
{
	return page->tags.known &&
	       share(page->tags.tags - page->tags.known, page->tags.tags, out);
}

static bool bad_kinds(const struct html_text *page, double *out)
{
	return page->tags.first_known &&
	       share(page->tags.first_tags - page->tags.first_known,
		     page->tags.first_tags, out);
}

static bool obfuscated(const struct html_text *page, double *out)
{
	return page->tags.broken_words &&
	       share(page->tags.broken_words, page->tags.tags, out);
}

static const struct { const char *word; value_fn *get; } values[] = {
	{ "html", is_html }, { "form_action_mailto", mails_form },
	{ "embeds", embeds }, { "font_low_contrast", low_contrast },
	{ "font_face_bad", bad_face }, { "font_invalid_color", invalid_colour },
	{ "length", length }, { "min_size", min_size },
	{ "max_size", max_size }, { "image_area", image_area },
	{ "html_length", text_length }, { "non_space_len", letters },
	{ "backhair_count", splits }, { "ratio", text_share },
	{ "closed_extra_ratio", extra_closed },
	{ "bad_tag_ratio", bad_tags }, { "non_element_ratio", bad_kinds },
	{ "obfuscation_ratio", obfuscated },
};

static value_fn *find_value(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(values); i++)
		if (strcmp(values[i].word, word) == 0)
			return values[i].get;
	return NULL;
}

static bool test(const struct eval_source *source, char *const *arguments)
{
	value_fn *get = find_value(arguments[0]);
	double value;

	ANY_PAGE(source, page, get(page, &value) && value > 0);
}

static bool range(const struct eval_source *source, char *const *arguments)
{
	value_fn *get = find_value(arguments[0]);
	double value;

	ANY_PAGE(source, page, get(page, &value) &&
		 evals_is_within(value, arguments + 1));
}

static bool value_is(const struct eval_source *source, char *const *arguments)
{
	value_fn *get = find_value(arguments[0]);
	double value;

	ANY_PAGE(source, page, get(page, &value) &&
		 compare(value, arguments[1]));
}

static bool image_only(const struct eval_source *source,
		       char *const *arguments)
{
	ANY_PAGE(source, page, htmltags_find(&page->tags, "img") &&
		 evals_is_within((double)page->html_bytes, arguments));
}

static bool image_ratio(const struct eval_source *source,
			char *const *arguments)
{
	ANY_PAGE(source, page, page->image_area > 0 &&
		 evals_is_within((double)page->letters /
				 (double)page->image_area, arguments));
}

/* html_hidden_text('min', 'max'): characters that a reader does not see, in all
 * HTML parts together; above min, up to max. */
static bool hidden_text(const struct eval_source *source,
			char *const *arguments)
{
	size_t letters = 0;

	for (guint i = 0; i < source->text->pages->len; i++)
		letters += g_array_index(source->text->pages,
					 struct html_text, i).hidden_letters;
	return arguments[1] ? evals_is_within((double)letters, arguments) :
	       (double)letters > g_ascii_strtod(arguments[0], NULL);
}

static const char *const text_words[] = {
	"anchor", "title", "alt", "comment", "hidden",
};

/* Texts of one kind: strings or spans, as the page has them. */
static const GPtrArray *strings_of(const struct html_text *of,
				   const char *word)
{
	return strcmp(word, "anchor") == 0 ? of->anchors :
	       strcmp(word, "title") == 0 ? of->titles :
	       strcmp(word, "alt") == 0 ? of->alts : NULL;
}

static bool any_matches(const struct eval_source *source,
			const struct html_text *of, const char *word,
			enum pattern_result want)
{
	const GPtrArray *strings = strings_of(of, word);
	const GArray *spans = strcmp(word, "comment") == 0 ?
			      of->tags.comments : of->hidden;
	guint count = strings ? strings->len : spans->len;

	for (guint i = 0; i < count; i++) {
		struct span text = strings ?
			span_text(g_ptr_array_index(strings, i)) :
			g_array_index(spans, struct span, i);

		if (pattern_match(source->pattern, text, 0, NULL) == want)
			return true;
	}
	return false;
}

static bool text_match(const struct eval_source *source,
		       char *const *arguments)
{
	ANY_PAGE(source, page,
		 any_matches(source, page, arguments[0], PATTERN_YES));
}

static bool text_not_match(const struct eval_source *source,
			   char *const *arguments)
{
	ANY_PAGE(source, page,
		 any_matches(source, page, arguments[0], PATTERN_NO));
}

static bool is_title_longer(const struct html_text *of, double least)
{
	for (guint i = 0; i < of->titles->len; i++)
		if ((double)g_utf8_strlen(g_ptr_array_index(of->titles, i),
					  -1) > least)
			return true;
	return false;
}

/* html_title_subject_ratio('times'): a title so much longer
 * than the subject. */
static bool title_subject_ratio(const struct eval_source *source,
				char *const *arguments)
{
	const struct header *field = transaction_find_header(
		source->header->tx, "Subject");
	double subject = field ? (double)g_utf8_strlen(headervalue_decode(
		field, source->header->arena), -1) : 0;

	if (subject <= 0)
		return false;
	ANY_PAGE(source, page, is_title_longer(page, subject *
		 g_ascii_strtod(arguments[0], NULL)));
}

static bool is_far_away(const struct html_text *of, const char *locales)
{
	g_auto(GStrv) names = g_strsplit_set(of->charsets, " \t\r\n", -1);
	unsigned good = 0, bad = 0;

	for (char **name = names; *name; name++) {
		bool is_read = locales_read(locales, span_text(*name));

		good += **name && is_read;
		bad += **name && !is_read;
	}
	return bad && bad >= good;
}

static bool charset_faraway(const struct eval_source *source,
			    char *const *arguments)
{
	(void)arguments;
	if (locales_read_all(source->locales))
		return false;
	ANY_PAGE(source, page, is_far_away(page, source->locales));
}

static bool has_frame(const struct html_text *of)
{
	for (guint i = 0; i < of->links->len; i++)
		if (strcmp(g_array_index(of->links, struct html_link,
					 i).element, "iframe") == 0)
			return true;
	return false;
}

static bool iframe_src(const struct eval_source *source,
		       char *const *arguments)
{
	(void)arguments;
	ANY_PAGE(source, page, has_frame(page));
}

bool evalshtml_is_fit(const struct eval_row *row, char *const *arguments)
{
	if (row->run == test || row->run == range || row->run == value_is)
		return find_value(arguments[0]);
	if (row->run != text_match && row->run != text_not_match)
		return true;
	for (size_t i = 0; i < COUNT_OF(text_words); i++)
		if (strcmp(arguments[0], text_words[i]) == 0)
			return true;
	return false;
}

const struct eval_row evalshtml_rows[] = {
	{ "html_tag_exists", tag_exists, 1, 1, NULL },
	{ "html_tag_balance", tag_balance, 2, 2, NULL },
	{ "html_test", test, 1, 1, NULL },
	{ "html_range", range, 3, 3, NULL },
	{ "html_eval", value_is, 2, 2, NULL },
	{ "html_image_only", image_only, 2, 2, NULL },
	{ "html_image_ratio", image_ratio, 2, 2, NULL },
	{ "html_hidden_text", hidden_text, 1, 2, NULL },
	{ "html_text_match", text_match, 2, 2, evals_with_pattern },
	{ "html_text_not_match", text_not_match, 2, 2, evals_with_pattern },
	{ "html_title_subject_ratio", title_subject_ratio, 1, 1, NULL },
	{ "html_charset_faraway", charset_faraway, 0, 0, NULL },
	{ "check_iframe_src", iframe_src, 0, 0, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
