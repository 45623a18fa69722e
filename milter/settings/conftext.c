#include <config.h>

#include "settings/conftext.h"

#include "settings/settings.h"

#include <string.h>

bool conftext_fail(const struct conftext *in, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	g_autofree char *what = g_strdup_vprintf(fmt, args);

	va_end(args);
	g_set_error(in->error, SETTINGS_ERROR, 0, "%s:%u: %s",
		    in->file, in->line, what);
	return false;
}

bool conftext_is_end(const struct conftext *in)
{
	return in->at >= in->text.len;
}

char conftext_peek(const struct conftext *in)
{
	return conftext_is_end(in) ? '\0' : in->text.ptr[in->at];
}

bool conftext_looks_at(const struct conftext *in, const char *word)
{
	size_t len = strlen(word);

	return in->text.len - in->at >= len &&
	       memcmp(in->text.ptr + in->at, word, len) == 0;
}

char conftext_take(struct conftext *in)
{
	char c = in->text.ptr[in->at++];

	in->line += c == '\n';
	return c;
}

static void skip_line(struct conftext *in)
{
	while (!conftext_is_end(in) && conftext_peek(in) != '\n')
		in->at++;
}

static bool skip_block_comment(struct conftext *in)
{
	unsigned depth = 0, began = in->line;

	do {
		if (conftext_is_end(in)) {
			in->line = began;
			return conftext_fail(in, "a comment begins here and "
					     "has no end");
		}
		if (conftext_looks_at(in, "/*")) {
			depth++;
			in->at += 2;
		} else if (conftext_looks_at(in, "*/")) {
			depth--;
			in->at += 2;
		} else {
			conftext_take(in);
		}
	} while (depth > 0);
	return true;
}

bool conftext_skip_blank(struct conftext *in, bool is_across)
{
	for (;;) {
		char c = conftext_peek(in);

		if (conftext_is_end(in))
			return true;
		if (c == '#') {
			skip_line(in);
		} else if (conftext_looks_at(in, "/*")) {
			if (!skip_block_comment(in))
				return false;
		} else if (c == ' ' || c == '\t' || c == '\r' ||
			   (c == '\n' && is_across)) {
			conftext_take(in);
		} else {
			return true;
		}
	}
}

static void append_code_point(GString *out, gunichar point)
{
	/* A lone surrogate has no UTF-8 form. */
	g_string_append_unichar(out, g_unichar_validate(point) ? point :
							       0xfffd);
}

static bool take_hex4(struct conftext *in, gunichar *point_out)
{
	*point_out = 0;
	for (int i = 0; i < 4; i++) {
		int digit = conftext_is_end(in) ? -1 :
			    g_ascii_xdigit_value(conftext_peek(in));

		if (digit < 0)
			return conftext_fail(in, "\\u needs four hexadecimal "
					     "digits");
		*point_out = *point_out * 16 + (gunichar)digit;
		conftext_take(in);
	}
	return true;
}

static bool take_escape(struct conftext *in, GString *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	gunichar point, low;
	char c;

	if (conftext_is_end(in))
		return conftext_fail(in, "the text ends within a string");
	c = conftext_take(in);
	if (c == 'u') {
		if (!take_hex4(in, &point))
			return false;
		if (point >= 0xd800 && point < 0xdc00 &&
		    conftext_looks_at(in, "\\u")) {
			in->at += 2;
			if (!take_hex4(in, &low))
				return false;
			if (low >= 0xdc00 && low < 0xe000)
				point = 0x10000 + ((point - 0xd800) << 10) +
					(low - 0xdc00);
		}
		if (point == 0)
			return conftext_fail(in, "a string cannot hold NUL");
		append_code_point(out, point);
		return true;
	}
	const char *found = strchr(from, c);

	if (!found || !c)
		return conftext_fail(in, "no such escape in a string; write "
				     "\\\\ for a backslash");
	g_string_append_c(out, to[found - from]);
	return true;
}

bool conftext_take_string(struct conftext *in, GString *out)
{
	char quote = conftext_take(in);
	unsigned began = in->line;

	while (!conftext_is_end(in) && conftext_peek(in) != quote) {
		char c = conftext_take(in);

		if (c == '\\' && quote == '"') {
			if (!take_escape(in, out))
				return false;
		} else if (c == '\\' && conftext_peek(in) == '\'') {
			g_string_append_c(out, conftext_take(in));
		} else {
			g_string_append_c(out, c);
		}
	}
	if (conftext_is_end(in)) {
		in->line = began;
		return conftext_fail(in, "a string begins here and has no end");
	}
	in->at++;
	return true;
}

bool conftext_take_heredoc(struct conftext *in, GString *out)
{
	g_autoptr(GString) word = g_string_new(NULL);
	unsigned began = in->line;

	in->at += 2;
	while (g_ascii_isupper(conftext_peek(in)))
		g_string_append_c(word, conftext_take(in));
	if (conftext_peek(in) != '\n')
		return conftext_fail(in, "<< needs a word of capitals and the "
				     "end of the line");
	conftext_take(in);
	while (!conftext_is_end(in)) {
		size_t from = in->at;

		skip_line(in);
		struct span line = span_of(in->text.ptr + from,
					   in->at - from);

		if (span_is(line, word->str))
			return true;
		g_string_append_len(out, line.ptr, (gssize)line.len);
		if (!conftext_is_end(in))
			g_string_append_c(out, conftext_take(in));
	}
	in->line = began;
	return conftext_fail(in, "the text behind <<%s has no end", word->str);
}

bool conftext_is_bare(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && !strchr(";,{}[]\"'#", c);
}

void conftext_take_bare(struct conftext *in, GString *out)
{
	while (!conftext_is_end(in) && conftext_is_bare(conftext_peek(in)) &&
	       !conftext_looks_at(in, "/*"))
		g_string_append_c(out, conftext_take(in));
}
