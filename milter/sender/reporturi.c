#include <config.h>

#include "sender/reporturi.h"

#include "message/mailaddr.h"

#include <string.h>

#define SCHEME "mailto:"
#define SCHEME_LEN (sizeof SCHEME - 1)
#define LIMIT_DIGITS 15

static struct span take_first(struct span *list)
{
	ptrdiff_t comma = span_find(*list, ',');
	struct span first = *list;

	if (comma < 0) {
		*list = span_of("", 0);
		return span_trim(first);
	}
	first = span_first(*list, (size_t)comma);
	*list = span_from(*list, (size_t)comma + 1);
	return span_trim(first);
}

static const char units[] = { 'k', 'm', 'g', 't' };

/* Digits and a unit: powers of 2 to the 10th. */
static bool read_limit(struct span text, uint64_t *bytes_out)
{
	uint64_t number = 0;
	size_t at = 0;

	for (; at < text.len && g_ascii_isdigit(text.ptr[at]); at++)
		number = number * 10 + (uint64_t)(text.ptr[at] - '0');
	if (at == 0 || at > LIMIT_DIGITS || text.len > at + 1)
		return false;
	*bytes_out = number;
	if (at == text.len)
		return true;
	for (unsigned unit = 0; unit < sizeof units; unit++)
		if (g_ascii_tolower(text.ptr[at]) == units[unit]) {
			unsigned shift = 10 * (unit + 1);

			*bytes_out = number > UINT64_MAX >> shift ?
				     UINT64_MAX : number << shift;
			return true;
		}
	return false;
}

/* %2C and the like (RFC 3986, 2.1). False: cut short, or a NUL. */
static bool decode(struct span text, struct arena *arena,
		   struct span *text_out)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		int high, low;

		if (text.ptr[i] != '%') {
			out[len++] = text.ptr[i];
			continue;
		}
		if (i + 2 >= text.len)
			return false;
		high = g_ascii_xdigit_value(text.ptr[i + 1]);
		low = g_ascii_xdigit_value(text.ptr[i + 2]);
		if (high < 0 || low < 0)
			return false;
		out[len++] = (char)(high << 4 | low);
		i += 2;
	}
	*text_out = span_of(out, len);
	return true;
}

/* Only what needs no quotes, anywhere: dot-atoms of RFC 5322. A local part that
 * begins with - is no option, but who knows the programs behind. */
static bool is_plain(struct span local)
{
	if (!local.len || local.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < local.len; i++)
		if (!g_ascii_isalnum(local.ptr[i]) &&
		    !memchr("#&'*+-/=?^_{}~.", local.ptr[i], 15))
			return false;
	return true;
}

bool reporturi_next(struct span *list, struct report_uri *uri_out,
		    struct arena *arena)
{
	struct span one = take_first(list), text;
	ptrdiff_t mark = span_find_last(one, '!'), query;
	struct mailaddr addr;

	*uri_out = (struct report_uri){ .most_bytes = 0 };
	if (mark >= 0) {
		if (!read_limit(span_from(one, (size_t)mark + 1),
				&uri_out->most_bytes))
			return false;
		one = span_first(one, (size_t)mark);
	}
	if (one.len <= SCHEME_LEN ||
	    !span_is_word(span_first(one, SCHEME_LEN), SCHEME))
		return false;
	one = span_from(one, SCHEME_LEN);
	query = span_find(one, '?');
	if (query >= 0)
		one = span_first(one, (size_t)query);
	if (!decode(one, arena, &text))
		return false;
	addr = mailaddr_parse(text, arena);
	if (addr.flaws || addr.is_null || addr.is_literal ||
	    !*addr.domain_ascii || !strchr(addr.domain_ascii, '.') ||
	    !is_plain(addr.local))
		return false;
	uri_out->domain = addr.domain_ascii;
	uri_out->address = mailaddr_format(&addr, arena);
	return true;
}
