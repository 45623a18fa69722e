#include <config.h>

#include "message/finding.h"

#include "base/guard.h"

const char *action_word(enum action action)
{
	static const char *const words[] = {
		"none", "accept", "tag", "quarantine", "defer", "reject",
		"discard",
	};

	BUG_IF((size_t)action >= COUNT_OF(words));
	return words[action];
}
