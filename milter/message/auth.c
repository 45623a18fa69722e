#include <config.h>

#include "message/auth.h"

static const char *const result_words[] = {
	[AUTH_RESULT_UNKNOWN] = "", [AUTH_RESULT_NONE] = "none",
	[AUTH_RESULT_PASS] = "pass", [AUTH_RESULT_FAIL] = "fail",
	[AUTH_RESULT_SOFTFAIL] = "softfail",
	[AUTH_RESULT_NEUTRAL] = "neutral", [AUTH_RESULT_POLICY] = "policy",
	[AUTH_RESULT_TEMPERROR] = "temperror",
	[AUTH_RESULT_PERMERROR] = "permerror",
};

const char *auth_result_word(enum auth_result result)
{
	BUG_IF((size_t)result >= COUNT_OF(result_words));
	return result_words[result];
}

enum auth_result auth_result_parse(const char *word)
{
	for (size_t i = AUTH_RESULT_NONE; i < COUNT_OF(result_words); i++)
		if (g_ascii_strcasecmp(result_words[i], word) == 0)
			return (enum auth_result)i;
	return AUTH_RESULT_UNKNOWN;
}

const char *dmarc_policy_word(enum dmarc_policy policy)
{
	static const char *const words[] = {
		"", "none", "quarantine", "reject",
	};

	BUG_IF((size_t)policy >= COUNT_OF(words));
	return words[policy];
}
