#include <config.h>

#include "report/dmarcsender.h"

#include "base/clock.h"
#include "base/log.h"
#include "report/dmarcdelivery.h"
#include "report/dmarcxml.h"
#include "store/day.h"
#include "store/search.h"
#include "store/storeerror.h"
#include "store/storesettings.h"

#include <inttypes.h>
#include <string.h>

#define ADDED_AT_ONCE 100	/* reports in one commit */
#define KEPT_DAYS 2		/* what is over stays longer than records do */

static bool is_cancelled(const struct dmarcsender *sender)
{
	return sender->is_cancelled && atomic_load(sender->is_cancelled);
}

struct passing {
	const struct dmarcsender *sender;
	struct dmarcday *day;
};

static bool take_record(const struct search_hit *hit, void *context)
{
	const struct passing *passing = context;

	dmarcday_add(passing->day, hit->record);
	return !is_cancelled(passing->sender);
}

static bool is_whole(const struct search_result *result, GError **error)
{
	if (result->is_cut)
		store_error_set_text(error, STORE_ERROR_BUSY, "cut short");
	else if (result->problems->len)
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s: a report "
			"of what is left would be wrong",
			(const char *)result->problems->pdata[0]);
	return !result->is_cut && !result->problems->len;
}

struct dmarcday *dmarcsender_day(const struct dmarcsender *sender, int64_t day,
				 GError **error)
{
	const struct dmarcsettings *settings =
		dmarcsettings_of(sender->settings);
	const struct search_query query = {
		.since_us = day_begin_us(day),
		.until_us = day_begin_us(day + 1),
		.kind = RECORD_MESSAGE, .direction = DIRECTION_INBOUND,
	};
	struct passing passing = { sender, dmarcday_new(
		(size_t)settings->rows, (size_t)settings->day_rows) };
	struct search_result result;

	if (!search_run(sender->state_dir, &query, take_record, &passing,
			&result, error) || !is_whole(&result, error))
		g_clear_pointer(&passing.day, dmarcday_free);
	search_result_release(&result);
	return passing.day;
}

static struct dmarcoutbox_report entry_of(const struct dmarcsender *sender,
					  const struct dmarcday_report *report,
					  int64_t day, GByteArray **packed_out)
{
	int64_t now_us = clock_now_us();

	*packed_out = dmarcxml_pack(report, day,
				    dmarcsettings_of(sender->settings));
	return (struct dmarcoutbox_report){
		.day = day, .domain = report->domain,
		.report = span_of((const char *)(*packed_out)->data,
				  (*packed_out)->len),
		.messages = report->messages, .rows = report->rows->len,
		.left_out = report->left_out,
		.made_us = now_us, .next_us = now_us,
	};
}

/* Some of them, in one commit; how many are new, or -1. */
static int add_some(const struct dmarcsender *sender, int64_t day,
		    struct dmarcday_report *const *reports, size_t count,
		    GError **error)
{
	struct dmarcoutbox_report entries[ADDED_AT_ONCE] = { { .day = day } };
	GByteArray *packed[ADDED_AT_ONCE] = { NULL };
	int added;

	for (size_t i = 0; i < count; i++)
		entries[i] = entry_of(sender, reports[i], day, &packed[i]);
	added = dmarcoutbox_add(sender->state, entries, count, error);
	for (size_t i = 0; i < count; i++)
		g_byte_array_unref(packed[i]);
	return added;
}

static bool add_all(const struct dmarcsender *sender, int64_t day,
		    const struct dmarcday *counted, GError **error)
{
	g_autoptr(GPtrArray) reports = dmarcday_reports(counted);
	char text[DAY_TEXT_MAX];
	int all = 0;

	for (guint i = 0; i < reports->len; i += ADDED_AT_ONCE) {
		int added = add_some(sender, day,
			(struct dmarcday_report **)reports->pdata + i,
			MIN(reports->len - i, ADDED_AT_ONCE), error);

		if (added < 0)
			return false;
		all += added;
	}
	log_event(NULL, LOG_NOTICE, "dmarc_reports_made", "day=%s reports=%u "
		  "new=%d", day_format(day, text), reports->len, all);
	return dmarcoutbox_end_day(sender->state, day, error);
}

bool dmarcsender_make(const struct dmarcsender *sender, int64_t day,
		      GError **error)
{
	struct dmarcday *counted;
	bool is_good, has;

	if (!dmarcoutbox_has_day(sender->state, day, &has, error))
		return false;
	if (has)
		return true;
	counted = dmarcsender_day(sender, day, error);
	is_good = counted && add_all(sender, day, counted, error);
	dmarcday_free(counted);
	return is_good;
}

static bool expire(const struct dmarcsender *sender, GError **error)
{
	int64_t keep_ms = store_settings_of(sender->settings)->keep_ms;

	return dmarcoutbox_expire(sender->state,
		day_of_us(clock_now_us() - keep_ms * 1000) - KEPT_DAYS, error);
}

bool dmarcsender_send_due(const struct dmarcsender *sender, GError **error)
{
	struct dmarcoutbox_report report;
	GError *why = NULL;
	struct arena arena;

	arena_init(&arena);
	while (!why && !is_cancelled(sender) &&
	       dmarcoutbox_find_due(sender->state, clock_now_us(), &arena,
				    &report, &why)) {
		if (dmarcdelivery_send(sender, &report, &arena, &why) &&
		    sender->tell)
			sender->tell(&report, sender->context);
		arena_reset(&arena);
	}
	arena_release(&arena);
	if (!why)
		expire(sender, &why);
	if (why)
		g_propagate_error(error, why);
	return !why;
}

/* Days that ended while nobody was there are made up for, as far as that is
 * worth it; those before the first one that was made are not. */
static int64_t first_day(const struct dmarcsettings *settings, int64_t first,
			 int64_t newest)
{
	int64_t oldest = newest - settings->give_up_ms / (DAY_US / 1000) + 1;

	return MIN(MAX(first, oldest), newest);
}

bool dmarcsender_make_due(const struct dmarcsender *sender, GError **error)
{
	const struct dmarcsettings *settings =
		dmarcsettings_of(sender->settings);
	int64_t newest = day_of_us(clock_now_us() - settings->wait_ms * 1000) -
			 1;
	bool is_good = true;
	int64_t first;

	if (!dmarcoutbox_first_day(sender->state, &first, error))
		return false;
	for (int64_t day = first_day(settings, first, newest);
	     day <= newest && !is_cancelled(sender); day++)
		/* One that cannot be read holds up no other;
		 * the first is told. */
		if (!dmarcsender_make(sender, day, is_good ? error : NULL))
			is_good = false;
	return is_good;
}

static bool make_again(const struct dmarcsender *sender, int64_t day,
		       const char *domain, GError **error)
{
	struct dmarcday *counted = dmarcsender_day(sender, day, error);
	g_autoptr(GPtrArray) reports = counted ? dmarcday_reports(counted) :
						 g_ptr_array_new();
	bool is_good = counted != NULL;

	for (guint i = 0; i < reports->len && is_good; i++) {
		const struct dmarcday_report *report = reports->pdata[i];
		struct dmarcoutbox_report entry;
		GByteArray *packed;

		if (!g_str_equal(report->domain, domain))
			continue;
		entry = entry_of(sender, report, day, &packed);
		is_good = dmarcoutbox_put(sender->state, &entry, error);
		g_byte_array_unref(packed);
	}
	dmarcday_free(counted);
	return is_good;
}

static bool send_domain(const struct dmarcsender *sender, int64_t day,
			const char *domain, GError **error)
{
	struct dmarcoutbox_report report;
	GError *why = NULL;
	struct arena arena;

	arena_init(&arena);
	if (dmarcoutbox_find(sender->state, day, domain, &arena, &report,
			     &why) &&
	    (!report.next_us ||
	     dmarcdelivery_send(sender, &report, &arena, &why)) &&
	    sender->tell)
		sender->tell(&report, sender->context);
	arena_release(&arena);
	if (why)
		g_propagate_error(error, why);
	return !why;
}

bool dmarcsender_send_day(const struct dmarcsender *sender, int64_t day,
			  const char *domain, bool is_again, GError **error)
{
	g_autoptr(GPtrArray) domains = NULL;
	bool is_good = true;

	if (!dmarcsender_make(sender, day, error) ||
	    (is_again && !make_again(sender, day, domain, error)))
		return false;
	domains = dmarcoutbox_domains(sender->state, day, error);
	for (guint i = 0; domains && i < domains->len; i++) {
		const char *one = domains->pdata[i];

		if (domain && !g_str_equal(domain, one))
			continue;
		/* One that cannot be read holds up no other;
		 * the first is told. */
		if (!send_domain(sender, day, one, is_good ? error : NULL))
			is_good = false;
	}
	return domains && is_good;
}
