#include <config.h>

#include "base/notify.h"

#include <systemd/sd-daemon.h>

void notify_manager(const char *state)
{
	sd_notify(0, state);
}
