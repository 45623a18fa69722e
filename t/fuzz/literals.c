#include <config.h>

#include "fuzz/target.h"

#include "content/literals.h"
#include "content/pattern.h"

#include <string.h>

static bool ends_at(const GArray *set, const GString *text, size_t end)
{
	for (guint i = 0; i < set->len; i++) {
		const struct literal *one = &g_array_index(
			set, struct literal, i);

		BUG_IF(!one->len || one->len > LITERAL_BYTES_MAX);
		if (one->len <= end && memcmp(text->str + end - one->len,
					      one->bytes, one->len) == 0)
			return true;
	}
	return false;
}

/* Whatever matches, has one of them. */
static void check(const char *expression, bool is_extended,
		  const struct pattern *pattern, struct span text,
		  enum literals_view view)
{
	struct literals_facts facts = { 0 };
	unsigned places = 0;
	g_autoptr(GArray) set = literals_find(expression, is_extended, view,
					      &facts);
	GString *seen;

	if (!set || !pattern ||
	    pattern_match(pattern, text, 0, NULL) != PATTERN_YES)
		return;
	seen = g_string_new(NULL);
	for (size_t i = 0; i < text.len; i++) {
		bool is_high = view == LITERALS_ONCE && text.ptr[i] & 0x80;
		char c = is_high ? '\x80' : g_ascii_tolower(text.ptr[i]);

		if ((view == LITERALS_PLAIN || g_ascii_isalnum(c) || is_high) &&
		    !(view == LITERALS_ONCE && seen->len &&
		      seen->str[seen->len - 1] == c))
			g_string_append_c(seen, c);
	}
	for (size_t end = 1; end <= seen->len; end++)
		places += ends_at(set, seen, end);
	BUG_IF(!facts.times || places < facts.times);
	g_string_free(seen, TRUE);
}

/* An option's letter, a pattern up to the first NUL, and a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char modifiers[] = { size ? (char)data[0] : 'i', '\0' };
	g_autofree char *expression = NULL;
	struct pattern *pattern;
	struct span text;

	if (size > 4096)
		return 0;
	data += size > 0;
	size -= size > 0;
	expression = g_strndup((const char *)data, size);
	text = span_from(span_of((const char *)data, size),
			 strlen(expression) + 1);
	pattern = pattern_compile(expression, modifiers, NULL);
	for (size_t i = 0; i < LITERALS_VIEWS; i++)
		check(expression, *modifiers == 'x', pattern, text,
		      (enum literals_view)i);
	pattern_free(pattern);
	return 0;
}
