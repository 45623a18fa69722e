#include <config.h>

#include "base/bigendian.h"

#include "unit/tap.h"

#include <string.h>

static const struct { uint64_t number; int bytes; const char *want; } cases[] = {
	{ 0, 1, "\0" },
	{ 0x0102, 2, "\1\2" },
	{ 2026, 4, "\0\0\7\xea" },
	{ UINT64_MAX, 8, "\xff\xff\xff\xff\xff\xff\xff\xff" },
};

static void bytes_are_the_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) text = g_string_new(NULL);

		bigendian_append(text, cases[i].number, cases[i].bytes);
		assert_int_equal(text->len, cases[i].bytes);
		assert_memory_equal(text->str, cases[i].want, text->len);
		assert_true(bigendian_read(text->str, cases[i].bytes) ==
			    cases[i].number);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(bytes_are_the_number),
};

TAP_MAIN(tests)
