#include <config.h>

#include "settings/settings.h"

#include "unit/tap.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum colour { RED, GREEN };
struct inner { double score; GPtrArray *words; };
struct sample {
	bool is_on;
	int64_t count, bytes, time_ms;
	double score;
	char *text;
	enum colour colour;
	GPtrArray *list, *sections;
	GHashTable *scores, *words;
	char *derived;			/* by prepare() */
};

static const char *const colours[] = { "red", "green", NULL };
static const struct setting inner_rows[] = {
	SETTING_SCORE(struct inner, score, "score", .preset_score = 1.5,
		.min_score = 0, .max_score = 9),
	SETTING_LIST(struct inner, words, "words", .preset_text = "x y"),
};
static const struct setting_section_type inner_type = {
	sizeof(struct inner), inner_rows, COUNT_OF(inner_rows),
};
static const struct setting rows[] = {
	SETTING_BOOL(struct sample, is_on, "on", .preset = true),
	SETTING_COUNT(struct sample, count, "a.count", .preset = 5, .min = 1,
		.max = 10, .apply = APPLY_START),
	SETTING_BYTES(struct sample, bytes, "a.bytes", .preset = 65536,
		.min = 0, .max = 1 << 30),
	SETTING_TIME_MS(struct sample, time_ms, "a.time", .preset = 5000,
		.min = 100, .max = 86400000),
	SETTING_SCORE(struct sample, score, "a.score", .preset_score = 2,
		.min_score = -5, .max_score = 5),
	SETTING_TEXT(struct sample, text, "text", .preset_text = "t"),
	SETTING_WORD(struct sample, colour, "colour", .words = colours,
		.preset = GREEN),
	SETTING_LIST(struct sample, list, "list", .preset_text = "p q"),
	SETTING_SECTIONS(struct sample, sections, "a.sections",
		.section = &inner_type),
	SETTING_SCORES(struct sample, scores, "a.scores", .min_score = -10,
		.max_score = 10),
	SETTING_WORDS(struct sample, words, "a.words", .words = colours),
};

static bool prepare(void *values, struct settings *settings, GError **error)
{
	struct sample *sample = values;

	if (g_str_equal(sample->text, "bad"))
		return settings_fail(settings, "text", error, "is bad");
	if (g_str_has_prefix(sample->text, "/"))
		settings_watch(settings, sample->text);
	sample->derived = g_strconcat(sample->text, "!", NULL);
	return true;
}

static void release(void *values)
{
	g_free(((struct sample *)values)->derived);
}

static const struct setting_group group = {
	.size = sizeof(struct sample), .rows = rows,
	.row_count = COUNT_OF(rows), .prepare = prepare, .release = release,
};
static const struct setting_group *const groups[] = { &group, NULL };

static const struct sample *sample_of(const struct settings *settings)
{
	return settings_values(settings, &group);
}

static struct settings *parse(const char *text)
{
	g_autoptr(GError) why = NULL;
	struct settings *settings = settings_parse("t", span_text(text),
						   groups, &why);

	if (!settings)
		fail_msg("%s: %s", text, why->message);
	return settings;
}

static void an_empty_text_gives_the_presets(void **state)
{
	struct settings *settings = parse("");
	const struct sample *sample = sample_of(settings);

	(void)state;
	assert_true(sample->is_on);
	assert_int_equal(sample->count, 5);
	assert_int_equal(sample->bytes, 65536);
	assert_int_equal(sample->time_ms, 5000);
	assert_string_equal(sample->text, "t");
	assert_int_equal(sample->colour, GREEN);
	assert_int_equal(sample->list->len, 2);
	assert_int_equal(sample->sections->len, 0);
	assert_string_equal(sample->derived, "t!");
	settings_unref(settings);
}

static void values_are_read(void **state)
{
	struct settings *settings = parse(
		"on = off; text = \"x y\"; colour = red; list = [a];\n"
		"a { count = 7; bytes = 2M; time = 2min; score = -1.5;\n"
		" scores { SYM = 3; } words { SYM = green }\n"
		" sections { one { score = 4; words = [] } two {} } }");
	const struct sample *sample = sample_of(settings);
	const struct setting_section *one =
		g_ptr_array_index(sample->sections, 0);
	const struct inner *inner = one->values;

	(void)state;
	assert_false(sample->is_on);
	assert_string_equal(sample->text, "x y");
	assert_int_equal(sample->colour, RED);
	assert_int_equal(sample->list->len, 1);
	assert_int_equal(sample->count, 7);
	assert_int_equal(sample->bytes, 2 << 20);
	assert_int_equal(sample->time_ms, 120000);
	assert_true(sample->score == -1.5);
	assert_true(*(double *)g_hash_table_lookup(sample->scores, "SYM") == 3);
	assert_int_equal(*(unsigned *)g_hash_table_lookup(sample->words,
							  "SYM"), GREEN);
	assert_int_equal(sample->sections->len, 2);
	assert_string_equal(one->name, "one");
	assert_true(inner->score == 4);
	assert_int_equal(inner->words->len, 0);
	settings_unref(settings);
}

/* Each kind of mistake; the message begins with file:line: key. */
static const struct { const char *text, *message; } mistakes[] = {
	{ "\nonn = yes", "t:2: onn: no such setting; did you mean on?" },
	{ "a { cuont = 1 }",
	  "t:1: a.cuont: no such setting; did you mean a.count?" },
	{ "zebra = 1", "t:1: zebra: no such setting; reevectl check" },
	{ "zebra { x = 1 }", "t:1: zebra: no such setting" },
	{ "a = 1", "t:1: a: a section is expected" },
	{ "on = maybe", "t:1: on: \"maybe\" is not yes or no" },
	{ "on { }", "t:1: on: one value is expected" },
	{ "a { count = x }", "t:1: a.count: \"x\" is not a whole number" },
	{ "a { count = -1 }", "t:1: a.count: \"-1\" is not a whole number" },
	{ "a { count = 11 }",
	  "t:1: a.count: 11 is more than the greatest value, 10" },
	{ "a { count = 0 }",
	  "t:1: a.count: 0 is less than the least value, 1" },
	{ "a { count = 99999999999999999999 }",
	  "t:1: a.count: \"99999999999999999999\" is not" },
	{ "a { time = 6x }", "t:1: a.time: \"6x\" is not a time (write" },
	{ "a { time = 2d }",
	  "t:1: a.time: 2d is more than the greatest value, 1d" },
	{ "a { bytes = 9999999999G }", "t:1: a.bytes: \"9999999999G\"" },
	{ "a { score = high }", "t:1: a.score: \"high\" is not a number" },
	{ "a { score = 6 }", "t:1: a.score: 6 is not between -5 and 5" },
	{ "a { score = nan }", "t:1: a.score: \"nan\" is not a number" },
	{ "colour = blue", "t:1: colour: \"blue\" is none of red, green" },
	{ "list = [[a]]", "t:1: list: a list of values is expected" },
	{ "list { a = 1 }", "t:1: list: a list is expected" },
	{ "on = yes\non = no", "t:2: on: given twice, first at t:1" },
	{ "a { scores = 5 }", "t:1: a.scores: a section is expected" },
	{ "a { scores { X = y } }", "t:1: a.scores.X: \"y\" is not a number" },
	{ "a { words { X = blue } }", "t:1: a.words.X: \"blue\" is none" },
	{ "a { sections { one = 1 } }", "t:1: a.sections: one: a section" },
	{ "a { sections { one { x = 1 } } }",
	  "t:1: a.sections.one.x: no such setting" },
	{ "text = bad", "t:1: text: is bad" },
	{ "text = \"", "t:1: a string begins here" },
};

static void mistakes_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		g_autoptr(GError) why = NULL;
		struct settings *settings = settings_parse(
			"t", span_text(mistakes[i].text), groups, &why);

		if (settings)
			fail_msg("taken: %s", mistakes[i].text);
		if (!g_str_has_prefix(why->message, mistakes[i].message))
			fail_msg("%s:\n%s", mistakes[i].text, why->message);
	}
}

static void all_mistakes_are_told_at_once(void **state)
{
	g_autoptr(GError) why = NULL;

	(void)state;
	assert_null(settings_parse("t", span_text("onn = 1\ncolour = blue"),
				   groups, &why));
	assert_non_null(strstr(why->message, "t:1: onn"));
	assert_non_null(strstr(why->message, "\nt:2: colour"));
}

static void formatted_settings_are_read_again(void **state)
{
	struct settings *first = parse(
		"text = \"a\\\"b\\\\c\\n\"; a { scores { S = 1.25 } "
		"sections { one { score = 4 } } time = 90s }");
	g_autofree char *text = settings_format(first);
	struct settings *second = parse(text);
	g_autofree char *again = settings_format(second);

	(void)state;
	assert_string_equal(text, again);
	assert_string_equal(sample_of(second)->text, "a\"b\\c\n");
	settings_unref(first);
	settings_unref(second);
}

static void what_needs_a_restart_is_told(void **state)
{
	struct settings *old = parse("a { count = 1 }");
	struct settings *fresh = parse("a { count = 2; time = 9s }");
	g_autoptr(GPtrArray) names = settings_changed_start(old, fresh);

	(void)state;
	assert_int_equal(names->len, 1);
	assert_string_equal(g_ptr_array_index(names, 0), "a.count");
	settings_unref(old);
	settings_unref(fresh);
}

struct folder { char *dir, *file; };

static struct folder make_folder(const char *text)
{
	struct folder folder = { .dir = g_dir_make_tmp("settings-XXXXXX",
						       NULL) };

	folder.file = g_build_filename(folder.dir, "m.conf", NULL);
	assert_true(g_file_set_contents(folder.file, text, -1, NULL));
	return folder;
}

static void remove_folder(struct folder *folder)
{
	g_unlink(folder->file);
	g_rmdir(folder->dir);
	g_free(folder->file);
	g_free(folder->dir);
}

static void a_watched_file_makes_it_stale(void **state)
{
	struct folder folder = make_folder("one");
	g_autofree char *text = g_strdup_printf("text = \"%s\"", folder.file);
	struct settings *settings = parse(text), *fresh;

	(void)state;
	assert_false(settings_is_stale(settings));
	assert_true(g_file_set_contents(folder.file, "more", -1, NULL));
	assert_true(settings_is_stale(settings));
	fresh = settings_refresh(settings, NULL);
	assert_non_null(fresh);
	assert_false(settings_is_stale(fresh));
	g_unlink(folder.file);
	assert_true(settings_is_stale(fresh));
	settings_unref(settings);
	assert_string_equal(sample_of(fresh)->text, folder.file);
	settings_unref(fresh);
	remove_folder(&folder);
}

static void files_that_cannot_be_trusted_are_refused(void **state)
{
	struct folder folder = make_folder("on = no");
	g_autoptr(GError) missing = NULL, folder_error = NULL, open = NULL;
	struct settings *settings;

	(void)state;
	assert_null(settings_load("/nonexistent/m.conf", groups, &missing));
	assert_non_null(strstr(missing->message, "/nonexistent/m.conf: No"));
	assert_null(settings_load(folder.dir, groups, &folder_error));
	assert_non_null(strstr(folder_error->message, "a directory"));
	assert_int_equal(chmod(folder.file, 0666), 0);
	assert_null(settings_load(folder.file, groups, &open));
	assert_non_null(strstr(open->message, "chmod o-w"));
	assert_int_equal(chmod(folder.file, 0644), 0);
	settings = settings_load(folder.file, groups, NULL);
	assert_false(sample_of(settings)->is_on);
	settings_unref(settings);
	remove_folder(&folder);
}

static void files_include_others(void **state)
{
	struct folder folder = make_folder(
		"on = no\n.include \"more.inc\"\n"
		".include(try=true) \"none-*.inc\"\n");
	g_autofree char *more = g_build_filename(folder.dir, "more.inc", NULL);
	g_autoptr(GError) why = NULL;
	struct settings *settings;

	(void)state;
	assert_true(g_file_set_contents(more, "text = included", -1, NULL));
	settings = settings_load(folder.file, groups, NULL);
	assert_string_equal(sample_of(settings)->text, "included");
	settings_unref(settings);
	assert_true(g_file_set_contents(more, "\ntext = bad", -1, NULL));
	assert_null(settings_load(folder.file, groups, &why));
	assert_non_null(strstr(why->message, "more.inc:2: text: is bad"));
	g_clear_error(&why);
	assert_true(g_file_set_contents(more, ".include \"more.inc\"", -1,
					NULL));
	assert_null(settings_load(folder.file, groups, &why));
	assert_non_null(strstr(why->message, "more than 8 files"));
	g_unlink(more);
	remove_folder(&folder);
}

static void the_manual_has_every_row(void **state)
{
	g_autofree char *manual = settings_format_manual(groups);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		g_autofree char *line = g_strdup_printf(".B %s\n",
							rows[i].name);

		assert_non_null(strstr(manual, line));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_empty_text_gives_the_presets),
	cmocka_unit_test(values_are_read),
	cmocka_unit_test(mistakes_are_told),
	cmocka_unit_test(all_mistakes_are_told_at_once),
	cmocka_unit_test(formatted_settings_are_read_again),
	cmocka_unit_test(what_needs_a_restart_is_told),
	cmocka_unit_test(a_watched_file_makes_it_stale),
	cmocka_unit_test(files_that_cannot_be_trusted_are_refused),
	cmocka_unit_test(files_include_others),
	cmocka_unit_test(the_manual_has_every_row),
};

TAP_MAIN(tests)
