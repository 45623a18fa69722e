#include <config.h>

#include "content/uridetail.h"

#include "unit/tap.h"

#include <string.h>

static const struct { const char *text; bool is_good; } cases[] = {
	{ "text =~ /x/", true }, { "raw !~ m{x/y}i", true },
	{ "text =~ /x/ type =~ /^a$/", true },
	{ "text=~/a b/  domain !~ m!x!", true },
	{ "raw =~ /a\\/b/ host =~ m(x)", true },
	{ "cleaned =~ /a/b/", true }, { "", false }, { "text", false },
	{ "text =~", false }, { "text =~ /x", false },
	{ "words =~ /x/", false }, { "text == /x/", false },
	{ "text =~ /(x/", false }, { "text =~ /x/ and", false },
	{ "text =~ m", false }, { "text =~ /x\\", false },
};

static void rules_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		g_autoptr(GError) why = NULL;
		struct uridetail *detail = uridetail_parse(cases[i].text,
							   &why);

		if ((detail != NULL) != cases[i].is_good ||
		    (why != NULL) == cases[i].is_good)
			fail_msg("\"%s\": %s", cases[i].text,
				 why ? why->message : "taken");
		uridetail_free(detail);
	}
	uridetail_free(NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(rules_are_read),
};

TAP_MAIN(tests)
