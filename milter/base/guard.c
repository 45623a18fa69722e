#include <config.h>

#include "base/guard.h"

#include "base/log.h"

#include <stdlib.h>

void guard_bug(const char *file, int line, const char *what)
{
	log_event(NULL, LOG_CRIT, "bug", "at=%s:%d what=\"%s\"", file, line,
		  what);
	abort();
}
