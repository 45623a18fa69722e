#include <config.h>

#include "cases/quoted.h"

#include <glib.h>
#include <string.h>

/* Without what quoting puts before it. */
static struct span unquoted(struct span line)
{
	size_t len = line.len;

	while (line.len && (line.ptr[0] == '>' ||
			    (line.ptr[0] == ' ' && line.len > 1 &&
			     line.ptr[1] == '>')))
		line = span_from(line, 1);
	if (line.len < len && line.len > 1 && line.ptr[0] == ' ' &&
	    g_ascii_isupper(line.ptr[1]))
		line = span_from(line, 1);
	return line;
}

static bool is_field(struct span line)
{
	ptrdiff_t colon = span_find(line, ':');

	for (ptrdiff_t i = 0; i < colon; i++)
		if (!g_ascii_isalnum(line.ptr[i]) && line.ptr[i] != '-')
			return false;
	return colon > 0;
}

static bool begins_with(struct span line, const char *field)
{
	size_t len = strlen(field);

	return line.len > len &&
	       g_ascii_strncasecmp(line.ptr, field, len) == 0;
}

static bool is_fold(struct span line)
{
	return line.len && g_ascii_isspace(line.ptr[0]);
}

bool quoted_find(struct span text, struct arena *arena,
		 struct span *original_out)
{
	g_autoptr(GString) block = g_string_new(NULL);
	bool has_received = false, has_from = false;

	while (text.len) {
		ptrdiff_t end = span_find(text, '\n');
		struct span line = end < 0 ? text :
				   span_first(text, (size_t)end);

		text = span_from(text, line.len + 1);
		line = unquoted(line);
		if (!is_field(line) && !(block->len && is_fold(line))) {
			if (has_received && has_from)
				break;
			g_string_truncate(block, 0);
			has_received = has_from = false;
			continue;
		}
		has_received |= begins_with(line, "Received:");
		has_from |= begins_with(line, "From:");
		g_string_append_len(block, line.ptr, (gssize)line.len);
		g_string_append_c(block, '\n');
	}
	if (!has_received || !has_from)
		return false;
	g_string_append_c(block, '\n');
	g_string_append_len(block, text.ptr, (gssize)MIN(
		text.len, QUOTED_BODY_MAX));
	*original_out = arena_span(arena, span_string(block));
	return true;
}
