#include <config.h>

#include "store/partread.h"

#include "unit/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 16

/* A file of pages, and the same in memory. */
struct sample {
	int fd;
	char bytes[PAGES * PAGE];
};

static void sample_open(struct sample *sample)
{
	char name[] = "/tmp/partread-XXXXXX";

	sample->fd = mkstemp(name);
	assert_true(sample->fd >= 0);
	unlink(name);
	for (size_t i = 0; i < sizeof sample->bytes; i++)
		sample->bytes[i] = (char)(i * 31 + i / PAGE);
	assert_int_equal(write(sample->fd, sample->bytes,
			       sizeof sample->bytes), sizeof sample->bytes);
}

static void expect(const struct sample *sample, struct partread *read,
		   struct part part, uint64_t before, uint64_t behind)
{
	struct span got = partread_get(read, part, before, behind);

	assert_int_equal(got.len, part.bytes);
	assert_memory_equal(got.ptr, sample->bytes + part.offset, part.bytes);
}

static void what_is_read_is_what_is_there(void **state)
{
	const size_t around[] = { 0, 1, PAGE, 7 * PAGE, 100 * PAGE };
	struct sample sample;

	(void)state;
	sample_open(&sample);
	for (size_t i = 0; i < COUNT_OF(around) * COUNT_OF(around); i++) {
		struct partread *read = partread_new(sample.fd);

		for (size_t j = 0; j < 3 * PAGES; j++)
			expect(&sample, read, (struct part){
				j * 7 % PAGES * PAGE + 16, 4080,
			}, around[i % COUNT_OF(around)],
			       around[i / COUNT_OF(around)]);
		partread_free(&read);
	}
	close(sample.fd);
}

/* So that who leads another list along his own reads neither again. */
static void the_last_ones_are_kept(void **state)
{
	struct partread *read;
	struct span first, again;
	struct sample sample;

	(void)state;
	sample_open(&sample);
	read = partread_new(sample.fd);
	first = partread_get(read, (struct part){ 5 * PAGE, PAGE }, PAGE, 0);
	expect(&sample, read, (struct part){ 9 * PAGE, PAGE }, 0, 0);
	expect(&sample, read, (struct part){ 12 * PAGE, PAGE }, 0, PAGE);
	assert_memory_equal(first.ptr, sample.bytes + 5 * PAGE, PAGE);
	again = partread_get(read, (struct part){ 4 * PAGE, PAGE }, 0, 0);
	assert_ptr_equal(again.ptr, first.ptr - PAGE);
	partread_free(&read);
	close(sample.fd);
}

static void what_the_file_has_not_is_nothing(void **state)
{
	static const struct part parts[] = {
		{ PAGES * PAGE, 1 }, { PAGES * PAGE - 10, 11 },
		{ UINT64_MAX - 10, 20 }, { INT64_MAX, 1 }, { 0, UINT64_MAX },
		{ 0, PARTREAD_BYTES_MAX + 1 }, { 7, 0 },
	};
	struct partread *read;
	struct sample sample;

	(void)state;
	sample_open(&sample);
	read = partread_new(sample.fd);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		assert_int_equal(partread_get(read, parts[i], 6 * PAGE,
					      PAGE).len, 0);
		partread_fetch(sample.fd, parts[i]);
	}
	expect(&sample, read, (struct part){ 15 * PAGE, PAGE }, PAGE,
	       4 * PAGE);
	partread_free(&read);
	read = partread_new(-1);
	assert_int_equal(partread_get(read, (struct part){ 0, 10 }, 0, 0).len,
			 0);
	partread_free(&read);
	close(sample.fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_read_is_what_is_there),
	cmocka_unit_test(the_last_ones_are_kept),
	cmocka_unit_test(what_the_file_has_not_is_nothing),
};

TAP_MAIN(tests)
