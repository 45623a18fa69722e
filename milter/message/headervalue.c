#include <config.h>

#include "message/headervalue.h"

#include "message/charset.h"
#include "message/encodedword.h"

/* Names whose encoded words are no words. */
static bool is_structured(struct span name)
{
	static const char *const names[] = {
		"Received", "Message-ID", "Resent-Message-ID", "Date",
		"Resent-Date", "MIME-Version", "References", "In-Reply-To",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (span_is_word(name, names[i]))
			return true;
	return span_is_word(span_first(name, 5), "List-");
}

static struct span unfold(struct span value, struct arena *arena)
{
	char *text = arena_span_text(arena, span_trim(value));
	size_t to = 0;

	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '\r')
			continue;
		if (text[i] != '\n') {
			text[to++] = text[i];
			continue;
		}
		while (text[i + 1] == ' ' || text[i + 1] == '\t')
			i++;
		text[to++] = ' ';
	}
	return span_of(text, to);
}

const char *headervalue_decode(const struct header *header,
			       struct arena *arena)
{
	struct span value = charset_decode(unfold(header->value, arena), NULL,
					   arena);

	return is_structured(header->name) || !encodedword_is_in(value) ?
	       arena_span_text(arena, value) :
	       encodedword_decode(value, arena);
}
