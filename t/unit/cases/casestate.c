#include <config.h>

#include "cases/casestate.h"

#include "base/guard.h"
#include "unit/tap.h"

#include <string.h>

/* Whole: a column for each command, in the enum's order; the first
 * letter of the state it leads to (r: remedied, t: terminated), or -
 * when it is refused. */
static const struct { const char *state, *to; } want[] = {
	/*                onwwsrrcta: open note warn watch suspend resume
	 *                            remedy close terminate assign */
	{ "none",	"o---------" },
	{ "open",	"-owas-rc-o" },
	{ "warned",	"-wwas-r--w" },
	{ "watched",	"-aaas-r--a" },
	{ "suspended",	"-s---ar-ts" },
	{ "remedied",	"-rwas--c-r" },
	{ "closed",	"-c--------" },
	{ "terminated",	"-t--------" },
};

static char letter_of(enum case_state state)
{
	static const char letters[] = "-owasrct";

	return letters[state];
}

static void each_command_in_each_state(void **unused)
{
	(void)unused;
	assert_int_equal(COUNT_OF(want), CASE_STATES);
	for (unsigned s = 0; s < CASE_STATES; s++)
		for (unsigned c = 1; c < CASE_COMMANDS; c++) {
			const char *why = NULL;
			enum case_state to = casestate_after(s, c, &why);

			if (letter_of(to) != want[s].to[c - 1])
				fail_msg("%s in %s: %s", case_command_word(c),
					 want[s].state, case_state_word(to));
			if ((to == CASE_STATE_NONE) != (why && *why))
				fail_msg("%s in %s: %s", case_command_word(c),
					 want[s].state, why ? why : "no text");
		}
}

static void words_are_read_again(void **unused)
{
	(void)unused;
	for (unsigned s = 1; s < CASE_STATES; s++) {
		assert_string_equal(case_state_word(s), want[s].state);
		assert_int_equal(case_state_parse(span_text(want[s].state)), s);
	}
	assert_int_equal(case_state_parse(span_text("none")), 0);
	assert_int_equal(case_state_parse(span_text("")), 0);
	assert_false(casestate_is_live(CASE_STATE_CLOSED));
	assert_false(casestate_is_live(CASE_STATE_TERMINATED));
	assert_true(casestate_is_live(CASE_STATE_REMEDIED));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_command_in_each_state),
	cmocka_unit_test(words_are_read_again),
};

TAP_MAIN(tests)
