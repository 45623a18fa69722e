#include <config.h>

#include "admin/statusqueues.h"

#include "cases/noticebook.h"

#include "unit/store/sample.h"

static void put(struct state_txn *txn, enum state_table table, const char *key,
		size_t len, const char *value)
{
	assert_true(state_put(txn, table, span_of(key, len), span_text(value),
			      NULL));
}

/* A letter and a report whose time came in 1970, and what is left of them. */
static void write_all(const char *dir)
{
	static const char letter[] = "n\x07\xea\0\0\0\x01\0\0\0\x01";
	static const char waiting[] = "w\0\0\0\0\0\0\0\x01\x07\xea\0\0\0\x01"
				      "\0\0\0\x01";
	struct state *state = state_open(dir, STATE_CREATE, NULL);
	struct state_txn *txn = state_begin_write(state, NULL);
	struct notice_entry entry;
	struct arena arena;

	put(txn, STATE_NOTICES, letter, sizeof letter - 1, "\xff\xff");
	put(txn, STATE_NOTICES, waiting, sizeof waiting - 1, "");
	assert_true(state_commit(&txn, NULL));
	arena_init(&arena);
	assert_false(noticebook_next(state, INT64_MAX, &arena, &entry));
	arena_release(&arena);
	state_close(&state);
}

static void what_was_set_apart_is_told(void **unused)
{
	static const char *const titles[] = { "what", "value", NULL };
	struct table *table = table_new(titles);
	struct admin admin = { .groups = catalog };
	g_autofree char *text = NULL;
	json_t *status = json_object(), *letters;
	struct sample sample;

	(void)unused;
	sample_begin(&sample, "");
	text = g_strdup_printf("state_dir = \"%s\"", sample.dir);
	admin.settings = settings_parse("t", span_text(text), catalog, NULL);
	write_all(sample.dir);
	statusqueues_take(&admin, status);
	letters = json_object_get(status, "unreadable_letters");
	assert_int_equal(json_array_size(letters), 1);
	assert_string_equal(json_string_value(json_array_get(letters, 0)),
			    "2026-0001");
	assert_int_equal(json_array_size(json_object_get(
		status, "unreadable_dmarc_reports")), 0);
	statusqueues_print(table, status);
	table_free(table);
	json_decref(status);
	settings_unref(admin.settings);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_was_set_apart_is_told),
};

TAP_MAIN(tests)
