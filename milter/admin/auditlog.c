#include <config.h>

#include "admin/auditlog.h"

#include "base/clock.h"
#include "settings/global.h"
#include "store/audit.h"
#include "store/storesettings.h"

#include <sysexits.h>

int auditlog_note(const struct admin *admin, const struct command *self,
		  const char *subject, const char *reason)
{
	g_autofree char *operator_name = admin_operator();
	g_autofree char *stripped = g_strstrip(g_strdup(reason ? reason : ""));
	const struct audit_entry entry = {
		.when_us = clock_now_us(), .operator_name = operator_name,
		.action = self->name, .subject = subject, .reason = stripped,
	};
	g_autoptr(GError) why = NULL;
	struct state *state;
	bool is_noted;

	if (!*stripped &&
	    store_settings_of(admin->settings)->reason == REASON_REQUIRED)
		return admin_fail(self, EX_USAGE, "what for? Say it with "
				  "--reason TEXT (records.reason asks for "
				  "it)");
	state = state_open(global_settings_of(admin->settings)->state_dir,
			   STATE_CREATE, &why);
	is_noted = state && audit_note(state, &entry, &why);
	state_close(&state);
	return is_noted ? EX_OK : admin_fail(self, EX_UNAVAILABLE,
		"%s: who looks at records is written down first, and that is "
		"not possible", why->message);
}
