/* span.h - bytes that are read: a pointer and a length, no NUL */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Borrowed bytes. A span of no bytes may have a NULL ptr. */
struct span {
	const char *ptr;
	size_t len;
};

struct span span_of(const char *ptr, size_t len);
/* text is NUL-terminated, or NULL for an empty span. */
struct span span_text(const char *text);
/* Its bytes, as long as nobody changes it. */
struct span span_string(const GString *text);

bool span_is(struct span a, const char *text);
/* As span_is, ASCII letters compared without case. */
bool span_is_word(struct span a, const char *word);
/* The part from start on; an empty span when start is past the end. */
struct span span_from(struct span a, size_t start);
/* The first len bytes, or all when there are fewer. */
struct span span_first(struct span a, size_t len);
/* Without SP, HTAB, CR, LF at both ends. */
struct span span_trim(struct span a);
/* Index of the first or last byte c, or -1. */
ptrdiff_t span_find(struct span a, char c);
ptrdiff_t span_find_last(struct span a, char c);

#endif
