#include <config.h>

#include "message/sendmail.h"

#include "unit/tap.h"

#include <glib/gstdio.h>
#include <string.h>

/* A script beside a file that takes what it gets. */
struct box {
	char *dir, *script, *got;
};

static void begin(struct box *box, const char *text)
{
	g_autofree char *all = NULL;

	box->dir = g_dir_make_tmp("sendmail-XXXXXX", NULL);
	box->script = g_build_filename(box->dir, "a b", NULL);
	box->got = g_build_filename(box->dir, "got", NULL);
	all = g_strdup_printf("#!/bin/sh\n%s\n", text);
	assert_true(g_file_set_contents(box->script, all, -1, NULL));
	assert_int_equal(g_chmod(box->script, 0755), 0);
}

static void end(struct box *box)
{
	g_unlink(box->script);
	g_unlink(box->got);
	g_rmdir(box->dir);
	g_free(box->dir);
	g_free(box->script);
	g_free(box->got);
}

static bool run(const struct box *box, const char *sender, int64_t limit_ms,
		GError **error)
{
	g_autofree char *program = g_strdup_printf("'%s' -x '%s'", box->script,
						   box->got);
	const char *const to[] = { "-a@b.c", "d e@f.g", NULL };
	const struct sendmail_mail mail = {
		program, span_text(sender), to, span_text("A: b\n\nc\n"),
	};

	return sendmail_run(&mail, limit_ms, error);
}

static void words_and_bytes_arrive(void **unused)
{
	g_autofree char *text = NULL;
	struct box box;

	(void)unused;
	begin(&box, "shift; got=$1; shift; "
	      "{ printf '%s|' \"$@\"; cat; } >\"$got\"");
	assert_true(run(&box, "", 0, NULL));
	assert_true(g_file_get_contents(box.got, &text, NULL, NULL));
	assert_string_equal(text, "-i|-f|<>|--|-a@b.c|d e@f.g|A: b\n\nc\n");
	end(&box);
}

static void failures_are_told(void **unused)
{
	static const struct { const char *script, *why; } cases[] = {
		{ "exit 75", "failed (status 75)" },
		{ "printf 'no\\tspace\\nx\\n' >&2; exit 1",
		  "failed (status 1): \"no\\x09space\"" },
		{ "kill -9 $$", "failed (signal 9)" },
		{ "exec sleep 60", "had not ended after 0 seconds" },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GError) why = NULL;
		struct box box;

		begin(&box, cases[i].script);
		assert_false(run(&box, "a@b.c", i == 3 ? 100 : 0, &why));
		if (!g_str_has_suffix(why->message, cases[i].why))
			fail_msg("%s: %s", cases[i].script, why->message);
		end(&box);
	}
}

static void one_that_is_not_there(void **unused)
{
	const char *const to[] = { "a@b.c", NULL };
	struct sendmail_mail mail = { "/nowhere/sendmail", span_text(""), to,
				      span_text("") };
	g_autoptr(GError) why = NULL;

	(void)unused;
	assert_false(sendmail_run(&mail, 0, &why));
	assert_non_null(strstr(why->message, "/nowhere/sendmail"));
	mail.program = "a 'b";
	assert_false(sendmail_run(&mail, 0, NULL));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(words_and_bytes_arrive),
	cmocka_unit_test(failures_are_told),
	cmocka_unit_test(one_that_is_not_there),
};

TAP_MAIN(tests)
