#include <config.h>

#include "sender/spfsecond.h"

bool spfsecond_is_there(void)
{
	return false;
}

bool spfsecond_run(const struct spf_query *query, struct arena *arena,
		   struct auth_spf *spf_out)
{
	return spfcheck_run(query, arena, spf_out);
}
