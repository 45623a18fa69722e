#include <config.h>

#include "admin/statusqueues.h"

#include "admin/jsontext.h"
#include "cases/noticebook.h"
#include "report/dmarcoutbox.h"
#include "settings/global.h"

#define SHOWN_MAX 10

static const struct {
	const char *key, *title, *advice;
	GPtrArray *(*list)(struct state *state, GError **error);
} queues[] = {
	{ "unreadable_letters", "letters not sent", "reevectl case notice",
	  noticebook_apart },
	{ "unreadable_dmarc_reports", "DMARC reports not sent",
	  "reevectl report dmarc --send --again", dmarcoutbox_apart },
};

static json_t *texts_of(const GPtrArray *names)
{
	json_t *all = json_array();

	for (guint i = 0; i < names->len; i++)
		json_array_append_new(all, jsontext_new(names->pdata[i]));
	return all;
}

void statusqueues_take(const struct admin *admin, json_t *status)
{
	struct state *state = state_open(
		global_settings_of(admin->settings)->state_dir,
		STATE_EXISTING, NULL);

	for (size_t i = 0; state && i < COUNT_OF(queues); i++) {
		g_autoptr(GPtrArray) names = queues[i].list(state, NULL);

		if (names)
			json_object_set_new(status, queues[i].key,
					    texts_of(names));
	}
	state_close(&state);
}

static void add(struct table *table, const json_t *names, size_t queue)
{
	g_autoptr(GString) shown = g_string_new(NULL);
	size_t count = json_array_size(names);

	for (size_t i = 0; i < MIN(count, SHOWN_MAX); i++)
		g_string_append_printf(shown, "%s%s", i ? ", " : "",
			json_string_value(json_array_get(names, i)));
	table_add(table, TABLE_PLAIN, "%s", queues[queue].title);
	table_add(table, TABLE_BAD, "%zu CANNOT BE READ: %s%s (%s)", count,
		  shown->str, count > SHOWN_MAX ? ", ..." : "",
		  queues[queue].advice);
}

void statusqueues_print(struct table *table, const json_t *status)
{
	for (size_t i = 0; i < COUNT_OF(queues); i++) {
		const json_t *names = json_object_get(status, queues[i].key);

		if (json_array_size(names))
			add(table, names, i);
	}
}
