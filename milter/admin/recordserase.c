#include <config.h>

#include "admin/recordserase.h"

#include "admin/complainterase.h"
#include "admin/desk.h"
#include "admin/recordquery.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/eraser.h"
#include "store/querymatch.h"
#include "store/recordid.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

static json_t *numbers_of(const GArray *numbers)
{
	json_t *all = json_array();

	for (guint i = 0; i < numbers->len; i++)
		json_array_append_new(all, json_integer((json_int_t)
			g_array_index(numbers, uint64_t, i)));
	return all;
}

static json_t *days_of(const GArray *days)
{
	json_t *all = json_array();
	char text[DAY_TEXT_MAX];

	for (guint i = 0; i < days->len; i++)
		json_array_append_new(all, json_string(day_format(
			g_array_index(days, int64_t, i), text)));
	return all;
}

static json_t *ids_of(const GArray *ids)
{
	json_t *all = json_array();
	char text[RECORD_ID_BYTES];

	for (guint i = 0; i < ids->len; i++)
		json_array_append_new(all, json_string(record_id_format(
			g_array_index(ids, uint64_t, i), text)));
	return all;
}

static void print_json(const struct eraser_result *result,
		       const GArray *complaints)
{
	json_t *object = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "found",
		(json_int_t)result->found, "erased",
		(json_int_t)result->erased, "originals",
		(json_int_t)result->originals, "unsealed",
		(json_int_t)result->unsealed, "sessions",
		(json_int_t)result->sessions, "shared_sessions",
		(json_int_t)result->shared, "late_sessions",
		ids_of(result->late), "days",
		days_of(result->done), "days_left", days_of(result->left),
		"complaints", numbers_of(complaints));

	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_days(const char *what, const GArray *days)
{
	char text[DAY_TEXT_MAX];

	if (days->len)
		fputs(what, stdout);
	for (guint i = 0; i < days->len; i++)
		printf("%s%s", i ? ", " : ": ", day_format(
			g_array_index(days, int64_t, i), text));
	if (days->len)
		putchar('\n');
}

static void print_sessions(const struct eraser_result *result)
{
	char id[RECORD_ID_BYTES];

	if (result->shared)
		printf("%" PRIu64 " sessions stay as they are: they have mail "
		       "of others, too\n", result->shared);
	if (result->late->len)
		printf("%u sessions have no record yet, or in a day that is "
		       "not sealed yet: erase each when it is, by --session",
		       result->late->len);
	for (guint i = 0; i < result->late->len; i++)
		printf(" %s", record_id_format(g_array_index(
			result->late, uint64_t, i), id));
	if (result->late->len)
		putchar('\n');
}

/* They stay: a case may hang on them. */
static void print_complaints(const GArray *complaints)
{
	if (!complaints->len)
		return;
	printf("%u complaints name people of this mail, too: reevectl complaint "
	       "erase --reason TEXT", complaints->len);
	for (guint i = 0; i < complaints->len; i++)
		printf(" %" PRIu64, g_array_index(complaints, uint64_t, i));
	putchar('\n');
}

static void print_result(const struct admin *admin,
			 const struct eraser_result *result,
			 const GArray *complaints, bool is_dry)
{
	if (admin->is_json) {
		print_json(result, complaints);
		return;
	}
	printf("%" PRIu64 " records found", result->found);
	if (result->sessions)
		printf(", %" PRIu64 " of them of sessions all of whose mail "
		       "it is", result->sessions);
	fputs("; ", stdout);
	if (is_dry)
		printf("%" PRIu64 " can be erased now\n",
		       result->found - result->unsealed);
	else
		printf("%" PRIu64 " erased, %" PRIu64 " originals removed, %u "
		       "days sealed anew\n", result->erased,
		       result->originals, result->done->len);
	print_sessions(result);
	print_complaints(complaints);
	if (!is_dry)
		print_days("done", result->done);
	print_days(is_dry ? "to be done" : "NOT DONE", result->left);
}

/* Exit status of what could not be done, or not all of it. */
static int fail(const struct command *self, const struct eraser_result *result,
		const GError *why)
{
	if (g_error_matches(why, STORE_ERROR, STORE_ERROR_INVALID))
		return admin_fail(self, EX_NOPERM, "%s", why->message);
	if (why && result->done->len)
		admin_fail(self, 0, "of %u days %u are done, the others are "
			   "as they were: do it again",
			   result->done->len + result->left->len,
			   result->done->len);
	if (why)
		return admin_fail_store(self, why);
	return !result->unsealed ? EX_OK :
	       admin_fail(self, EX_TEMPFAIL, "%" PRIu64 " of them lie in a "
			  "day that is not sealed yet: do it again when it is "
			  "(reevectl records days)", result->unsealed);
}

/* Exit status. */
static int tell(const struct admin *admin, const struct command *self,
		struct state *state, const struct recordquery *asking,
		const struct eraser_result *result)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GArray) complaints = complainterase_find(
		state, asking, result->ids, &why);

	if (!complaints)
		return admin_fail_store(self, why);
	print_result(admin, result, complaints, asking->is_dry);
	return EX_OK;
}

static int erase(const struct admin *admin, const struct command *self,
		 const struct recordquery *asking, struct state *state)
{
	const char *dir = global_settings_of(admin->settings)->state_dir;
	g_autofree char *operator_name = admin_operator();
	const struct eraser_order order = {
		.state_dir = dir, .state = state, .query = &asking->query,
		.operator_name = operator_name, .reason = asking->reason,
		.is_dry = asking->is_dry,
	};
	g_autoptr(GError) why = NULL;
	struct eraser_result result;
	int status = EX_OK, failed;

	if (eraser_run(&order, &result, &why) || result.done->len)
		status = tell(admin, self, state, asking, &result);
	failed = fail(self, &result, why);
	eraser_result_release(&result);
	return failed == EX_OK ? status : failed;
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
	struct state *state;
	int status = recordquery_parse(&asking, admin, self, RECORDQUERY_ERASE,
				       argc, argv);

	if (status == EX_OK && !is_about_somebody(&asking))
		status = admin_fail(self, EX_USAGE, "whose? One of --from, "
				    "--rcpt, --account, --customer, --client-ip, "
				    "--message-id, --queue-id and --session "
				    "is needed, of less than everybody");
	if (status == EX_OK && (!asking.reason || !*asking.reason))
		status = admin_fail(self, EX_USAGE, "--reason TEXT is needed");
	state = desk_begin(admin, self, asked, asking.reason, &status);
	if (state)
		status = erase(admin, self, &asking, state);
	state_close(&state);
	recordquery_release(&asking);
	return status;
}
