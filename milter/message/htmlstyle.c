#include <config.h>

#include "message/htmlstyle.h"

#include "base/guard.h"
#include "message/htmlcolour.h"

#include <glib.h>
#include <string.h>

#define USUAL_PIXELS 16.0
#define USUAL_SIZE 3
#define HIDDEN_PIXELS 1.5	/* a font as high, or less, cannot be seen */
#define FAR_PIXELS (-500.0)	/* that far to the left nobody looks */
#define LINK_COLOUR 0x0000ee

/* What the properties of one style= say together. */
struct box {
	bool is_clipped, is_flat;
};

struct declaration {
	struct span name, value;
};

void htmlstyle_init(struct htmlstyle *style, struct htmlstyle_facts *facts)
{
	*style = (struct htmlstyle){
		.ground = 0xffffff, .seen_ground = 0xffffff,
		.pixels = USUAL_PIXELS, .size = USUAL_SIZE,
	};
	*facts = (struct htmlstyle_facts){
		.base_size = USUAL_SIZE, .least_size = USUAL_SIZE,
		.most_size = USUAL_SIZE,
	};
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static bool has_word(struct span text, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= text.len; i++)
		if (g_ascii_strncasecmp(text.ptr + i, word, len) == 0)
			return true;
	return false;
}

/* A number with what stands behind it; false when there is none. */
static bool read_number(struct span value, double *number_out, char unit[3])
{
	char text[32];
	char *end;

	value = span_first(value, sizeof text - 1);
	memcpy(text, value.ptr ? value.ptr : "", value.len);
	text[value.len] = '\0';
	*number_out = g_ascii_strtod(text, &end);
	unit[0] = g_ascii_tolower(*end);
	unit[1] = *end ? g_ascii_tolower(end[1]) : '\0';
	unit[2] = '\0';
	return end != text;
}

static double pixels_of(struct span value, double parent)
{
	double number;
	char unit[3];

	if (!read_number(value, &number, unit))
		return span_is_word(span_first(value, 7), "inherit") ||
		       span_is_word(span_first(value, 7), "smaller") ||
		       span_is_word(span_first(value, 6), "larger") ?
		       parent : USUAL_PIXELS;
	if (unit[0] == '%')
		return parent * number / 100;
	if (strcmp(unit, "em") == 0)
		return parent * number;
	if (strcmp(unit, "ex") == 0)
		return parent * number / 2;
	if (strcmp(unit, "re") == 0)
		return USUAL_PIXELS * number;
	if (strcmp(unit, "pt") == 0)
		return number * 4 / 3;
	if (strcmp(unit, "in") == 0 || strcmp(unit, "cm") == 0)
		return number * 38;
	return strcmp(unit, "mm") == 0 ? number * 3.8 : number;
}

/* A length of one pixel or less, and not a share of something, but for 0. */
static bool is_flat(struct span value)
{
	double number;
	char unit[3];

	return read_number(value, &number, unit) && number <= 1 &&
	       (number <= 0 || unit[0] == 'p');
}

static void set_text(struct htmlstyle *style, struct span value, bool is_told)
{
	int32_t colour = htmlcolour_parse(value);

	if (span_is_word(span_first(value, 7), "inherit"))
		return;
	if (is_told)
		style->text = colour == HTMLCOLOUR_CLEAR ? style->ground :
							   colour;
	style->is_clear = colour == HTMLCOLOUR_CLEAR;
	if (colour >= 0)
		style->seen_text = colour;
}

static void set_ground(struct htmlstyle *style, struct span value,
		       bool is_told)
{
	int32_t colour = htmlcolour_parse(value);

	if (span_is_word(span_first(value, 7), "inherit") ||
	    colour == HTMLCOLOUR_CLEAR)
		return;
	if (is_told)
		style->ground = colour;
	if (colour >= 0)
		style->seen_ground = colour;
}

/* The colour among the words of "background:", and whether
 * there is an image. */
static void set_background(struct htmlstyle *style, struct span value,
			   bool is_told)
{
	bool is_image = has_word(value, "url(") || has_word(value, "gradient");

	while (value.len) {
		ptrdiff_t space = has_word(span_first(value, 4), "rgb") ?
				  span_find(value, ')') :
				  span_find(value, ' ');
		struct span word = space < 0 ? value :
				   span_first(value, (size_t)space + 1);

		value = span_from(value, word.len);
		if (htmlcolour_parse(word) >= 0) {
			set_ground(style, word, is_told);
			break;
		}
	}
	if (is_image)
		style->seen_ground = HTMLCOLOUR_INVALID;
}

/* The size among the words of "font:", the first that begins with a digit. */
static void set_font(struct htmlstyle *style, struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (g_ascii_isdigit(value.ptr[i]) &&
		    (!i || value.ptr[i - 1] == ' ')) {
			struct span word = span_from(value, i);
			double number;
			char unit[3];

			/* "font: 700 12px": a weight has no unit. */
			if (read_number(word, &number, unit) &&
			    (g_ascii_isalpha(unit[0]) || unit[0] == '%' ||
			     number <= 0)) {
				style->pixels = pixels_of(word, style->pixels);
				return;
			}
		}
}

static void set_place(struct htmlstyle *style, struct span value)
{
	double number;
	char unit[3];

	if (read_number(value, &number, unit) && number < FAR_PIXELS)
		style->is_gone = true;
}

static void set_opacity(struct htmlstyle *style, struct span value)
{
	double number;
	char unit[3];

	if (read_number(value, &number, unit) && number < 0.05)
		style->is_gone = true;
}

static void set_visibility(struct htmlstyle *style, struct span value)
{
	if (has_word(value, "hidden") || has_word(value, "collapse"))
		style->is_invisible = true;
	else if (has_word(value, "visible"))
		style->is_invisible = false;
}

static void declare(struct htmlstyle *style, struct box *box,
		    const struct declaration *of, bool is_told)
{
	static const char *const places[] = {
		"text-indent", "left", "top", "margin-left", "margin-top",
	};

	if (span_is_word(of->name, "color"))
		set_text(style, of->value, is_told);
	else if (span_is_word(of->name, "background-color"))
		set_ground(style, of->value, is_told);
	else if (span_is_word(of->name, "background"))
		set_background(style, of->value, is_told);
	else if (span_is_word(of->name, "background-image"))
		set_background(style, of->value, false);
	else if (span_is_word(of->name, "font-size"))
		style->pixels = pixels_of(of->value, style->pixels);
	else if (span_is_word(of->name, "font"))
		set_font(style, of->value);
	else if (span_is_word(of->name, "display"))
		style->is_gone |= has_word(span_first(of->value, 4), "none");
	else if (span_is_word(of->name, "visibility"))
		set_visibility(style, of->value);
	else if (span_is_word(of->name, "opacity"))
		set_opacity(style, of->value);
	else if (span_is_word(of->name, "overflow"))
		box->is_clipped |= has_word(of->value, "hidden");
	else if (span_is_word(of->name, "max-height") ||
		 span_is_word(of->name, "height") ||
		 span_is_word(of->name, "max-width") ||
		 span_is_word(of->name, "width"))
		box->is_flat |= is_flat(of->value);
	else
		for (size_t i = 0; i < COUNT_OF(places); i++)
			if (span_is_word(of->name, places[i]))
				set_place(style, of->value);
}

static bool take_declaration(struct span *left, struct declaration *out)
{
	while (left->len) {
		ptrdiff_t end = span_find(*left, ';');
		struct span text = end < 0 ? *left :
				   span_first(*left, (size_t)end);
		ptrdiff_t colon = span_find(text, ':');

		*left = span_from(*left, text.len + 1);
		if (colon < 0)
			continue;
		out->name = span_trim(span_first(text, (size_t)colon));
		out->value = span_trim(span_from(text, (size_t)colon + 1));
		return true;
	}
	return false;
}

static void read_style(struct htmlstyle *style, const char *text, bool is_told)
{
	struct span left = span_text(text);
	struct declaration of;
	struct box box = { false, false };

	while (take_declaration(&left, &of))
		declare(style, &box, &of, is_told);
	style->is_gone |= box.is_clipped && box.is_flat;
}

/* size=: "+2" is of <basefont>, "5" is itself. */
static void read_size(struct htmlstyle *style,
		      const struct htmlstyle_facts *facts, const char *value)
{
	const char *at = value + strspn(value, " \t\r\n");
	bool is_relative = *at == '+' || *at == '-';
	int64_t number;

	if (!g_ascii_isdigit(at[is_relative]))
		return;
	number = CLAMP(g_ascii_strtoll(at, NULL, 10), -1000, 1000);
	style->size = (int)number + (is_relative ? facts->base_size : 0);
	style->pixels = USUAL_PIXELS;
}

static const char *skip_face(const char *at, bool is_first)
{
	const char *from;

	if (*at && strchr(is_first ? "\"'." : "\"'", *at))
		at++;
	from = at;
	while (g_ascii_isalpha(*at) || *at == ' ' || *at == '-')
		at++;
	if (at - from < 2 || *from == '-' || !g_ascii_isalpha(at[-1]) ||
	    (!is_first && *from == ' '))
		return NULL;
	at += g_ascii_isdigit(*at);
	return at + (*at == '"' || *at == '\'');
}

/* Words of letters, commas between. */
static bool is_face(const char *face)
{
	const char *at = skip_face(face + strspn(face, " \t\r\n\f"), true);

	while (at && *at == ',') {
		at++;
		at = skip_face(at + strspn(at, " \t\r\n\f"), false);
	}
	return at && !at[*at == ';'];
}

static void read_attribute(struct htmlstyle *style,
			   struct htmlstyle_facts *facts, const char *element,
			   const char *name, const char *value)
{
	static const char *const told[] = {
		"table", "td", "th", "tr", "span", "p", "div", "a", NULL,
	};
	bool is_font = strcmp(element, "font") == 0;

	if (strcmp(name, "style") == 0)
		read_style(style, value, is_one_of(element, told));
	else if (is_font && strcmp(name, "color") == 0)
		set_text(style, span_text(value), true);
	else if (is_font && strcmp(name, "size") == 0)
		read_size(style, facts, value);
	else if (is_font && strcmp(name, "face") == 0)
		facts->has_bad_face |= !is_face(value);
	else if (strcmp(element, "body") == 0 && strcmp(name, "text") == 0)
		set_text(style, span_text(value), true);
	else if (strcmp(name, "bgcolor") == 0)
		set_ground(style, span_text(value), false);
	else if (strcmp(name, "background") == 0)
		style->seen_ground = HTMLCOLOUR_INVALID;
	else if (strcmp(name, "hidden") == 0)
		style->is_gone = true;
	else
		return;
	facts->most_size = MAX(facts->most_size, style->size);
	facts->least_size = MIN(facts->least_size, style->size);
}

/* What a browser does with an element before it reads its style=. */
static void begin_element(struct htmlstyle *style,
			  struct htmlstyle_facts *facts, const char *element,
			  const char *const *attributes)
{
	bool is_base = strcmp(element, "basefont") == 0;
	bool is_link = strcmp(element, "a") == 0;

	style->size += strcmp(element, "big") == 0;
	style->size -= strcmp(element, "small") == 0;
	if (!is_base && !is_link)
		return;
	for (; attributes[0]; attributes += 2)
		if (is_link && strcmp(attributes[0], "href") == 0)
			style->seen_text = LINK_COLOUR;
		else if (is_base && attributes[1] &&
			 strcmp(attributes[0], "size") == 0 &&
			 g_ascii_isdigit(*attributes[1]))
			facts->base_size = (int)MIN(g_ascii_strtoll(
				attributes[1], NULL, 10), 1000);
}

void htmlstyle_enter(struct htmlstyle *style, struct htmlstyle_facts *facts,
		     const char *element, const char *const *attributes)
{
	static const char *const none[] = { NULL };

	if (!attributes)
		attributes = none;
	begin_element(style, facts, element, attributes);
	for (; attributes[0]; attributes += 2)
		read_attribute(style, facts, element, attributes[0],
			       attributes[1] ? attributes[1] : "");
}

bool htmlstyle_is_hidden(const struct htmlstyle *style)
{
	return style->is_gone || style->is_invisible || style->is_clear ||
	       style->pixels < HIDDEN_PIXELS ||
	       (style->seen_ground >= 0 &&
		htmlcolour_is_near(style->seen_text, style->seen_ground));
}

bool htmlstyle_is_faint(const struct htmlstyle *style)
{
	return style->text == style->ground ||
	       (style->text >= 0 && style->ground >= 0 &&
		htmlcolour_is_near(style->text, style->ground));
}

bool htmlstyle_is_invalid(const struct htmlstyle *style)
{
	return style->text < 0 || style->ground < 0;
}
