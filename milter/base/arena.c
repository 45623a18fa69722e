#include <config.h>

#include "base/arena.h"

#include <glib.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

/* Behind each block: some readers take more than they were given. */
#define SLACK_BYTES 64
/* One malloc class. */
#define BLOCK_BYTES ((size_t)16 * 1024 - 64 - SLACK_BYTES)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena)
{
	*arena = (struct arena){ NULL, 0 };
}

static void free_chain(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		g_free(block);
		block = next;
	}
}

void arena_release(struct arena *arena)
{
	free_chain(arena->blocks);
	arena_init(arena);
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep = NULL;

	for (struct arena_block **at = &arena->blocks; *at; at = &(*at)->next)
		if ((*at)->size == BLOCK_BYTES) {
			keep = *at;
			*at = keep->next;
			break;
		}
	free_chain(arena->blocks);
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	arena->blocks = keep;
	arena->used_bytes = 0;
}

/* A big piece gets a block of its own behind the one that is being filled. */
static struct arena_block *add_block(struct arena *arena, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
	struct arena_block *block = g_malloc(sizeof *block + size +
						 SLACK_BYTES);

	block->size = size;
	block->used = 0;
	if (size != BLOCK_BYTES && arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		block->next = arena->blocks;
		arena->blocks = block;
	}
	return block;
}

static void *take(struct arena *arena, size_t bytes)
{
	struct arena_block *block = arena->blocks;
	size_t need = (bytes + alignof(max_align_t) - 1) &
		      ~(alignof(max_align_t) - 1);

	BUG_IF(need < bytes);
	if (!block || block->size - block->used < need)
		block = add_block(arena, need);
	void *piece = block->bytes + block->used;

	block->used += need;
	arena->used_bytes += need;
	return piece;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	return memset(take(arena, bytes), 0, bytes);
}

void *arena_alloc_n(struct arena *arena, size_t bytes, size_t count)
{
	size_t all;

	BUG_IF(__builtin_mul_overflow(bytes, count, &all));
	return arena_alloc(arena, all);
}

char *arena_text(struct arena *arena, const char *text)
{
	return text ? arena_span_text(arena, span_text(text)) : NULL;
}

char *arena_span_text(struct arena *arena, struct span bytes)
{
	char *copy = take(arena, bytes.len + 1);

	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	copy[bytes.len] = '\0';
	return copy;
}

struct span arena_span(struct arena *arena, struct span bytes)
{
	return span_of(arena_span_text(arena, bytes), bytes.len);
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);

	va_end(args);
	BUG_IF(len < 0);
	char *text = take(arena, (size_t)len + 1);

	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}
