#include <config.h>

#include "message/encodedword.h"

#include "message/gmimelib.h"
#include "message/wordrepair.h"

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
	bool is_coded = encodedword_is_in(text);
	g_autofree char *copy = NULL, *decoded = NULL, *valid = NULL;
	char *to;

	if (is_coded)
		text = wordrepair_text(text, arena);
	to = copy = g_strndup(text.ptr ? text.ptr : "", text.len);
	/* A fold's blank stays, its line end goes. */
	for (const char *c = copy; *c; c++)
		if (*c != '\r' && *c != '\n')
			*to++ = *c == '\t' ? ' ' : *c;
	*to = '\0';
	if (is_coded) {
		gmimelib_init();
		decoded = g_mime_utils_header_decode_text(NULL, copy);
	}
	valid = g_utf8_make_valid(decoded ? decoded : copy, -1);
	return arena_text(arena, valid);
}
