#include <config.h>

#include "catalog.h"

#include "admin/operators.h"
#include "alert/alertsettings.h"
#include "bulk/customers.h"
#include "bulk/dnslistsettings.h"
#include "bulk/bulksettings.h"
#include "bulk/limitsettings.h"
#include "bulk/greysettings.h"
#include "bulk/streamsettings.h"
#include "cases/complaintsettings.h"
#include "cases/casesettings.h"
#include "cases/listfiles.h"
#include "cases/noticesettings.h"
#include "content/keywordlists.h"
#include "content/clamdsettings.h"
#include "content/rulefiles.h"
#include "message/limits.h"
#include "message/ours.h"
#include "message/orgdomain.h"
#include "relay/direction.h"
#include "relay/relaysettings.h"
#include "report/dmarcsettings.h"
#include "report/reportsettings.h"
#include "resolver/resolversettings.h"
#include "sender/sendersettings.h"
#include "settings/global.h"
#include "store/evidencesettings.h"
#include "store/storesettings.h"
#include "verdict/verdictsettings.h"

const struct setting_group *const catalog[] = {
	&global_group,
	&limits_group,
	&resolver_group,
	&store_group,
	&evidence_group,
	&ours_group,
	&orgdomain_group,
	&relay_group,
	&direction_group,
	&sender_group,
	&rulefiles_group,
	&keywordlists_group,
	&clamd_group,
	&dnslists_group,
	&customers_group,
	&case_group,
	&notice_group,
	&grey_group,
	&stream_group,
	&bulk_group,
	&limit_group,
	&complaint_group,
	&listfiles_group,
	&alert_group,
	&verdict_group,
	&report_group,
	&dmarcsettings_group,
	&operators_group,
	NULL,
};
