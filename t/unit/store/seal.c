#include <config.h>

#include "store/seal.h"

#include "store/day.h"
#include "store/storeerror.h"
#include "unit/store/sample.h"

#include <sys/stat.h>

static struct sealkey *key_of(const struct sample *sample)
{
	struct sealkey *key;

	assert_true(sealkey_ensure(sample->dir, NULL));
	key = sealkey_open(sample->dir, NULL);
	assert_non_null(key);
	return key;
}

static struct seal seal_of(void)
{
	return (struct seal){
		.day = 20512, .format = 2, .records = 3, .first = 8,
		.last = 10, .before = { 1 }, .head = { 2 }, .tree = { 3 },
		.erased = 1, .dropped = 0, .bytes = 4096, .sha256 = { 4 },
		.sealed_us = INT64_C(1772323210) * 1000000,
	};
}

static void there_and_back(void **state)
{
	struct sample sample;
	struct sealkey *key;
	struct seal seal = seal_of(), back;
	g_autofree char *text = NULL, *read = NULL, *path = NULL;

	(void)state;
	sample_begin(&sample, "");
	key = key_of(&sample);
	text = seal_format(&seal, key);
	assert_true(seal_parse(span_text(text), &back, NULL));
	assert_memory_equal(&seal, &back, sizeof seal);
	assert_true(seal_is_signed(span_text(text), &back));
	path = g_build_filename(sample.dir, "x.seal", NULL);
	assert_true(seal_write(path, text, NULL));
	assert_true(seal_read(path, &back, &read, NULL));
	assert_string_equal(text, read);
	sealkey_close(&key);
	sample_end(&sample);
}

/* Whatever byte is another: it is no seal, or not signed. */
static void each_byte_counts(void **state)
{
	struct sample sample;
	struct sealkey *key;
	struct seal seal = seal_of(), back;
	g_autofree char *text = NULL;
	size_t len;

	(void)state;
	sample_begin(&sample, "");
	key = key_of(&sample);
	text = seal_format(&seal, key);
	len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		g_autoptr(GError) why = NULL;

		text[i] ^= 1;
		if (seal_parse(span_text(text), &back, &why))
			assert_false(seal_is_signed(span_text(text), &back));
		else
			assert_int_equal(why->code, STORE_ERROR_DAMAGED);
		text[i] ^= 1;
		assert_false(seal_parse(span_of(text, i), &back, NULL));
	}
	sealkey_close(&key);
	sample_end(&sample);
}

static void errors_name_the_line(void **state)
{
	static const struct { const char *text, *error; } cases[] = {
		{ "", "no seal of this version" },
		{ "mailreeve-seal 2\n", "no seal of this version" },
		{ "mailreeve-seal 1\nday 2026-02-30\n",
		  "line 2: not \"day\" and its value" },
		{ "mailreeve-seal 1\nday 2026-02-28\nformat x\n",
		  "line 3: not \"format\" and its value" },
		{ "mailreeve-seal 1\nday 2026-02-28\nformat 2\nrecords -1\n",
		  "line 4: not \"records\" and its value" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GError) why = NULL;
		struct seal seal;

		assert_false(seal_parse(span_text(cases[i].text), &seal,
					&why));
		if (!strstr(why->message, cases[i].error))
			fail_msg("%s, not %s", why->message, cases[i].error);
	}
}

static mode_t mode_of(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	struct stat file;

	assert_int_equal(stat(path, &file), 0);
	return file.st_mode & 07777;
}

static void a_key_stays(void **state)
{
	struct sample sample;
	struct sealkey *key;
	uint8_t first[SEALKEY_PUBLIC_BYTES], again[SEALKEY_PUBLIC_BYTES];
	g_autofree char *path = NULL;
	g_autoptr(GError) why = NULL;

	(void)state;
	sample_begin(&sample, "");
	key = key_of(&sample);
	sealkey_public(key, first);
	sealkey_close(&key);
	assert_int_equal(mode_of(sample.dir, SEALKEY_FILE), 0400);
	assert_int_equal(mode_of(sample.dir, SEALKEY_PUBLIC_FILE), 0444);

	/* Cut off between the two. */
	path = g_build_filename(sample.dir, SEALKEY_PUBLIC_FILE, NULL);
	assert_int_equal(g_unlink(path), 0);
	key = key_of(&sample);
	sealkey_public(key, again);
	sealkey_close(&key);
	assert_memory_equal(first, again, sizeof first);
	assert_int_equal(mode_of(sample.dir, SEALKEY_PUBLIC_FILE), 0444);

	g_clear_pointer(&path, g_free);
	path = g_build_filename(sample.dir, SEALKEY_FILE, NULL);
	assert_int_equal(g_unlink(path), 0);
	assert_true(g_file_set_contents(path, "no key\n", -1, NULL));
	assert_true(sealkey_ensure(sample.dir, NULL));
	assert_null(sealkey_open(sample.dir, &why));
	assert_int_equal(why->code, STORE_ERROR_DAMAGED);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(there_and_back),
	cmocka_unit_test(each_byte_counts),
	cmocka_unit_test(errors_name_the_line),
	cmocka_unit_test(a_key_stays),
};

TAP_MAIN(tests)
