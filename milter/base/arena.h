/* arena.h - memory with one lifetime: process, connection or message */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/guard.h"
#include "base/span.h"

#include <stdarg.h>
#include <stdint.h>

struct arena_block;

/*
 * Hands out memory that is freed all at once. One thread at a time. Memory
 * never runs out in code: the program stops instead, so sizes that come from
 * outside are checked against a limit before they get here.
 */
struct arena {
	struct arena_block *blocks;
	size_t used_bytes;		/* handed out since the last reset */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);
/* Forgets everything handed out, keeps one block for the next message. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t bytes) MUST_USE;
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_n(arena, type, count) \
	((type *)arena_alloc_n((arena), sizeof(type), (count)))
void *arena_alloc_n(struct arena *arena, size_t bytes, size_t count) MUST_USE;

/* Copies; NULL gives NULL. */
char *arena_text(struct arena *arena, const char *text) MUST_USE;
/* A copy with a NUL behind it that is not counted in len. */
struct span arena_span(struct arena *arena, struct span bytes) MUST_USE;
/* The bytes as a NUL-terminated text; bytes after a NUL inside stay unseen. */
char *arena_span_text(struct arena *arena, struct span bytes) MUST_USE;
char *arena_printf(struct arena *arena, const char *fmt, ...)
	PRINTF_LIKE(2, 3) MUST_USE;

#endif
