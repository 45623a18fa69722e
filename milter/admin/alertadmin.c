#include <config.h>

#include "admin/admin.h"

#include "admin/table.h"
#include "alert/alerts.h"
#include "alert/alertways.h"
#include "base/clock.h"

#include <stdio.h>
#include <sysexits.h>

struct testing {
	const struct admin *admin;
	struct table *table;		/* NULL: JSON */
	unsigned count, failed;
};

static void tell(struct testing *on, enum alert_way way, const GError *why)
{
	json_t *object;

	on->count++;
	on->failed += why != NULL;
	if (on->table) {
		table_add(on->table, TABLE_PLAIN, "%s", alertways_word(way));
		table_add(on->table, why ? TABLE_BAD : TABLE_PLAIN, "%s",
			  why ? why->message : "sent");
		return;
	}
	object = json_pack("{s:s, s:b, s:s}", "way", alertways_word(way),
			   "sent", !why, "why", why ? why->message : "");
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void try_all(struct testing *on, const struct alert_text *text)
{
	for (unsigned way = 0; way < ALERT_WAYS; way++) {
		g_autoptr(GError) why = NULL;

		if (!alertways_is_set(on->admin->settings,
				      (enum alert_way)way))
			continue;
		if (alertways_send(on->admin->settings, (enum alert_way)way,
				   text, NULL, &why))
			g_clear_error(&why);
		tell(on, (enum alert_way)way, why);
	}
}

static int send_test(struct testing *on, const struct command *self)
{
	static const char *const titles[] = { "way", "result", NULL };
	json_t *object = alerts_object(on->admin->settings, "test", "",
		"This is a test of reevectl alert test. Nothing has happened.",
		NULL);
	struct alert_text *text = alertways_text(on->admin->settings, object,
						 clock_now_us());

	on->table = on->admin->is_json ? NULL : table_new(titles);
	try_all(on, text);
	if (on->table && on->count)
		table_print(on->table);
	g_clear_pointer(&on->table, table_free);
	alertways_text_free(text);
	json_decref(object);
	if (!on->count)
		return admin_fail(self, EX_CONFIG, "the settings have none of "
				  "alert.command, alert.mail and "
				  "alert.webhook: nobody would be told");
	return on->failed ? EX_UNAVAILABLE : EX_OK;
}

static int run_test(struct admin *admin, const struct command *self, int argc,
		    char **argv)
{
	struct testing on = { .admin = admin };
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK && argc != 1)
		status = admin_fail(self, EX_USAGE, "no words are needed");
	if (status == EX_OK)
		status = admin_load(admin);
	return status == EX_OK ? send_test(&on, self) : status;
}

static const struct command verbs[] = {
	{
		.name = "alert test",
		.arguments = "",
		.summary = "Send one by each way that the settings have",
		.examples = "reevectl alert test\n",
		.run = run_test,
	},
};

static int run_alert(struct admin *admin, const struct command *self, int argc,
		     char **argv)
{
	return admin_run_verb(admin, self, verbs, G_N_ELEMENTS(verbs), argc,
			      argv);
}

const struct command command_alert = {
	.name = "alert",
	.arguments = "VERB",
	.summary = "Who is told at once: try whether it works",
	.examples = "reevectl alert test\n",
	.run = run_alert,
};
