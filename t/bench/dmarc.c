/*
 * dmarc.c - what a day's DMARC aggregate reports cost:
 *
 *	dmarc [DOMAINS [RECORDS [SOURCES [FOLDER]]]]
 *
 * Writes a day of RECORDS (10,000) for each of DOMAINS (100), from SOURCES
 * (1,000) addresses each, into FOLDER (a temporary one); then prints what
 * adding them up in one pass, and making the XML and packing it, takes, and the
 * most memory that it took.
 */
#include <config.h>

#include "base/clock.h"
#include "catalog.h"
#include "report/dmarcsender.h"
#include "report/dmarcxml.h"
#include "store/day.h"
#include "store/recordform.h"
#include "store/recordid.h"
#include "store/segment.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define DAY 20000
#define GROUP 10000
#define MAP_BYTES (INT64_C(64) << 30)

static unsigned domains = 100, records = 10000, sources = 1000;
static struct settings *settings;

static G_GNUC_NORETURN void die(const GError *why)
{
	fprintf(stderr, "dmarc: %s\n", why->message);
	exit(1);
}

static void put_auth(struct transaction *tx, unsigned i, unsigned domain)
{
	struct auth *auth = &tx->auth;
	struct auth_dkim dkim = { .result = AUTH_RESULT_PASS,
				  .selector = "s2026", .is_aligned = true };

	dkim.domain = arena_printf(&tx->arena, "d%u.example", domain);
	auth->spf = (struct auth_spf){
		.result = i % 5 ? AUTH_RESULT_PASS : AUTH_RESULT_SOFTFAIL,
		.scope = "mfrom", .domain = dkim.domain,
		.mechanism = "ip4:192.0.2.0/24",
	};
	if (i % 3)
		g_array_append_val(auth->dkim, dkim);
	auth->dmarc = (struct auth_dmarc){
		.result = AUTH_RESULT_PASS, .domain = dkim.domain,
		.record_domain = dkim.domain, .percent = 100, .tag = "p",
		.published = DMARC_POLICY_REJECT, .has_reports = true,
		.disposition = DMARC_POLICY_NONE,
		.policy = DMARC_POLICY_REJECT,
		.is_spf_aligned = i % 5 != 0, .is_dkim_aligned = i % 3 != 0,
	};
}

static struct packed_record *pack(unsigned number)
{
	unsigned domain = number % domains, i = number / domains;
	struct session_facts session = { .messages = 1 };
	struct packed_record *packed;
	struct recipient *rcpt;
	struct transaction tx;
	uint8_t address[4] = { 192, (uint8_t)(i % sources >> 8),
			       (uint8_t)domain, (uint8_t)(i % sources) };

	if (!netaddr_of_bytes(span_of((const char *)address, 4),
			      &session.client.addr))
		abort();
	session.client.helo = "mail.example.net";
	transaction_init(&tx, settings, &session);
	record_id_new(tx.id);
	tx.began_us = tx.ended_us = day_begin_us(DAY) + (int64_t)number * 1000;
	tx.direction = DIRECTION_INBOUND;
	tx.ending = ENDING_COMPLETE;
	tx.is_enforced = true;
	tx.sender = mailaddr_parse(span_text(arena_printf(
		&tx.arena, "<user%u@d%u.example>", i, domain)), &tx.arena);
	rcpt = transaction_add_recipient(&tx);
	rcpt->addr = mailaddr_parse(span_text("<u@example.org>"), &tx.arena);
	tx.outcome.action = ACTION_ACCEPT;
	put_auth(&tx, i, domain);
	packed = recordform_pack_message(&tx);
	transaction_release(&tx);
	return packed;
}

static void free_record(void *record)
{
	recordform_free(record);
}

static void write_day(const char *dir)
{
	g_autoptr(GPtrArray) group = g_ptr_array_new_with_free_func(
		free_record);
	const struct segment_head before = { .sequence = 0 };
	g_autofree char *path = day_path(dir, DAY);
	g_autoptr(GError) why = NULL;
	struct segment *segment;

	if (!segment_create(path, &before, &why))
		die(why);
	segment = segment_open(path, SEGMENT_WRITE, MAP_BYTES, &why);
	for (unsigned i = 0; segment && i < domains * records; i++) {
		g_ptr_array_add(group, pack(i));
		if (group->len < GROUP && i + 1 < domains * records)
			continue;
		if (!segment_append(segment, (struct packed_record *const *)
				    group->pdata, group->len, &why))
			die(why);
		g_ptr_array_set_size(group, 0);
	}
	if (!segment)
		die(why);
	segment_close(&segment);
}

static double seconds(int64_t began_us)
{
	return (double)(clock_monotonic_us() - began_us) / 1e6;
}

static void measure(const char *folder)
{
	const struct dmarcsender sender = { .settings = settings,
					    .state_dir = folder };
	int64_t began_us = clock_monotonic_us();
	g_autoptr(GError) why = NULL;
	struct dmarcday *day = dmarcsender_day(&sender, DAY, &why);
	uint64_t bytes = 0, rows = 0;
	struct rusage usage;

	if (!day)
		die(why);
	printf("pass %.2f s\n", seconds(began_us));
	began_us = clock_monotonic_us();
	g_autoptr(GPtrArray) reports = dmarcday_reports(day);

	for (guint i = 0; i < reports->len; i++) {
		const struct dmarcday_report *report = reports->pdata[i];
		GByteArray *packed = dmarcxml_pack(
			report, DAY, dmarcsettings_of(settings));

		bytes += packed->len;
		rows += report->rows->len;
		g_byte_array_unref(packed);
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("xml %.2f s\nreports %u\nrows %" PRIu64 "\npacked %" PRIu64
	       " bytes\nmemory %ld KiB, with the pages of the day's file\n",
	       seconds(began_us), reports->len, rows, bytes, usage.ru_maxrss);
	dmarcday_free(day);
}

int main(int argc, char **argv)
{
	g_autofree char *folder = argc > 4 ? g_strdup(argv[4]) :
				  g_dir_make_tmp("dmarc-XXXXXX", NULL);
	g_autofree char *dir = g_build_filename(folder, "records", NULL);
	g_autofree char *path = day_path(dir, DAY);
	g_autoptr(GError) why = NULL;

	domains = argc > 1 ? (unsigned)atoi(argv[1]) : domains;
	records = argc > 2 ? (unsigned)atoi(argv[2]) : records;
	sources = argc > 3 ? (unsigned)atoi(argv[3]) : sources;
	settings = settings_parse("bench", span_text(""), catalog, &why);
	if (!settings)
		die(why);
	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_mkdir_with_parents(dir, 0700);
		write_day(dir);
	}
	measure(folder);
	if (argc <= 4 && day_remove(dir, DAY, NULL)) {
		g_rmdir(dir);
		g_rmdir(folder);
	}
	settings_unref(settings);
	return 0;
}
