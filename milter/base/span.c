#include <config.h>

#include "base/span.h"

#include <string.h>
#include <strings.h>

struct span span_of(const char *ptr, size_t len)
{
	return (struct span){ ptr, len };
}

struct span span_text(const char *text)
{
	return (struct span){ text, text ? strlen(text) : 0 };
}

struct span span_string(const GString *text)
{
	return (struct span){ text->str, text->len };
}

bool span_is(struct span a, const char *text)
{
	return a.len == strlen(text) &&
	       (a.len == 0 || memcmp(a.ptr, text, a.len) == 0);
}

/* Most words differ in their first letter. */
bool span_is_word(struct span a, const char *word)
{
	if (a.len && (a.ptr[0] ^ word[0]) & ~0x20)
		return false;
	return a.len == strlen(word) &&
	       (a.len == 0 || strncasecmp(a.ptr, word, a.len) == 0);
}

struct span span_from(struct span a, size_t start)
{
	if (start >= a.len)
		return (struct span){ NULL, 0 };
	return (struct span){ a.ptr + start, a.len - start };
}

struct span span_first(struct span a, size_t len)
{
	return (struct span){ a.ptr, len < a.len ? len : a.len };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span a)
{
	while (a.len && is_blank(a.ptr[0]))
		a = span_from(a, 1);
	while (a.len && is_blank(a.ptr[a.len - 1]))
		a.len--;
	return a;
}

ptrdiff_t span_find(struct span a, char c)
{
	const char *at = a.len ? memchr(a.ptr, c, a.len) : NULL;

	return at ? at - a.ptr : -1;
}

ptrdiff_t span_find_last(struct span a, char c)
{
	for (size_t i = a.len; i > 0; i--)
		if (a.ptr[i - 1] == c)
			return (ptrdiff_t)i - 1;
	return -1;
}
