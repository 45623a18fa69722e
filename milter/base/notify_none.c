#include <config.h>

#include "base/notify.h"

void notify_manager(const char *state)
{
	(void)state;
}
