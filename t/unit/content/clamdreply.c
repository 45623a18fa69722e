#include <config.h>

#include "base/guard.h"
#include "content/clamdreply.h"

#include "unit/tap.h"

#include <glib.h>
#include <string.h>

static const struct {
	const char *line;
	enum clamdreply_kind kind;
	const char *text;
} cases[] = {
	{ "stream: OK", CLAMDREPLY_CLEAN, "" },
	{ "stream: OK\n", CLAMDREPLY_CLEAN, "" },
	{ "stream: Eicar-Test FOUND", CLAMDREPLY_FOUND, "Eicar-Test" },
	{ "stream: a b FOUND", CLAMDREPLY_FOUND, "a b" },
	{ "stream: X FOUND FOUND", CLAMDREPLY_FOUND, "X FOUND" },
	{ "stream: OK FOUND", CLAMDREPLY_FOUND, "OK" },
	{ "stream: \x1b[2J\xff FOUND", CLAMDREPLY_FOUND, "?[2J?" },
	{ "INSTREAM size limit exceeded. ERROR", CLAMDREPLY_TOO_LONG,
	  "INSTREAM size limit exceeded. ERROR" },
	{ "stream: Can't allocate memory ERROR", CLAMDREPLY_ERROR,
	  "stream: Can't allocate memory ERROR" },
	{ "COMMAND READ TIMED OUT", CLAMDREPLY_NONSENSE,
	  "COMMAND READ TIMED OUT" },
	{ "stream: FOUND", CLAMDREPLY_NONSENSE, "stream: FOUND" },
	{ "stream:  FOUND", CLAMDREPLY_NONSENSE, "stream:  FOUND" },
	{ "stream: ok", CLAMDREPLY_NONSENSE, "stream: ok" },
	{ "stream: OKAY", CLAMDREPLY_NONSENSE, "stream: OKAY" },
	{ "OK", CLAMDREPLY_NONSENSE, "OK" },
	{ "X FOUND", CLAMDREPLY_NONSENSE, "X FOUND" },
	{ "stream:", CLAMDREPLY_NONSENSE, "stream:" },
	{ "", CLAMDREPLY_NONSENSE, "" },
};

static void answers_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct clamdreply reply = clamdreply_parse(
			span_text(cases[i].line));

		if (reply.kind != cases[i].kind ||
		    strcmp(reply.text, cases[i].text) != 0)
			fail_msg("\"%s\": %d \"%s\"", cases[i].line,
				 (int)reply.kind, reply.text);
	}
}

static void a_long_name_is_cut(void **state)
{
	g_autofree char *name = g_strnfill(60000, 'v');
	g_autofree char *line = g_strdup_printf("stream: %s FOUND", name);
	struct clamdreply reply = clamdreply_parse(span_text(line));

	(void)state;
	assert_int_equal(reply.kind, CLAMDREPLY_FOUND);
	assert_int_equal(strlen(reply.text), CLAMDREPLY_TEXT_SIZE - 1);
}

static void nul_is_no_end(void **state)
{
	static const char line[] = "stream: A\0B FOUND";
	struct clamdreply reply = clamdreply_parse(
		span_of(line, sizeof line - 1));

	(void)state;
	assert_int_equal(reply.kind, CLAMDREPLY_FOUND);
	assert_string_equal(reply.text, "A?B");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(answers_are_told_apart),
	cmocka_unit_test(a_long_name_is_cut),
	cmocka_unit_test(nul_is_no_end),
};

TAP_MAIN(tests)
