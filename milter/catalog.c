#include <config.h>

#include "catalog.h"

#include "message/limits.h"
#include "relay/direction.h"
#include "relay/relaysettings.h"
#include "settings/global.h"
#include "store/storesettings.h"
#include "verdict/verdictsettings.h"

const struct setting_group *const catalog[] = {
	&global_group,
	&limits_group,
	&store_group,
	&relay_group,
	&direction_group,
	&verdict_group,
	NULL,
};
