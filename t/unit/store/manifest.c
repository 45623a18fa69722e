#include <config.h>

#include "store/manifest.h"

#include "store/storeerror.h"

#include "unit/tap.h"

#include <string.h>

static struct manifest *sample(void)
{
	struct manifest *manifest = manifest_new("0.1.0", 1795653290000000);
	struct manifest_file file = {
		.path = "records/2026-11-26.mdb", .kind = MANIFEST_DAY,
		.mode = 0600, .bytes = 40960, .source_bytes = 65536,
		.source_changed_ns = 1795653280000000001,
	};

	manifest->head_day = 20783;
	manifest->head.sequence = 12345;
	manifest->head.sha256[0] = 0xab;
	file.sha256[31] = 0xcd;
	assert_true(manifest_add(manifest, &file));
	assert_false(manifest_add(manifest, &file));
	file.path = "seal.key";
	file.kind = MANIFEST_KEY;
	file.mode = 0400;
	file.source_changed_ns = 0;
	assert_true(manifest_add(manifest, &file));
	return manifest;
}

static void writes_what_it_reads(void **context)
{
	struct manifest *manifest = sample(), *again;
	g_autoptr(GString) text = manifest_format(manifest);
	g_autoptr(GString) second = NULL;
	g_autoptr(GError) why = NULL;
	const struct manifest_file *file;

	(void)context;
	again = manifest_parse(span_of(text->str, text->len), &why);
	if (!again)
		fail_msg("%s", why->message);
	assert_string_equal(again->program, "0.1.0");
	assert_true(again->made_us == 1795653290000000);
	assert_true(again->head_day == 20783);
	assert_true(again->head.sequence == 12345);
	file = manifest_find(again, "records/2026-11-26.mdb");
	assert_non_null(file);
	assert_int_equal(file->mode, 0600);
	assert_true(file->source_changed_ns == 1795653280000000001);
	assert_int_equal(file->sha256[31], 0xcd);
	assert_null(manifest_find(again, "state.mdb"));
	second = manifest_format(again);
	assert_string_equal(second->str, text->str);
	manifest_free(again);
	manifest_free(manifest);
}

/* What replaces what, where a manifest must not be taken any more, and the word
 * that says why. */
static const struct { const char *old, *new, *why; } changes[] = {
	{ "backup 1", "backup 2", "newer Mailreeve (format 2, this one" },
	{ "backup 1", "backup 0", "line 1: not a manifest" },
	{ "backup 1", "backup x", "line 1: not a manifest" },
	{ "program", "programs", "line 2: it was changed" },
	{ "made 1", "made x", "line 3: it was changed" },
	{ "head 2", "head -2", "line 4: it was changed" },
	{ "12345 ab", "12345 a", "line 4: it was changed" },
	{ "file day", "file night", "line 5: it was changed" },
	{ "0600", "0800", "line 5: it was changed" },
	{ "0600", "4600", "line 5: it was changed" },
	{ "40960", "40961", "line 7: the lines before" },
	{ "cd ", "ce ", "line 7: the lines before" },
	{ "records/2026", "records/../2026", "line 5: it was changed" },
	{ "records/2026", "/records/2026", "line 5: it was changed" },
	{ "records/2026", "records//2026", "line 5: it was changed" },
	{ "records/2026", "records/./2026", "line 5: it was changed" },
	{ "records/2026", "records/\x1b[2026", "line 5: it was changed" },
	{ "seal.key", "records/2026-11-26.mdb", "line 6: it was changed" },
	{ "end 2", "end 1", "line 7: the lines before" },
	{ "end 2", "end 2 2", "line 7: the lines before" },
	{ "end 2", "\nend 2", "line 7: it was changed" },
};

static char *changed(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);

	assert_non_null(at);
	return g_strdup_printf("%.*s%s%s", (int)(at - text), text, new,
			       at + strlen(old));
}

static void refuses(const char *text, size_t len, const char *why)
{
	g_autoptr(GError) error = NULL;

	if (manifest_parse(span_of(text, len), &error))
		fail_msg("taken: %s", text);
	if (!strstr(error->message, why))
		fail_msg("\"%s\" and not \"%s\"", error->message, why);
}

static void names_what_was_changed(void **context)
{
	struct manifest *manifest = sample();
	g_autoptr(GString) text = manifest_format(manifest);

	(void)context;
	for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autofree char *other = changed(text->str, changes[i].old,
						 changes[i].new);

		refuses(other, strlen(other), changes[i].why);
	}
	for (size_t len = 0; len < text->len; len++)
		refuses(text->str, len, "line");
	g_string_append(text, "file");
	refuses(text->str, text->len, "line 7");
	text->str[3] = '\0';
	refuses(text->str, text->len, "line 1: it has a zero byte");
	manifest_free(manifest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(names_what_was_changed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
