#include <config.h>

#include "content/charclass.h"

#include <string.h>

bool charclass_has(const struct charclass *of, uint8_t byte)
{
	return of->bits[byte / 8] >> (byte % 8) & 1;
}

static void add(struct charclass *to, uint8_t byte)
{
	to->bits[byte / 8] |= (uint8_t)(1u << (byte % 8));
}

static void add_range(struct charclass *to, uint8_t from, uint8_t end)
{
	for (unsigned byte = from; byte <= end; byte++)
		add(to, (uint8_t)byte);
}

static void add_all(struct charclass *to, const struct charclass *others)
{
	for (size_t i = 0; i < sizeof to->bits; i++)
		to->bits[i] |= others->bits[i];
}

static void invert(struct charclass *of)
{
	for (size_t i = 0; i < sizeof of->bits; i++)
		of->bits[i] = (uint8_t)~of->bits[i];
}

static void add_text(struct charclass *to, const char *bytes)
{
	while (*bytes)
		add(to, (uint8_t)*bytes++);
}

#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define LARGE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define MARKS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

/* As PCRE2's own tables have them. */
static const struct { char letter; const char *name, *bytes; } sets[] = {
	{ 'd', "digit", DIGITS },
	{ 's', "space", " \t\n\v\f\r" },
	{ 'h', NULL, " \t\xa0" },
	{ 'v', NULL, "\n\v\f\r\x85" },
	{ 'w', "word", DIGITS SMALL LARGE "_" },
	{ 0, "alnum", DIGITS SMALL LARGE },
	{ 0, "alpha", SMALL LARGE },
	{ 0, "blank", " \t" },
	{ 0, "graph", DIGITS SMALL LARGE MARKS },
	{ 0, "lower", SMALL },
	{ 0, "print", DIGITS SMALL LARGE MARKS " " },
	{ 0, "punct", MARKS },
	{ 0, "upper", LARGE },
	{ 0, "xdigit", DIGITS "abcdefABCDEF" },
};

/* Behind "p" or "P"; of which bytes that is so, is left open. */
static bool skip_property(const char **at)
{
	if (**at == '{') {
		*at += strcspn(*at, "}");
		if (!**at)
			return false;
	}
	return *(*at)++ != '\0';
}

bool charclass_read_type(const char **at, struct charclass *out)
{
	char letter = *(*at)++;

	memset(out, 0, sizeof *out);
	if (letter == 'p' || letter == 'P') {
		invert(out);
		return skip_property(at);
	}
	if (letter == 'N') {
		invert(out);
		return **at != '{';
	}
	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		if (!sets[i].letter ||
		    sets[i].letter != g_ascii_tolower(letter))
			continue;
		add_text(out, sets[i].bytes);
		if (g_ascii_isupper(letter))
			invert(out);
		return true;
	}
	return false;
}

static bool read_octal(const char **at, uint8_t *byte_out)
{
	unsigned byte = 0;

	for (int i = 0; i < 2 && **at >= '0' && **at <= '7'; i++)
		byte = byte * 8 + (unsigned)(*(*at)++ - '0');
	*byte_out = (uint8_t)byte;
	return true;
}

static bool read_hex(const char **at, uint8_t *byte_out)
{
	bool has_braces = **at == '{';
	unsigned byte = 0, digits = 0;

	*at += has_braces;
	while (g_ascii_isxdigit(**at) && (has_braces || digits < 2)) {
		byte = byte * 16 + (unsigned)g_ascii_xdigit_value(*(*at)++);
		digits++;
		if (byte > 0xff)
			return false;
	}
	*byte_out = (uint8_t)byte;
	return digits && (!has_braces || *(*at)++ == '}');
}

bool charclass_read_byte(const char **at, uint8_t *byte_out)
{
	static const char letters[] = "aefnrt", bytes[] = "\a\x1b\f\n\r\t";
	char c = *(*at)++;
	const char *letter = c ? strchr(letters, c) : NULL;

	*byte_out = (uint8_t)c;
	if (c == '0')
		return read_octal(at, byte_out);
	if (c == 'x')
		return read_hex(at, byte_out);
	if (letter)
		*byte_out = (uint8_t)bytes[letter - letters];
	else if (c == 'c')
		*byte_out = (uint8_t)(g_ascii_toupper(*(*at)++) ^ 0x40);
	return letter || (c == 'c' ? (*at)[-1] != '\0' :
			  c && !g_ascii_isalnum(c));
}

/* "[:alpha:]" or "[:^alpha:]". */
static bool read_named(const char **at, struct charclass *to)
{
	struct charclass named = { { 0 } };
	const char *name = *at + 2;
	bool is_negated = *name == '^';
	size_t len;

	name += is_negated;
	len = strspn(name, SMALL);
	if ((*at)[1] != ':' || name[len] != ':' || name[len + 1] != ']')
		return false;
	*at = name + len + 2;
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		if (sets[i].name && strlen(sets[i].name) == len &&
		    memcmp(sets[i].name, name, len) == 0) {
			add_text(&named, sets[i].bytes);
			if (is_negated)
				invert(&named);
			add_all(to, &named);
			return true;
		}
	return false;
}

/* One certain byte within a class, written in whatever way. */
static bool read_member(const char **at, uint8_t *byte_out)
{
	if (**at != '\\') {
		*byte_out = (uint8_t)*(*at)++;
		return *byte_out != '\0';
	}
	++*at;
	if (**at == 'b') {
		++*at;
		*byte_out = '\b';
		return true;
	}
	return charclass_read_byte(at, byte_out);
}

static bool is_type(const char *at)
{
	return at[0] == '\\' && at[1] && strchr("dDhHsSvVwW", at[1]);
}

static bool is_named(const char *at)
{
	return at[0] == '[' && at[1] && strchr(":.=", at[1]);
}

/* A byte, a range, "\d" or "[:alpha:]". A hyphen behind a range or a type,
 * before another one, is left alone. */
static bool read_members(const char **at, struct charclass *to,
			     bool *is_closed)
{
	bool was_closed = *is_closed;
	struct charclass type;
	uint8_t from, end;

	*is_closed = true;
	if (is_named(*at))
		return read_named(at, to);
	if (is_type(*at)) {
		++*at;
		if (!charclass_read_type(at, &type))
			return false;
		add_all(to, &type);
		return true;
	}
	if (was_closed && (*at)[0] == '-' && (*at)[1] == '-')
		return false;
	if (!read_member(at, &from))
		return false;
	*is_closed = (*at)[0] == '-' && (*at)[1] != ']';
	if (!*is_closed) {
		add(to, from);
		return true;
	}
	++*at;
	if (is_named(*at) || is_type(*at) || !read_member(at, &end) ||
	    end < from)
		return false;
	add_range(to, from, end);
	return true;
}

static void fold(struct charclass *of)
{
	for (char c = 'A'; c <= 'Z'; c++)
		if (charclass_has(of, (uint8_t)c))
			add(of, (uint8_t)g_ascii_tolower(c));
}

bool charclass_read(const char **at, struct charclass *out)
{
	bool is_negated = (*at)[1] == '^', is_closed = false;
	const char *first;

	*at += 1 + is_negated;
	first = *at;
	memset(out, 0, sizeof *out);
	while (**at != ']' || *at == first)
		if (!read_members(at, out, &is_closed))
			return false;
	++*at;
	if (is_negated)
		invert(out);
	fold(out);
	return true;
}
