#include <config.h>

#include "base/arena.h"

#include "unit/tap.h"

#include <stdalign.h>
#include <string.h>

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
	struct arena arena;
	unsigned char *before = NULL;

	(void)state;
	arena_init(&arena);
	for (size_t bytes = 1; bytes < 5000; bytes += 37) {
		unsigned char *piece = arena_alloc(&arena, bytes);

		assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
		for (size_t i = 0; i < bytes; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xee, bytes);
		if (before)
			assert_int_equal(before[0], 0xee);
		before = piece;
	}
	arena_release(&arena);
}

static void great_pieces_fit(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	char *small = arena_text(&arena, "small");
	char *great = arena_alloc(&arena, 3 << 20);

	memset(great, 'x', 3 << 20);
	assert_string_equal(small, "small");
	assert_string_equal(arena_text(&arena, "after"), "after");
	arena_release(&arena);
}

static void a_reset_keeps_one_block(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena);
	void *first = arena_alloc(&arena, 100);

	for (int i = 0; i < 1000; i++)
		assert_non_null(arena_alloc(&arena, 1000));
	arena_reset(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_non_null(first);
	assert_non_null(arena_alloc(&arena, 100));
	arena_release(&arena);
	arena_reset(&arena);
	assert_null(arena.blocks);
}

static void texts_are_copied(void **state)
{
	struct arena arena;
	char source[] = "abc";

	(void)state;
	arena_init(&arena);
	struct span span = arena_span(&arena, span_text(source));
	char *printed = arena_printf(&arena, "%s-%d", source, 7);

	source[0] = 'x';
	assert_true(span_is(span, "abc"));
	assert_int_equal(span.ptr[span.len], 0);
	assert_string_equal(printed, "abc-7");
	assert_null(arena_text(&arena, NULL));
	assert_string_equal(arena_span_text(&arena, span_of(NULL, 0)), "");
	arena_release(&arena);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
	cmocka_unit_test(great_pieces_fit),
	cmocka_unit_test(a_reset_keeps_one_block),
	cmocka_unit_test(texts_are_copied),
};

TAP_MAIN(tests)
