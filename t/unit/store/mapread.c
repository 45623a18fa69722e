#include <config.h>

#include "store/mapread.h"

#include "unit/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 16

/* A file of pages, each of which begins with its number; mapped. */
struct mapped {
	int fd;
	char *map;
};

static void mapped_open(struct mapped *file)
{
	char name[] = "/tmp/mapread-XXXXXX";
	char page[PAGE];

	file->fd = mkstemp(name);
	assert_true(file->fd >= 0);
	unlink(name);
	for (uint64_t i = 0; i < PAGES; i++) {
		memset(page, 'a' + (int)i, sizeof page);
		memcpy(page, &i, sizeof i);
		assert_int_equal(write(file->fd, page, PAGE), PAGE);
	}
	file->map = mmap(NULL, PAGE * PAGES, PROT_READ, MAP_SHARED, file->fd,
			 0);
	assert_true(file->map != MAP_FAILED);
}

static void mapped_close(struct mapped *file)
{
	munmap(file->map, PAGE * PAGES);
	close(file->fd);
}

static void the_map_s_begin_follows_from_a_page(void **state)
{
	struct mapped file;

	(void)state;
	mapped_open(&file);
	for (size_t i = 0; i < PAGES; i++)
		assert_ptr_equal(mapread_file_of(file.fd, file.map + i * PAGE +
						 100, PAGE).base, file.map);
	mapped_close(&file);
}

/* One that is damaged, or says that it is another. */
static void a_page_that_lies_is_not_believed(void **state)
{
	const uint64_t numbers[] = { 4, PAGES, UINT64_MAX, UINT64_MAX / PAGE };
	struct mapped file;

	(void)state;
	mapped_open(&file);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		assert_int_equal(pwrite(file.fd, &numbers[i], 8, 3 * PAGE), 8);
		assert_null(mapread_file_of(file.fd, file.map + 3 * PAGE,
					    PAGE).base);
	}
	mapped_close(&file);
}

static void expect(struct mapread *read, const char *at, size_t len,
		   size_t before, size_t behind)
{
	struct span got = mapread_get(read, span_of(at, len), before, behind);

	assert_int_equal(got.len, len);
	assert_memory_equal(got.ptr, at, len);
}

static void what_is_read_is_what_is_mapped(void **state)
{
	const size_t around[] = { 0, 1, PAGE, 7 * PAGE, 100 * PAGE };
	struct mapread_file known;
	struct mapped file;

	(void)state;
	mapped_open(&file);
	known = mapread_file_of(file.fd, file.map, PAGE);
	for (size_t i = 0; i < COUNT_OF(around) * COUNT_OF(around); i++) {
		struct mapread *read = mapread_new(&known);

		for (size_t j = 0; j < 3 * PAGES; j++)
			expect(read, file.map + j * 7 % PAGES * PAGE + 16, 4080,
			       around[i % COUNT_OF(around)],
			       around[i / COUNT_OF(around)]);
		mapread_free(&read);
	}
	mapped_close(&file);
}

/* So that two lists can be compared, block by block. */
static void the_last_ones_are_kept(void **state)
{
	struct mapread_file known;
	struct mapread *read;
	struct span first, again;
	struct mapped file;

	(void)state;
	mapped_open(&file);
	known = mapread_file_of(file.fd, file.map, PAGE);
	read = mapread_new(&known);
	first = mapread_get(read, span_of(file.map + 5 * PAGE, PAGE), PAGE, 0);
	expect(read, file.map + 9 * PAGE, PAGE, 0, 0);
	expect(read, file.map + 12 * PAGE, PAGE, 0, PAGE);
	assert_memory_equal(first.ptr, file.map + 5 * PAGE, PAGE);
	again = mapread_get(read, span_of(file.map + 4 * PAGE, PAGE), 0, 0);
	assert_ptr_equal(again.ptr, first.ptr - PAGE);
	mapread_free(&read);
	mapped_close(&file);
}

/* A look at the map would be the end of the program. */
static void behind_the_file_s_end_is_nothing(void **state)
{
	struct mapread_file known;
	struct mapread *read;
	struct mapped file;

	(void)state;
	mapped_open(&file);
	known = mapread_file_of(file.fd, file.map, PAGE);
	assert_int_equal(ftruncate(file.fd, 8 * PAGE), 0);
	read = mapread_new(&known);
	expect(read, file.map + 7 * PAGE, PAGE, PAGE, 4 * PAGE);
	assert_int_equal(mapread_get(read, span_of(file.map + 8 * PAGE, PAGE),
				     0, 0).len, 0);
	assert_int_equal(mapread_get(read, span_of(file.map + 12 * PAGE, PAGE),
				     6 * PAGE, 0).len, 0);
	mapread_free(&read);
	mapped_close(&file);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_map_s_begin_follows_from_a_page),
	cmocka_unit_test(a_page_that_lies_is_not_believed),
	cmocka_unit_test(what_is_read_is_what_is_mapped),
	cmocka_unit_test(the_last_ones_are_kept),
	cmocka_unit_test(behind_the_file_s_end_is_nothing),
};

TAP_MAIN(tests)
