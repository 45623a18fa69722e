#include <config.h>

#include "content/keywordlists.h"

#include "content/keywordset.h"

#include "unit/tap.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <unistd.h>

#define THREADS 4

static const struct setting_group *const groups[] = {
	&keywordlists_group, NULL,
};

static char *list_file(const char *text)
{
	char *name = NULL;
	int fd = g_file_open_tmp("keywords-XXXXXX", &name, NULL);

	assert_true(fd >= 0);
	close(fd);
	assert_true(g_file_set_contents(name, text, -1, NULL));
	return name;
}

static struct settings *parse(const char *file, const char *more)
{
	g_autofree char *text = g_strdup_printf(
		"keywords { lists { my-words { files = [\"%s\"]; %s } } }", file,
		more);
	g_autoptr(GError) why = NULL;
	struct settings *settings = settings_parse("t", span_text(text),
						   groups, &why);

	if (!settings)
		fail_msg("%s", why->message);
	return settings;
}

static void sets_are_shared_by_snapshots(void **state)
{
	g_autofree char *file = list_file("free\n");
	struct settings *one = parse(file, "score = 1;");
	struct settings *other = parse(file, "score = 7; action = reject;");
	const struct keywordset *set = keywordlists_of(one, NULL);
	const struct keyword_list *list;

	(void)state;
	assert_non_null(set);
	assert_ptr_equal(keywordlists_of(other, NULL), set);
	assert_ptr_equal(keywordlists_of(one, NULL), set);
	list = &g_array_index(keywordlists_all(other), struct keyword_list, 0);
	assert_string_equal(list->symbol, "KEYWORD_MY_WORDS");
	assert_int_equal(list->action, ACTION_REJECT);
	settings_unref(one);
	assert_int_equal(keywordset_phrases(keywordlists_of(other, NULL), 0),
			 1);
	settings_unref(other);
	g_unlink(file);
}

static void a_changed_file_is_another_set(void **state)
{
	g_autofree char *file = list_file("free\n");
	struct settings *old = parse(file, ""), *fresh;
	g_autoptr(GError) why = NULL;

	(void)state;
	assert_int_equal(keywordset_phrases(keywordlists_of(old, NULL), 0), 1);
	assert_false(settings_is_stale(old));
	g_file_set_contents(file, "free\nmoney\n", -1, NULL);
	assert_true(settings_is_stale(old));
	fresh = settings_refresh(old, NULL);
	assert_int_equal(keywordset_phrases(keywordlists_of(fresh, NULL), 0),
			 2);
	assert_int_equal(keywordset_phrases(keywordlists_of(old, NULL), 0), 1);
	settings_unref(fresh);
	g_file_set_contents(file, "\xff" "broken file\n", -1, NULL);
	fresh = settings_refresh(old, NULL);
	assert_null(keywordlists_of(fresh, &why));
	assert_true(g_str_has_suffix(why->message, ":1: not in UTF-8"));
	settings_unref(fresh);
	settings_unref(old);
	g_unlink(file);
}

/* All at once, as messages after a start. */
static void *ask(void *settings)
{
	const struct keywordset *set = keywordlists_of(settings, NULL);
	struct keywordtext *text = keywordset_text(set);
	struct keyword_hits hits = { .count = 0 };

	for (int i = 0; i < 200; i++)
		(void)keywordset_scan(set, text, span_text("so f r e e"), 0,
				      &hits);
	keywordtext_free(text);
	return hits.count ? settings : NULL;
}

static void threads_share_what_one_reads(void **state)
{
	g_autofree char *file = list_file("free\nmoney\n");
	struct settings *settings = parse(file, "");
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask,
						settings), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		assert_ptr_equal(result, settings);
	}
	settings_unref(settings);
	g_unlink(file);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sets_are_shared_by_snapshots),
	cmocka_unit_test(a_changed_file_is_another_set),
	cmocka_unit_test(threads_share_what_one_reads),
};

TAP_MAIN(tests)
