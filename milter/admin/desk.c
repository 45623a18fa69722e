#include <config.h>

#include "admin/desk.h"

#include "admin/auditlog.h"
#include "settings/global.h"
#include "store/storeerror.h"

#include <stdio.h>
#include <sysexits.h>

int desk_check_limit(const struct command *self, int limit, int status)
{
	return status != EX_OK || limit >= 0 ? status :
	       admin_fail(self, EX_USAGE, "--limit: %d is none; 0 is all",
			  limit);
}

void desk_tell_more(const char *after)
{
	fprintf(stderr, "there are more: %s%s%s--limit 0\n",
		after ? "--after " : "", after ? after : "",
		after ? ", or " : "");
}

struct state *desk_open(const struct admin *admin, const struct command *self,
			int *status)
{
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(
		global_settings_of(admin->settings)->state_dir, STATE_CREATE,
		&why);

	if (!state)
		*status = admin_fail_store(self, why);
	return state;
}

struct state *desk_look(struct admin *admin, const struct command *self,
			int *status)
{
	if (*status == EX_OK)
		*status = admin_load(admin);
	return *status == EX_OK ? desk_open(admin, self, status) : NULL;
}

struct state *desk_begin(struct admin *admin, const struct command *self,
			 const char *subject, const char *reason, int *status)
{
	if (*status == EX_OK)
		*status = admin_load(admin);
	if (*status == EX_OK)
		*status = auditlog_note(admin, self, subject, reason);
	return *status == EX_OK ? desk_open(admin, self, status) : NULL;
}

int desk_fail_named(const struct command *self, const GError *why)
{
	return g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING) ?
	       admin_fail(self, EX_DATAERR, "%s", why->message) :
	       admin_fail_store(self, why);
}
