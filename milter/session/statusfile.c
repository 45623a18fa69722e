#include <config.h>

#include "session/statusfile.h"

#include "alert/outbox.h"
#include "bulk/bulk.h"
#include "bulk/counts.h"
#include "bulk/listhealth.h"
#include "resolver/resolver.h"
#include "session/contentjson.h"
#include "session/service.h"
#include "settings/global.h"
#include "store/day.h"
#include "store/diskwatch.h"
#include "store/recorder.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static json_t *counters_object(void)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < COUNTERS; i++)
		json_object_set_new(object, service_counter_word(i),
				    json_integer(service_counter(i)));
	return object;
}

static json_t *records_object(void)
{
	struct recorder_stats stats;
	char day[DAY_TEXT_MAX];

	recorder_stats(service_recorder(), &stats);
	return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:s*, "
			 "s:s*}",
			 "healthy", recorder_is_healthy(service_recorder()),
			 "has_room", diskwatch_has_room(service_disk()),
			 "days_dropped", (json_int_t)diskwatch_days_dropped(
				service_disk()),
			 "committed", (json_int_t)stats.committed,
			 "groups", (json_int_t)stats.groups,
			 "queued", (json_int_t)stats.queued,
			 "dropped", (json_int_t)stats.dropped,
			 "failures", (json_int_t)stats.failures,
			 "error", stats.last_error[0] ? stats.last_error :
							 NULL,
			 "ahead_day", stats.ahead_day ?
			 day_format(stats.ahead_day, day) : NULL);
}

static json_t *resolver_object(void)
{
	struct resolver_stats stats;

	resolver_stats(service_resolver(), &stats);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "questions", (json_int_t)stats.questions,
			 "cache_hits", (json_int_t)stats.hits,
			 "joined", (json_int_t)stats.joined,
			 "sent", (json_int_t)stats.sent,
			 "timeouts", (json_int_t)stats.timeouts,
			 "failures", (json_int_t)stats.failures,
			 "evicted", (json_int_t)stats.evicted,
			 "entries", (json_int_t)stats.entries,
			 "bytes", (json_int_t)stats.bytes);
}

static json_t *dns_lists_array(void)
{
	g_autoptr(GArray) lists = listhealth_all();
	json_t *all = json_array();

	for (guint i = 0; i < lists->len; i++) {
		const struct listhealth *list = &g_array_index(
			lists, struct listhealth, i);

		json_array_append_new(all, json_pack("{s:s, s:s, s:I, s:I}",
			"zone", list->zone, "trouble",
			list->why ? list->why : "", "asked",
			(json_int_t)list->asked, "failed",
			(json_int_t)list->failed));
	}
	return all;
}

static json_t *bulk_object(void)
{
	struct counts_stats counts;
	struct bulk_stats stats;

	counts_stats(bulk_counts(service_bulk()), &counts);
	bulk_stats(service_bulk(), &stats);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "entries", (json_int_t)counts.entries,
			 "bytes", (json_int_t)counts.bytes,
			 "pushed_out", (json_int_t)counts.pushed_out,
			 "look_ups", (json_int_t)counts.look_ups,
			 "saved_us", (json_int_t)stats.saved_us,
			 "save_took_us", (json_int_t)stats.save_took_us,
			 "pages_written", (json_int_t)stats.pages_written,
			 "save_failures", (json_int_t)stats.save_failures);
}

static json_t *alert_counts_object(void)
{
	struct outbox_counts counts = outbox_counts();

	return json_pack("{s:I, s:I, s:I, s:I}",
			 "delivered", (json_int_t)counts.done,
			 "given_up", (json_int_t)counts.failed,
			 "dropped", (json_int_t)counts.dropped,
			 "waiting", (json_int_t)counts.waiting);
}

static json_t *whole_object(const struct settings *settings,
			    const struct status_facts *facts)
{
	const struct global_settings *global = global_settings_of(settings);

	return json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:s*, s:s, s:s, s:b, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:o}",
		"version", PACKAGE_VERSION, "pid", (json_int_t)getpid(),
		"began_us", (json_int_t)facts->began_us,
		"settings_read_us", (json_int_t)facts->settings_read_us,
		"reloads", (json_int_t)facts->reloads,
		"reload_failures", (json_int_t)facts->reload_failures,
		"reloading", facts->is_reloading,
		"reload_error", facts->reload_error,
		"listen", global->listen,
		"mode", global->mode == MODE_ENFORCE ? "enforce" : "monitor",
		"stopping", service_is_draining(),
		"counters", counters_object(), "records", records_object(),
		"resolver", resolver_object(),
		"content", contentjson_object(settings),
		"bulk", bulk_object(), "dns_lists", dns_lists_array(),
		"alerts", alert_counts_object());
}

void statusfile_write(const struct settings *settings,
		      const struct status_facts *facts)
{
	const char *dir = global_settings_of(settings)->state_dir;
	g_autofree char *path = g_build_filename(dir, GLOBAL_STATUS_FILE, NULL);
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	json_t *object = whole_object(settings, facts);

	if (object && json_dump_file(object, fresh, JSON_COMPACT) == 0)
		(void)rename(fresh, path);
	else
		unlink(fresh);
	json_decref(object);
}
