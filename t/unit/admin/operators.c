#include <config.h>

#include "admin/operators.h"

#include "unit/tap.h"

static void each_command_has_its_least(void **state)
{
	static const struct { const char *command; enum operator_role least; }
	cases[] = {
		{ "records search", OPERATOR_VIEWER },
		{ "records hold add", OPERATOR_DESK },
		{ "records hold release", OPERATOR_ADMIN },
		{ "records erase", OPERATOR_ADMIN },
		{ "evidence remove", OPERATOR_ADMIN },
		{ "evidence release", OPERATOR_DESK },
		{ "customer import", OPERATOR_DESK },
		{ "customer show", OPERATOR_VIEWER },
		{ "list add", OPERATOR_DESK },
		{ "backup", OPERATOR_ADMIN },
		{ "restore", OPERATOR_ADMIN },
		{ "dkim keygen", OPERATOR_ADMIN },
		{ "what comes later", OPERATOR_ADMIN },
		{ "records", OPERATOR_ADMIN },
		{ "", OPERATOR_ADMIN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (operators_least(cases[i].command) != cases[i].least)
			fail_msg("%s", cases[i].command);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_command_has_its_least),
};

TAP_MAIN(tests)
