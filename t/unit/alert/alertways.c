#include <config.h>

#include "alert/alertways.h"

#include "alert/alerts.h"
#include "catalog.h"
#include "unit/tap.h"

#include <string.h>

static struct settings *settings;

static int set_up(void **unused)
{
	static const char text[] = "authserv_id = mx.example.org\n"
		"alert { mail = [\"a@example.org\", \"b@example.org\"] }";

	(void)unused;
	settings = settings_parse("x", span_text(text), catalog, NULL);
	return settings == NULL;
}

static int tear_down(void **unused)
{
	(void)unused;
	settings_unref(settings);
	return 0;
}

static struct alert_text *text_of(const char *key, const char *text)
{
	json_t *object = alerts_object(settings, "incident", key, text, NULL);
	struct alert_text *made = alertways_text(settings, object,
						 INT64_C(1795780800000000));

	json_decref(object);
	return made;
}

/* How many lines the header has, and that none is a stranger's. */
static void check_header(const struct alert_text *text)
{
	const char *end = strstr(text->mail, "\n\n");
	g_autofree char *head = NULL;
	g_auto(GStrv) lines = NULL;

	assert_non_null(end);
	head = g_strndup(text->mail, (gsize)(end - text->mail));
	lines = g_strsplit(head, "\n", -1);
	assert_int_equal(g_strv_length(lines), 10);
	for (size_t i = 0; lines[i]; i++) {
		assert_true(strlen(lines[i]) < 500);
		assert_false(g_str_has_prefix(lines[i], "Bcc"));
		for (const char *c = lines[i]; *c; c++)
			assert_true(g_ascii_isprint(*c));
	}
}

static void a_mail(void **unused)
{
	struct alert_text *text = text_of("alice", "Too much.");

	(void)unused;
	check_header(text);
	assert_non_null(strstr(text->mail, "To: a@example.org,\n b@example.org"
			       "\nSubject: [mailreeve mx.example.org] incident: "
			       "alice\nDate: Fri, 27 Nov 2026 12:00:00 +0000\n"));
	alertways_text_free(text);
}

static void strangers_words_steer_nothing(void **unused)
{
	static const char *const keys[] = {
		"a\nBcc: x@example.net", "a\r\n\r\nbody", "\x1b[2J", "\xff\xfe",
		"\xe4\xb8\xad\xe6\x96\x87", "\"}{\"", "",
	};
	g_autofree char *longest = g_strnfill(100000, 'x');

	(void)unused;
	for (size_t i = 0; i <= G_N_ELEMENTS(keys); i++) {
		const char *key = i < G_N_ELEMENTS(keys) ? keys[i] : longest;
		struct alert_text *text = text_of(key, key);
		json_t *again = json_loads(text->json, 0, NULL);

		check_header(text);
		assert_null(strchr(text->json, '\n'));
		assert_string_equal(json_string_value(json_object_get(again,
			"alert")), "incident");
		for (const char *c = text->json; *c; c++)
			assert_true(g_ascii_isprint(*c));
		json_decref(again);
		alertways_text_free(text);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(a_mail, set_up, tear_down),
	cmocka_unit_test_setup_teardown(strangers_words_steer_nothing, set_up,
					tear_down),
};

TAP_MAIN(tests)
