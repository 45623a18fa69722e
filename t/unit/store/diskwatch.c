#include <config.h>

#include "store/diskwatch.h"

#include "store/audit.h"
#include "store/day.h"
#include "store/diskuse.h"
#include "store/holds.h"
#include "store/segment.h"
#include "store/space.h"

#include "unit/store/sample.h"

static const struct {
	uint64_t used_bytes, free_bytes;
	enum diskuse_level before, level;
	unsigned percent;
	uint64_t excess_bytes;
} uses[] = {			/* warning at 80, limit at 95 */
	{ 0,    0,    DISKUSE_LIMIT,   DISKUSE_FINE,    0,   0 },
	{ 0,    1000, DISKUSE_FINE,    DISKUSE_FINE,    0,   0 },
	{ 799,  201,  DISKUSE_FINE,    DISKUSE_FINE,    79,  0 },
	{ 800,  200,  DISKUSE_FINE,    DISKUSE_WARNING, 80,  0 },
	{ 799,  201,  DISKUSE_WARNING, DISKUSE_WARNING, 79,  0 },
	{ 789,  211,  DISKUSE_WARNING, DISKUSE_FINE,    78,  0 },
	{ 949,  51,   DISKUSE_WARNING, DISKUSE_WARNING, 94,  10 },
	{ 950,  50,   DISKUSE_FINE,    DISKUSE_LIMIT,   95,  11 },
	{ 940,  60,   DISKUSE_LIMIT,   DISKUSE_LIMIT,   94,  1 },
	{ 939,  61,   DISKUSE_LIMIT,   DISKUSE_WARNING, 93,  0 },
	{ 500,  500,  DISKUSE_LIMIT,   DISKUSE_FINE,    50,  0 },
	{ 1000, 0,    DISKUSE_LIMIT,   DISKUSE_LIMIT,   100, 61 },
	/* No overflow on the largest that there can be. */
	{ UINT64_MAX / 2, UINT64_MAX / 2, DISKUSE_FINE, DISKUSE_FINE, 50, 0 },
};

static void levels_by_share(void **state)
{
	struct sample sample;

	(void)state;
	sample_begin(&sample, "");
	for (size_t i = 0; i < COUNT_OF(uses); i++) {
		const struct store_settings *store = store_settings_of(
			sample.settings);
		struct diskuse use = { uses[i].used_bytes,
				       uses[i].free_bytes };

		if (diskuse_level(&use, store, uses[i].before) !=
		    uses[i].level ||
		    diskuse_percent(&use) != uses[i].percent ||
		    diskuse_excess_bytes(&use, store) != uses[i].excess_bytes)
			fail_msg("row %zu: %s, %u%%, %" G_GUINT64_FORMAT, i,
				 diskuse_level_word(diskuse_level(
				 &use, store, uses[i].before)),
				 diskuse_percent(&use),
				 diskuse_excess_bytes(&use, store));
	}
	sample_end(&sample);
}

static void hundred_percent_is_never(void **state)
{
	struct diskuse use = { 1000, 0 };
	const struct store_settings *store;
	struct sample sample;

	(void)state;
	sample_begin(&sample, "records { disk_warning = 100; "
		     "disk_limit = 100; }");
	store = store_settings_of(sample.settings);
	assert_int_equal(diskuse_level(&use, store, DISKUSE_LIMIT),
			 DISKUSE_FINE);
	assert_int_equal(diskuse_excess_bytes(&use, store), 0);
	sample_end(&sample);
}

#define MIB (UINT64_C(1) << 20)

/* It is day 20100, one microsecond old; each day takes a mebibyte. */
static const struct {
	const char *days;	/* how long ago; h: on hold */
	int64_t least_keep_days;
	uint64_t wanted_mib;
	const char *chosen;
	uint64_t freed_mib;
} choices[] = {
	{ "", 60, 5, "", 0 },
	{ "0", 60, 5, "", 0 },
	/* The newest stays, whatever its age. */
	{ "90", 60, 5, "", 0 },
	{ "90 80", 60, 5, "90", 1 },
	/* As many as it takes, the oldest first. */
	{ "90 80 70 0", 60, 0, "", 0 },
	{ "90 80 70 0", 60, 1, "90", 1 },
	{ "90 80 70 0", 60, 2, "90 80", 2 },
	{ "90 80 70 0", 60, 9, "90 80 70", 3 },
	/* One that ended 60 days ago may go; 59 days and some, not. */
	{ "62 61 60 59 0", 60, 9, "62 61", 2 },
	/* A shorter term, with a reason for it. */
	{ "9 8 7 6 0", 7, 9, "9 8", 2 },
	/* On hold. */
	{ "90h 80 70h 65 0", 60, 9, "80 65", 2 },
	{ "90h 80h 0", 60, 9, "", 0 },
	/* A clock that was set back. */
	{ "70 -5 -6", 60, 9, "70", 1 },
};

static GArray *days_of(const char *text)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct space_day));
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (int i = 0; words[i]; i++) {
		struct space_day one = {
			.day = 20100 - g_ascii_strtoll(words[i], NULL, 10),
			.bytes = MIB,
			.is_held = g_str_has_suffix(words[i], "h"),
		};

		if (*words[i])
			g_array_append_val(all, one);
	}
	return all;
}

static void chooses_only_what_may_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(choices); i++) {
		g_autoptr(GArray) all = days_of(choices[i].days);
		g_autoptr(GArray) chosen = g_array_new(FALSE, FALSE,
						       sizeof(int64_t));
		g_autoptr(GString) text = g_string_new(NULL);
		uint64_t freed = diskwatch_choose(all,
			choices[i].least_keep_days * DAY_US / 1000,
			day_begin_us(20100) + 1, choices[i].wanted_mib * MIB,
			chosen);

		for (guint k = 0; k < chosen->len; k++)
			g_string_append_printf(text, "%s%d", k ? " " : "",
				(int)(20100 - g_array_index(chosen, int64_t,
							    k)));
		if (strcmp(text->str, choices[i].chosen) != 0 ||
		    freed != choices[i].freed_mib * MIB)
			fail_msg("row %zu: \"%s\"", i, text->str);
	}
}

static void make_day(const struct sample *sample, int64_t day)
{
	g_autofree char *dir = g_build_filename(sample->dir, "records", NULL);
	g_autofree char *path = day_path(dir, day);
	const struct segment_head before = { .sequence = 0 };

	g_mkdir(dir, 0700);
	assert_true(segment_create(path, &before, NULL));
}

static guint days_left(const struct sample *sample)
{
	g_autofree char *dir = g_build_filename(sample->dir, "records", NULL);
	g_autoptr(GArray) days = day_list(dir, NULL);

	return days->len;
}

/* The disk on which it runs stands in for a full one: its limit
 * is what is low. */
static void begin_full(struct sample *sample, const char *at_limit)
{
	g_autofree char *text = g_strdup_printf("records { keep = 100d; "
		"disk_warning = 10; disk_limit = 10; at_disk_limit = %s; }",
		at_limit);
	struct diskuse use;

	sample_begin(sample, text);
	assert_true(diskuse_of(sample->dir, &use, NULL));
	if (diskuse_percent(&use) < 10) {
		sample_end(sample);
		skip();
	}
	clock_set_us(day_begin_us(20100) + 1);
	make_day(sample, 20020);
	make_day(sample, 20030);
	make_day(sample, 20095);
	make_day(sample, 20100);
}

static void mail_waits_at_the_limit(void **state)
{
	struct diskwatch *watch;
	struct state *store;
	struct sample sample;

	(void)state;
	begin_full(&sample, "defer");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	watch = diskwatch_new(sample.dir, store);
	assert_true(diskwatch_has_room(NULL));
	assert_true(diskwatch_has_room(watch));
	diskwatch_look(watch, sample.settings);
	assert_false(diskwatch_has_room(watch));
	assert_int_equal(days_left(&sample), 4);
	diskwatch_free(&watch);
	assert_null(watch);
	diskwatch_free(&watch);
	state_close(&store);
	clock_set_us(0);
	sample_end(&sample);
}

static void what_may_go_goes_and_is_written_down(void **state)
{
	struct hold hold = { .name = "case-1", .since_day = 20020,
			     .until_day = 20020, .operator_name = "o",
			     .reason = "" };
	struct diskwatch *watch;
	struct state *store;
	struct sample sample;
	int64_t dropped;

	(void)state;
	begin_full(&sample, "expire");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	assert_true(holds_add(store, &hold, NULL));
	assert_true(diskwatch_newest_dropped(store, &dropped, NULL));
	assert_true(dropped == INT64_MIN);
	watch = diskwatch_new(sample.dir, store);
	diskwatch_look(watch, sample.settings);
	/* It was not enough, and nothing else may go. */
	assert_int_equal(days_left(&sample), 3);
	assert_int_equal(diskwatch_days_dropped(watch), 1);
	assert_false(diskwatch_has_room(watch));
	assert_true(diskwatch_newest_dropped(store, &dropped, NULL));
	assert_int_equal(dropped, 20030);
	diskwatch_look(watch, sample.settings);
	assert_int_equal(days_left(&sample), 3);
	diskwatch_free(&watch);
	state_close(&store);
	clock_set_us(0);
	sample_end(&sample);
}

/* Ten years ahead all days are old: none goes before somebody could look. */
static void a_clock_that_leaps_drops_none(void **state)
{
	struct diskwatch *watch;
	struct state *store;
	struct sample sample;

	(void)state;
	begin_full(&sample, "expire");
	store = state_open(sample.dir, STATE_CREATE, NULL);
	watch = diskwatch_new(sample.dir, store);
	clock_set_us(day_begin_us(20100 + 3650));
	diskwatch_look(watch, sample.settings);
	assert_int_equal(days_left(&sample), 4);
	assert_int_equal(diskwatch_days_dropped(watch), 0);
	diskwatch_free(&watch);
	state_close(&store);
	clock_set_us(0);
	sample_end(&sample);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(levels_by_share),
	cmocka_unit_test(hundred_percent_is_never),
	cmocka_unit_test(chooses_only_what_may_go),
	cmocka_unit_test(mail_waits_at_the_limit),
	cmocka_unit_test(what_may_go_goes_and_is_written_down),
	cmocka_unit_test(a_clock_that_leaps_drops_none),
};

TAP_MAIN(tests)
