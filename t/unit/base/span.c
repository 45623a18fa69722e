#include <config.h>

#include "base/span.h"

#include "unit/tap.h"

#include <string.h>

static void words(void **state)
{
	struct span text = span_text("Example.ORG");

	(void)state;
	assert_true(span_is_word(text, "example.org"));
	assert_false(span_is(text, "example.org"));
}

static void parts(void **state)
{
	struct span text = span_text(" \t a=b \r\n");

	(void)state;
	assert_true(span_is(span_trim(text), "a=b"));
	assert_int_equal(span_trim(span_text(" \t")).len, 0);
	assert_int_equal(span_from(text, 100).len, 0);
	assert_int_equal(span_first(span_text("ab"), 5).len, 2);
	assert_int_equal(span_find(span_text("a@b@c"), '@'), 1);
	assert_int_equal(span_find_last(span_text("a@b@c"), '@'), 3);
	assert_int_equal(span_find(span_text("abc"), '@'), -1);
	assert_int_equal(span_find(span_text(NULL), '@'), -1);
	assert_int_equal(span_find_last(span_text(""), '@'), -1);
}

static void a_string_with_a_nul(void **state)
{
	g_autoptr(GString) text = g_string_new_len("a\0b", 3);

	(void)state;
	assert_int_equal(span_string(text).len, 3);
	assert_memory_equal(span_string(text).ptr, "a\0b", 3);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_string_with_a_nul),
	cmocka_unit_test(words),
	cmocka_unit_test(parts),
};

TAP_MAIN(tests)
