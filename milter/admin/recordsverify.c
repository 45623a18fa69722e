#include <config.h>

#include "admin/recordsverify.h"

#include "base/clock.h"
#include "settings/global.h"
#include "store/chain.h"
#include "store/day.h"
#include "store/diskwatch.h"
#include "store/hex.h"
#include "store/sealkey.h"
#include "store/sealwrite.h"
#include "store/storeerror.h"
#include "store/storesettings.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static char *records_dir(const struct admin *admin)
{
	return g_build_filename(admin_records_from(admin), "records", NULL);
}

/* Lines of `records anchor`; others that are empty or begin with # are none. */
static bool read_anchors(const struct command *self, const char *file,
			 GArray *anchors)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;
	g_auto(GStrv) lines = NULL;

	if (!file)
		return true;
	if (!g_file_get_contents(file, &text, NULL, &why)) {
		admin_fail(self, EX_NOINPUT, "%s", why->message);
		return false;
	}
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		struct chain_anchor anchor;

		if (!*g_strstrip(lines[i]) || *lines[i] == '#')
			continue;
		if (!chain_parse_anchor(span_text(lines[i]), &anchor)) {
			admin_fail(self, EX_DATAERR, "%s:%u: no line of "
				   "`reevectl records anchor`", file, i + 1);
			return false;
		}
		g_array_append_val(anchors, anchor);
	}
	return true;
}

static void print_json(const struct chain_day *day, const char *text)
{
	json_t *object = json_pack("{s:s, s:I, s:b, s:b}", "day", text,
				   "records", (json_int_t)day->records,
				   "sealed", day->is_sealed, "whole",
				   day->problem == NULL);

	if (!object)
		return;
	if (day->erased)
		json_object_set_new(object, "erased", json_integer(
			(json_int_t)day->erased));
	if (day->dropped)
		json_object_set_new(object, "dropped", json_integer(
			(json_int_t)day->dropped));
	if (day->problem)
		json_object_set_new(object, "problem",
				    json_string(day->problem));
	if (day->where)
		json_object_set_new(object, "sequence", json_integer(
			(json_int_t)day->where));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* Exit status. */
static int print_days(const struct admin *admin, const GArray *days)
{
	uint64_t records = 0, erased = 0;
	guint broken = 0, sealed = 0;

	for (guint i = 0; i < days->len; i++) {
		const struct chain_day *day = &g_array_index(
			days, struct chain_day, i);
		char text[DAY_TEXT_MAX];

		day_format(day->day, text);
		records += day->records;
		erased += day->erased;
		sealed += day->is_sealed;
		broken += day->problem != NULL;
		if (admin->is_json)
			print_json(day, text);
		else if (day->problem)
			printf("%s: %s\n", text, day->problem);
	}
	if (!admin->is_json && broken)
		printf("%u of %u days are not what was written\n", broken,
		       days->len);
	else if (!admin->is_json)
		printf("%" PRIu64 " records of %u days, %u sealed: all there, "
		       "unchanged\n", records, days->len, sealed);
	if (!admin->is_json && erased)
		printf("%" PRIu64 " of them were erased since; their hashes "
		       "are there\n", erased);
	return broken ? EX_DATAERR : EX_OK;
}

/* The key of the seals: as given, else what the state directory has, which is
 * there from the daemon's first start on. */
static int take_key(const struct admin *admin, const struct command *self,
		    const char *given, uint8_t *key_out, bool *has_key_out)
{
	const char *dir = admin_records_from(admin);
	g_autofree char *own = given ? NULL : sealkey_read_public(dir, NULL);
	const char *text = given ?: own;

	*has_key_out = text != NULL;
	if (!text || hex_parse(span_text(text), key_out, SEALKEY_PUBLIC_BYTES))
		return EX_OK;
	return admin_fail(self, EX_USAGE, "--key: not the 64 hex digits that "
			  "`reevectl status` shows");
}

static int verify(struct admin *admin, const struct command *self,
		  struct chain_query *query)
{
	g_autofree char *dir = records_dir(admin);
	g_autoptr(GError) why = NULL;
	g_autoptr(GArray) days = NULL;

	if (sealwrite_recover(dir, &why))
		days = chain_verify(dir, query, &why);
	if (!days)
		return admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	return print_days(admin, days);
}

/* Days before it may be gone: their term is over, or the disk was full
 * (records.at_disk_limit), which the audit tells. */
static int find_kept_day(const struct admin *admin, const struct command *self,
			 int64_t *day_out)
{
	const char *dir = admin_records_from(admin);
	g_autoptr(GError) why = NULL;
	struct state *state = state_open(dir, STATE_EXISTING, &why);
	int64_t dropped = INT64_MIN;
	/* Records may lie elsewhere than the state that they had. */
	bool is_read = state ? diskwatch_newest_dropped(state, &dropped, &why) :
		       g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING);

	state_close(&state);
	if (!is_read)
		return admin_fail(self, EX_UNAVAILABLE, "%s", why->message);
	*day_out = day_of_us(clock_now_us() - 1000 *
			     store_settings_of(admin->settings)->keep_ms);
	if (dropped >= *day_out)
		*day_out = dropped + 1;
	return EX_OK;
}

int recordsverify_run(struct admin *admin, const struct command *self, int argc,
		      char **argv)
{
	g_autoptr(GArray) anchors = g_array_new(FALSE, FALSE,
						sizeof(struct chain_anchor));
	g_autofree char *since = NULL, *until = NULL, *file = NULL;
	g_autofree char *key_text = NULL;
	uint8_t key[SEALKEY_PUBLIC_BYTES];
	bool has_key;
	const GOptionEntry entries[] = {
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since,
		  "From this day on", "DAY" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &until,
		  "Up to this day, it included", "DAY" },
		{ "anchors", 0, 0, G_OPTION_ARG_FILENAME, &file,
		  "What `records anchor` printed, kept elsewhere", "FILE" },
		{ "key", 0, 0, G_OPTION_ARG_STRING, &key_text,
		  "The seals' public key, as somebody else has it", "HEX" },
		RECORDS_FROM_ENTRY(admin),
		{ "json", 0, 0, G_OPTION_ARG_NONE, &admin->is_json,
		  "One object a line", NULL },
		G_OPTION_ENTRY_NULL,
	};
	struct chain_query query = {
		.since_day = INT64_MIN, .until_day = INT64_MAX,
	};
	int status = admin_parse(self, entries, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_take_days(self, since, until, &query.since_day,
					 &query.until_day);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status == EX_OK)
		status = take_key(admin, self, key_text, key, &has_key);
	if (status != EX_OK)
		return status;
	if (!read_anchors(self, file, anchors))
		return EX_DATAERR;
	query.public_key = has_key ? key : NULL;
	status = find_kept_day(admin, self, &query.kept_day);
	if (status != EX_OK)
		return status;
	query.anchors = (const struct chain_anchor *)(void *)anchors->data;
	query.anchor_count = anchors->len;
	return verify(admin, self, &query);
}

int recordsverify_anchor(struct admin *admin, const struct command *self,
			 int argc, char **argv)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *dir = NULL;
	struct chain_anchor anchor;
	char text[CHAIN_ANCHOR_MAX];
	int status = admin_parse(self, NULL, &argc, &argv);

	if (status == EX_OK)
		status = admin_take_no_words(self, argc, argv);
	if (status == EX_OK)
		status = admin_load(admin);
	if (status != EX_OK)
		return status;
	dir = records_dir(admin);
	if (!chain_newest(dir, &anchor, &why))
		return admin_fail(self, EX_UNAVAILABLE, "%s", why ?
				  why->message : "there is no record yet");
	puts(chain_format_anchor(&anchor, text));
	return EX_OK;
}
