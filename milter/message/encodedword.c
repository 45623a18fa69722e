#include <config.h>

#include "message/encodedword.h"

#include "message/gmimelib.h"

#include <gmime/gmime.h>

bool encodedword_is_in(struct span text)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.ptr[i] == '=' && text.ptr[i + 1] == '?')
			return true;
	return false;
}

const char *encodedword_decode(struct span text, struct arena *arena)
{
	g_autofree char *copy = g_strndup(text.ptr ? text.ptr : "", text.len);
	g_autofree char *decoded = NULL, *valid = NULL;
	char *to = copy;

	/* A fold's blank stays, its line end goes. */
	for (char *c = copy; *c; c++)
		if (*c != '\r' && *c != '\n')
			*to++ = *c == '\t' ? ' ' : *c;
	*to = '\0';
	if (encodedword_is_in(text)) {
		gmimelib_init();
		decoded = g_mime_utils_header_decode_text(NULL, copy);
	}
	valid = g_utf8_make_valid(decoded ? decoded : copy, -1);
	return arena_text(arena, valid);
}
