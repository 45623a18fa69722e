#include <config.h>

#include "store/backup.h"

#include "store/day.h"
#include "store/state.h"
#include "store/storeerror.h"
#include "unit/store/sample.h"

#define DAY 20000

struct place {
	struct sample sample;
	char *state_dir, *dir, *day;
};

/* A file of the state, the folders above it as well. */
static void put(const struct place *place, const char *path)
{
	g_autofree char *whole = g_build_filename(place->state_dir, path,
						  NULL);
	g_autofree char *above = g_path_get_dirname(whole);

	assert_int_equal(g_mkdir_with_parents(above, 0700), 0);
	assert_true(g_file_set_contents(whole, "x", 1, NULL));
}

static void begin(struct place *place)
{
	const struct segment_head none = { .sequence = 0 };
	g_autofree char *records = NULL;
	struct state *state;

	sample_begin(&place->sample, "");
	place->state_dir = g_build_filename(place->sample.dir, "state", NULL);
	place->dir = g_build_filename(place->sample.dir, "backups", NULL);
	records = g_build_filename(place->state_dir, "records", NULL);
	g_mkdir_with_parents(records, 0700);
	state = state_open(place->state_dir, STATE_CREATE, NULL);
	assert_non_null(state);
	state_close(&state);
	place->day = day_path(records, DAY);
	assert_true(segment_create(place->day, &none, NULL));
}

static void end(struct place *place)
{
	g_free(place->state_dir);
	g_free(place->dir);
	g_free(place->day);
	sample_end(&place->sample);
}

/* The path of the one that is made. */
static char *make(const struct place *place)
{
	const struct backup_order order = {
		.state_dir = place->state_dir, .dir = place->dir,
	};
	g_autoptr(GError) why = NULL;
	struct backup_result made;
	char *path;

	if (!backup_make(&order, &made, &why))
		fail_msg("%s", why->message);
	path = g_build_filename(place->dir, made.name, NULL);
	backup_result_release(&made);
	return path;
}

static const struct { const char *path; bool is_in; } files[] = {
	{ "contacts", true },
	{ "seal.key", true },
	{ "seal.pub", true },
	{ "holds/case-7/list", true },
	{ "records/held/case-7", true },
	{ "evidence/2026/11/26/a.eml.zst", true },
	{ "evidence/2026/11/26/a.eml.zst.new", false },
	{ "evidence/2026/11/26/a.tmp", false },
	{ "records/lock", false },
	{ "records/2024-10-04.mdb.sealing", false },
	{ "patterns/cache", false },
	{ "status.json", false },
	{ "mailreeve.pid", false },
};

static void has_what_matters(void **context)
{
	g_autofree char *path = NULL;
	struct place place;

	(void)context;
	begin(&place);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
		put(&place, files[i].path);
	path = make(&place);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *file = g_build_filename(path, files[i].path,
							 NULL);

		if (g_file_test(file, G_FILE_TEST_EXISTS) != files[i].is_in)
			fail_msg("%s", files[i].path);
	}
	end(&place);
}

static void refuses_names_that_are_not_ours(void **context)
{
	struct backup_order order;
	g_autoptr(GError) why = NULL;
	struct backup_result made;
	struct place place;

	(void)context;
	begin(&place);
	put(&place, "evidence/a b\x1b[2J");
	order = (struct backup_order){
		.state_dir = place.state_dir, .dir = place.dir,
	};
	assert_false(backup_make(&order, &made, &why));
	assert_null(made.name);
	assert_int_equal(why->code, STORE_ERROR_INVALID);
	assert_null(strchr(why->message, '\x1b'));
	end(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_what_matters),
		cmocka_unit_test(refuses_names_that_are_not_ours),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
