#include <config.h>

#include "cases/noticetext.h"

#include "store/storeerror.h"

#include <string.h>

#define SUBJECT "Subject:"
#define WIDTH_MAX 78		/* columns; some characters take two */

struct noticetext {
	char *subject;			/* as in the file, as are the lines */
	GPtrArray *lines;
};

static const char *const words[NOTICE_VARIABLES] = {
	[NOTICE_ABOUT] = "about", [NOTICE_BY] = "by", [NOTICE_CASE] = "case",
	[NOTICE_CONTACT] = "contact", [NOTICE_DATE] = "date",
	[NOTICE_DESK] = "desk", [NOTICE_FINDINGS] = "findings",
	[NOTICE_INCIDENTS] = "incidents", [NOTICE_KIND] = "kind",
	[NOTICE_NAME] = "name", [NOTICE_OPENED] = "opened",
	[NOTICE_REMARK] = "remark", [NOTICE_SAMPLES] = "samples",
	[NOTICE_UNTIL] = "until", [NOTICE_WARNED] = "warned",
};

const char *notice_variable_word(enum notice_variable variable)
{
	return words[variable];
}

/* What a line is made of. */
struct piece {
	bool is_variable;
	enum notice_variable variable;
	struct span text;		/* of a variable that is none:
					 * its name */
};

static enum notice_variable find_variable(struct span name)
{
	size_t i = 0;

	while (i < NOTICE_VARIABLES && !span_is(name, words[i]))
		i++;
	return (enum notice_variable)i;
}

/* False: the line is over. A brace alone is a variable without a name. */
static bool next_piece(const char **at, struct piece *out)
{
	const char *from = *at;
	size_t len = strcspn(from, "{}");

	*out = (struct piece){ .text = span_of(from, len) };
	if (!*from)
		return false;
	if (len == 0 && from[0] == from[1]) {
		out->text = span_of(from, 1);
		len = 2;
	} else if (len == 0) {
		size_t name = *from == '{' ? strcspn(from + 1, "{}") : 0;

		out->is_variable = true;
		out->text = span_of(from + 1, from[name + 1] == '}' ? name : 0);
		out->variable = find_variable(out->text);
		len = name + (from[name + 1] ? 2 : 1);
	}
	*at = from + len;
	return true;
}

static bool fail(GError **error, const char *name, unsigned line,
		 const char *what)
{
	store_error_set_text(error, STORE_ERROR_INVALID, "%s:%u: %s", name,
			     line, what);
	return false;
}

static bool fail_variable(GError **error, const char *name, unsigned line,
			  struct span variable)
{
	g_autoptr(GString) known = g_string_new(NULL);

	for (size_t i = 0; i < NOTICE_VARIABLES; i++)
		g_string_append_printf(known, " %s", words[i]);
	store_error_set_text(error, STORE_ERROR_INVALID, "%s:%u: {%.*s} is no "
			     "variable; there are%s, and {{ }} for braces",
			     name, line, (int)MIN(variable.len, 40),
			     variable.ptr, known->str);
	return false;
}

static bool check_line(const char *text, const char *name, unsigned line,
		       GError **error)
{
	struct piece piece;

	if (strlen(text) > NOTICETEXT_LINE_MAX)
		return fail(error, name, line, "longer than 900 bytes");
	for (const char *at = text; *at; at++)
		if (g_ascii_iscntrl(*at) && *at != '\t')
			return fail(error, name, line, "a control character");
	while (next_piece(&text, &piece))
		if (piece.is_variable && piece.variable == NOTICE_VARIABLES)
			return fail_variable(error, name, line, piece.text);
	return true;
}

/* What stands before the letter. */
static bool take_head(struct noticetext *text, char *line, const char *name,
		      unsigned number, GError **error)
{
	if (*line == '#')
		return true;
	if (text->subject || g_ascii_strncasecmp(line, SUBJECT,
						 strlen(SUBJECT)) != 0)
		return fail(error, name, number, text->subject ?
			    "an empty line must follow the subject" :
			    "it must begin with \"Subject: ...\"");
	text->subject = g_strdup(g_strstrip(line + strlen(SUBJECT)));
	return *text->subject ||
	       fail(error, name, number, "the subject is empty");
}

static bool take_lines(struct noticetext *text, char **lines,
		       const char *name, GError **error)
{
	bool is_head = true;
	unsigned i = 0;

	for (; lines[i]; i++) {
		char *line = g_strchomp(lines[i]);

		if (!check_line(line, name, i + 1, error))
			return false;
		if (!is_head)
			g_ptr_array_add(text->lines, g_strdup(line));
		else if (*line && !take_head(text, line, name, i + 1, error))
			return false;
		else if (!*line && text->subject)
			is_head = false;
	}
	while (text->lines->len && !*(char *)g_ptr_array_index(
			text->lines, text->lines->len - 1))
		g_ptr_array_set_size(text->lines, (int)text->lines->len - 1);
	return text->lines->len > 0 ||
	       fail(error, name, MAX(i, 1), "there is no letter");
}

struct noticetext *noticetext_parse(const char *name, struct span bytes,
				    GError **error)
{
	struct noticetext *text;
	g_autofree char *copy = NULL;
	g_auto(GStrv) lines = NULL;

	if (bytes.len > NOTICETEXT_BYTES_MAX) {
		fail(error, name, 1, "larger than 64 KiB");
		return NULL;
	}
	copy = g_strndup(bytes.len ? bytes.ptr : "", bytes.len);
	if (strlen(copy) != bytes.len || !g_utf8_validate(copy, -1, NULL)) {
		fail(error, name, 1, "it is not in UTF-8");
		return NULL;
	}
	text = g_new0(struct noticetext, 1);
	text->lines = g_ptr_array_new_with_free_func(g_free);
	lines = g_strsplit(copy, "\n", -1);
	if (take_lines(text, lines, name, error))
		return text;
	noticetext_free(text);
	return NULL;
}

void noticetext_free(struct noticetext *text)
{
	g_free(text->subject);
	g_ptr_array_unref(text->lines);
	g_free(text);
}

/* Which lines to leave out. */
struct use {
	bool has_variable, has_value;
};

static struct use use_of(const char *line, const char *const *values)
{
	struct use use = { false, false };
	struct piece piece;

	while (next_piece(&line, &piece)) {
		use.has_variable |= piece.is_variable;
		use.has_value |= piece.is_variable && *values[piece.variable];
	}
	return use;
}

static size_t depth_of(const GString *out, size_t begin)
{
	size_t depth = 0;

	while (begin + depth < out->len && out->str[begin + depth] == ' ')
		depth++;
	return begin + depth == out->len ? depth : 0;
}

static void add_value(GString *out, size_t begin, const char *value)
{
	size_t depth = depth_of(out, begin);

	for (; *value; value++) {
		g_string_append_c(out, *value);
		for (size_t i = 0; *value == '\n' && value[1] != '\n' &&
		     i < depth; i++)
			g_string_append_c(out, ' ');
	}
}

static void add_line(GString *out, const char *line,
		     const char *const *values)
{
	size_t begin = out->len;
	struct piece piece;

	while (next_piece(&line, &piece))
		if (piece.is_variable)
			add_value(out, begin, values[piece.variable]);
		else
			g_string_append_len(out, piece.text.ptr,
					    (gssize)piece.text.len);
}

static size_t width_of(const char *text)
{
	gunichar c = g_utf8_get_char(text);

	return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

/* Where a line that is too wide is to be broken: its last blank
 * in time; 0: nowhere. */
static size_t break_of(const char *line, size_t depth)
{
	size_t width = 0, found = 0;

	for (const char *at = line; *at && *at != '\n' && width < WIDTH_MAX;
	     at = g_utf8_next_char(at)) {
		width += width_of(at);
		if (*at == ' ' && (size_t)(at - line) > depth)
			found = (size_t)(at - line);
	}
	return width < WIDTH_MAX ? 0 : found;
}

/* What was filled in made lines longer than the template has them.
 * True: it broke one. */
static bool wrap(GString *out, size_t begin)
{
	bool is_broken = false;

	while (begin < out->len) {
		size_t depth = strspn(out->str + begin, " ");
		size_t at = break_of(out->str + begin, depth);
		size_t len = strcspn(out->str + begin, "\n");

		if (!at) {
			begin += len + 1;
			continue;
		}
		out->str[begin + at] = '\n';
		is_broken = true;
		begin += at + 1;
		for (size_t i = 0; i < depth; i++)
			g_string_insert_c(out, (gssize)begin, ' ');
	}
	return is_broken;
}

/* Part of a text, and not a value by itself or a row of a table. */
static bool is_prose(const char *line)
{
	struct piece piece;
	bool is_word = false;

	if (*line == ' ')
		return false;
	while (next_piece(&line, &piece))
		is_word |= !piece.is_variable;
	return is_word;
}

/* The next line goes on behind what was left of the last one, where words have
 * blanks between them; gives where that begins. */
static size_t go_on(GString *out)
{
	size_t begin = out->len - 1;

	if (!g_ascii_isgraph(out->str[begin - 1]))
		return out->len;
	out->str[begin] = ' ';
	while (begin > 0 && out->str[begin - 1] != '\n')
		begin--;
	return begin;
}

/* Lines up to an empty one; gives the first behind them. */
static guint add_paragraph(GString *out, const GPtrArray *lines, guint from,
			   const char *const *values)
{
	struct use all = { false, false };
	bool is_broken = false;
	guint end = from;

	for (; end < lines->len && *(char *)lines->pdata[end]; end++) {
		struct use use = use_of(lines->pdata[end], values);

		all.has_variable |= use.has_variable;
		all.has_value |= use.has_value;
	}
	for (guint i = from; i < end; i++) {
		const char *line = lines->pdata[i];
		struct use use = use_of(line, values);
		size_t begin;

		if ((all.has_variable && !all.has_value) ||
		    (use.has_variable && !use.has_value))
			continue;
		begin = is_broken && is_prose(line) ? go_on(out) : out->len;
		add_line(out, line, values);
		g_string_append_c(out, '\n');
		is_broken = wrap(out, begin) && is_prose(line);
	}
	return end;
}

void noticetext_fill(const struct noticetext *text,
		     const char *const values[NOTICE_VARIABLES],
		     GString *subject_out, GString *body_out)
{
	const GPtrArray *lines = text->lines;

	add_line(subject_out, text->subject, values);
	g_strdelimit(subject_out->str, "\r\n\t", ' ');
	for (guint at = 0; at < lines->len; at++) {
		size_t before = body_out->len;

		at = add_paragraph(body_out, lines, at, values);
		if (body_out->len > before && at < lines->len)
			g_string_append_c(body_out, '\n');
	}
}
