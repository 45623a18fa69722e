#include <config.h>

#include "content/clamdreply.h"

#include <string.h>

#define STREAM "stream: "

static bool has_start(struct span line, const char *start)
{
	return span_is(span_first(line, strlen(start)), start);
}

static bool has_end(struct span line, const char *end)
{
	size_t len = strlen(end);

	return line.len >= len && span_is(span_from(line, line.len - len), end);
}

static void set_text(struct clamdreply *reply, struct span text)
{
	text = span_first(span_trim(text), sizeof reply->text - 1);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		reply->text[i] = c < 0x20 || c > 0x7e ? '?' : c;
	}
}

static struct clamdreply reply_of(enum clamdreply_kind kind, struct span text)
{
	struct clamdreply reply = { .kind = kind };

	set_text(&reply, text);
	return reply;
}

struct clamdreply clamdreply_parse(struct span line)
{
	static const char found[] = " FOUND";
	struct span rest, name;

	line = span_trim(line);
	if (has_start(line, "INSTREAM size limit exceeded"))
		return reply_of(CLAMDREPLY_TOO_LONG, line);
	if (has_end(line, " ERROR"))
		return reply_of(CLAMDREPLY_ERROR, line);
	if (!has_start(line, STREAM))
		return reply_of(CLAMDREPLY_NONSENSE, line);
	rest = span_from(line, strlen(STREAM));
	if (span_is(rest, "OK"))
		return reply_of(CLAMDREPLY_CLEAN, span_text(NULL));
	if (!has_end(rest, found))
		return reply_of(CLAMDREPLY_NONSENSE, line);
	name = span_trim(span_first(rest, rest.len - strlen(found)));
	return reply_of(name.len ? CLAMDREPLY_FOUND : CLAMDREPLY_NONSENSE,
			name.len ? name : line);
}
