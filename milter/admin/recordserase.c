#include <config.h>

#include "admin/recordserase.h"

#include "admin/auditlog.h"
#include "admin/recordquery.h"
#include "settings/global.h"
#include "store/eraser.h"
#include "store/querymatch.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

static void print_result(const struct admin *admin,
			 const struct eraser_result *result, bool is_dry)
{
	json_t *object;

	if (!admin->is_json) {
		printf("%" PRIu64 " records found; ", result->found);
		if (is_dry)
			printf("%" PRIu64 " can be erased now\n",
			       result->found - result->unsealed);
		else
			printf("%" PRIu64 " erased, %" PRIu64 " originals "
			       "removed, %u days sealed anew\n",
			       result->erased, result->originals,
			       result->days);
		return;
	}
	object = json_pack("{s:I, s:I, s:I, s:I, s:I}", "found",
			   (json_int_t)result->found, "erased",
			   (json_int_t)result->erased, "originals",
			   (json_int_t)result->originals, "days",
			   (json_int_t)result->days, "unsealed",
			   (json_int_t)result->unsealed);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static int erase(const struct admin *admin, const struct command *self,
		 const struct recordquery *asking)
{
	const char *dir = global_settings_of(admin->settings)->state_dir;
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(dir, STATE_CREATE, &why);
	g_autofree char *operator_name = admin_operator();
	const struct eraser_order order = {
		.state_dir = dir, .state = state, .query = &asking->query,
		.operator_name = operator_name, .reason = asking->reason,
		.is_dry = asking->is_dry,
	};
	struct eraser_result result;
	bool is_done = state && eraser_run(&order, &result, &why);

	state_close(&state);
	if (!is_done && g_error_matches(why, STORE_ERROR, STORE_ERROR_INVALID))
		return admin_fail(self, EX_NOPERM, "%s", why->message);
	if (!is_done)
		return admin_fail_store(self, why);
	print_result(admin, &result, asking->is_dry);
	if (!result.unsealed)
		return EX_OK;
	return admin_fail(self, EX_TEMPFAIL, "%" PRIu64 " of them lie in a "
			  "day that is not sealed yet: do it again when it is "
			  "(reevectl records days)", result.unsealed);
}

/* "*" and "" are everybody. */
static bool is_somebody(const char *address)
{
	struct address_wanted wanted = querymatch_address(address);

	return wanted.whole.len || wanted.local.len || wanted.domain.len;
}

static bool is_part(const struct network *net)
{
	return net->bits > (net->base.family == NETADDR_IP4 ? 96 : 0);
}

static bool is_text(const char *text)
{
	return text && *text;
}

/* Not all of a day by mistake. */
static bool is_about_somebody(const struct recordquery *asking)
{
	return is_somebody(asking->from) || is_somebody(asking->rcpt) ||
	       is_text(asking->account) ||
	       is_text(asking->customer) || is_part(&asking->query.client) ||
	       is_text(asking->message_id) || is_text(asking->queue_id) ||
	       is_text(asking->session);
}

int recordserase_run(struct admin *admin, const struct command *self, int argc,
		     char **argv)
{
	g_autofree char *asked = g_strjoinv(" ", argv + 1);
	struct recordquery asking;
	int status = recordquery_parse(&asking, admin, self, RECORDQUERY_ERASE,
				       argc, argv);

	if (status == EX_OK && !is_about_somebody(&asking))
		status = admin_fail(self, EX_USAGE, "whose? One of --from, "
				    "--rcpt, --account, --customer, --client-ip, "
				    "--message-id, --queue-id and --session "
				    "is needed, of less than everybody");
	if (status == EX_OK && (!asking.reason || !*asking.reason))
		status = admin_fail(self, EX_USAGE, "--reason TEXT is needed");
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = auditlog_note(admin, self, asked, asking.reason);
	if (status == EX_OK)
		status = erase(admin, self, &asking);
	recordquery_release(&asking);
	return status;
}
