#include <config.h>

#include "admin/reportforms.h"

#include "admin/recordjson.h"
#include "admin/recordprint.h"
#include "report/arf.h"
#include "report/iodef.h"
#include "report/redactheader.h"
#include "report/xarfspam.h"
#include "settings/global.h"
#include "store/evidence.h"
#include "store/storeerror.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define ORIGINAL_MAX ((uint64_t)256 << 20)

/* One record as it may be shown, and what is told of it. */
struct shown {
	Reeve__Record *record;
	struct abusefacts facts;
	GByteArray *original, *header;
};

/* One that is gone or removed is no reason not to report. */
static GByteArray *read_original(const struct reportforms *on,
				 const Reeve__Record *record)
{
	g_autoptr(GError) why = NULL;
	struct evidence_place place;
	GByteArray *original;

	if (!evidence_of_record(record, &place))
		return NULL;
	original = evidence_get(admin_records_from(on->admin), &place,
				ORIGINAL_MAX, &why);
	if (!original && !g_error_matches(why, STORE_ERROR,
					  STORE_ERROR_MISSING))
		admin_fail(on->self, 0, "%s", why->message);
	return original;
}

/* One to be changed: each time it is shown it is hidden anew. */
static Reeve__Record *copy_of(const Reeve__Record *record, struct arena *arena)
{
	size_t len = reeve__record__get_packed_size(record);
	uint8_t *bytes = arena_alloc(arena, len);

	reeve__record__pack(record, bytes);
	return (Reeve__Record *)recordview_unpack(
		span_of((const char *)bytes, len), arena);
}

/* Of a message whose recipients are hidden only the header is shown. */
static void hide(const struct reportforms *on, struct shown *shown)
{
	struct redact redact;

	shown->record = copy_of(shown->record, on->arena);
	BUG_IF(!shown->record);
	redact_init(&redact, on->redact_key, shown->record->message);
	if (shown->original)
		shown->header = redactheader_format(&redact, span_of(
			(const char *)shown->original->data,
			shown->original->len), on->arena);
	g_clear_pointer(&shown->original, g_byte_array_unref);
	redact_record(&redact, shown->record, on->arena);
	redact_release(&redact);
}

static void shown_init(struct shown *shown, const struct reportforms *on,
		       guint index, bool with_original)
{
	const struct casematter_record *one = g_ptr_array_index(on->records,
								index);
	const struct settings *settings = on->admin->settings;

	*shown = (struct shown){ .record = (Reeve__Record *)one->record };
	if (with_original)
		shown->original = read_original(on, one->record);
	if (on->redact_key)
		hide(on, shown);
	abusefacts_init(&shown->facts, shown->record,
			report_settings_of(settings),
			global_settings_of(settings)->authserv_id, on->arena);
	shown->facts.original = shown->original;
	shown->facts.header = shown->header;
	shown->facts.is_redacted = on->redact_key != NULL;
	shown->facts.case_id = on->case_id;
	shown->facts.is_whole = shown->original &&
				!shown->record->message->evidence->cut;
}

static void shown_release(struct shown *shown)
{
	abusefacts_release(&shown->facts);
	g_clear_pointer(&shown->original, g_byte_array_unref);
	g_clear_pointer(&shown->header, g_byte_array_unref);
}

static int emit(const struct reportforms *on, const char *type,
		const char *subtype, const char *name, const char *bytes,
		size_t len)
{
	g_autoptr(GByteArray) copy = g_byte_array_sized_new((guint)len);
	const struct reportmail_file file = { type, subtype, name, copy };

	g_byte_array_append(copy, (const guint8 *)bytes, (guint)len);
	return on->take(&file, on->context);
}

/* Which one stands for a case: the last whose original was kept. */
static guint sample_of(const struct reportforms *on)
{
	for (guint i = on->records->len; i > 0; i--) {
		const struct casematter_record *one = g_ptr_array_index(
			on->records, i - 1);

		if (one->record->message->evidence)
			return i - 1;
	}
	return on->records->len - 1;
}

static char *line_of(const struct abusefacts *facts, struct arena *arena)
{
	return arena_printf(arena, "%s  from %s  sender %s  queue id %s  "
			    "record %s", abusefacts_time(facts, arena),
			    facts->client ?: "-", facts->sender ?: "-",
			    facts->queue_id ?: "-", facts->record_id);
}

/* All but one, a line each. */
static GPtrArray *lines_but(const struct reportforms *on, guint sample)
{
	GPtrArray *lines = g_ptr_array_new();

	for (guint i = 0; i < on->records->len; i++) {
		struct shown shown;

		if (i == sample)
			continue;
		shown_init(&shown, on, i, false);
		g_ptr_array_add(lines, line_of(&shown.facts, on->arena));
		shown_release(&shown);
	}
	return lines;
}

const char *reportforms_words(const struct reportforms *on)
{
	guint sample = sample_of(on);
	g_autoptr(GPtrArray) others = lines_but(on, sample);
	g_autofree char *words = NULL;
	struct shown shown;

	shown_init(&shown, on, sample, false);
	shown.facts.others = others;
	words = arf_words(&shown.facts, on->arena);
	shown_release(&shown);
	return arena_text(on->arena, words);
}

static int make_arf(const struct reportforms *on)
{
	guint sample = sample_of(on);
	g_autoptr(GPtrArray) others = lines_but(on, sample);
	g_autoptr(GByteArray) mail = NULL;
	const struct reportmail_file file = {
		"message", "rfc822", "report.eml", NULL,
	};
	struct reportmail_file whole = file;
	struct shown shown;

	shown_init(&shown, on, sample, true);
	shown.facts.others = others;
	mail = arf_format(&shown.facts, on->to, on->arena);
	shown_release(&shown);
	whole.bytes = mail;
	return on->take(&whole, on->context);
}

static int make_one_xarf(const struct reportforms *on, guint index)
{
	struct shown shown;
	int status = EX_DATAERR;
	json_t *object;

	shown_init(&shown, on, index, true);
	object = xarfspam_format(&shown.facts, on->arena);
	if (object) {
		char *text = json_dumps(object, JSON_COMPACT);
		g_autofree char *line = g_strconcat(text, "\n", NULL);

		status = emit(on, "application", "json", arena_printf(
			on->arena, "xarf-%s.json", shown.facts.record_id),
			line, strlen(line));
		free(text);
	} else {
		admin_fail(on->self, EX_DATAERR, "record %s has no client "
			   "address and no sender's domain: there is nobody to "
			   "report", shown.facts.record_id);
	}
	json_decref(object);
	shown_release(&shown);
	return status;
}

static int make_xarf(const struct reportforms *on)
{
	int status = EX_OK;

	for (guint i = 0; i < on->records->len && status == EX_OK; i++)
		status = make_one_xarf(on, i);
	return status;
}

static int make_iodef(const struct reportforms *on)
{
	guint count = on->records->len, sample = sample_of(on);
	g_autofree struct shown *all = g_new0(struct shown, count);
	g_autofree const struct abusefacts **facts =
		g_new0(const struct abusefacts *, count);
	g_autofree char *text = NULL;

	for (guint i = 0; i < count; i++) {
		guint place = i == sample ? 0 : i < sample ? i + 1 : i;

		shown_init(&all[i], on, i, false);
		facts[place] = &all[i].facts;
	}
	text = iodef_format(facts, count, on->arena);
	for (guint i = 0; i < count; i++)
		shown_release(&all[i]);
	return emit(on, "application", "xml", "iodef.xml", text,
		    strlen(text));
}

/* Adds one record to a document that has all of them. */
typedef void add_fn(GString *out, const struct shown *shown,
		    const struct casematter_record *one, struct arena *arena);

static int make_whole(const struct reportforms *on, add_fn *add, GString *out,
		      const char *type, const char *subtype, const char *name)
{
	for (guint i = 0; i < on->records->len; i++) {
		struct shown shown;

		shown_init(&shown, on, i, false);
		add(out, &shown, g_ptr_array_index(on->records, i),
		    on->arena);
		shown_release(&shown);
	}
	return emit(on, type, subtype, name, out->str, out->len);
}

static void add_csv(GString *out, const struct shown *shown,
		    const struct casematter_record *one, struct arena *arena)
{
	(void)one;
	(void)arena;
	recordprint_csv(out, shown->record);
}

static int make_csv(const struct reportforms *on)
{
	g_autoptr(GString) out = g_string_new(NULL);

	recordprint_csv_titles(out);
	return make_whole(on, add_csv, out, "text", "csv", "records.csv");
}

static void add_json(GString *out, const struct shown *shown,
		     const struct casematter_record *one, struct arena *arena)
{
	json_t *object = recordjson_record(shown->record, one->sequence);
	char *text = json_dumps(object, JSON_COMPACT);

	(void)arena;
	g_string_append_printf(out, "%s\n", text);
	free(text);
	json_decref(object);
}

static int make_json(const struct reportforms *on)
{
	g_autoptr(GString) out = g_string_new(NULL);

	return make_whole(on, add_json, out, "application", "json",
			  "records.json");
}

static void add_text(GString *out, const struct shown *shown,
		     const struct casematter_record *one, struct arena *arena)
{
	g_autofree char *words = arf_words(&shown->facts, arena);

	(void)one;
	g_string_append_printf(out, "%s%s", out->len ? "\n" : "", words);
}

static int make_text(const struct reportforms *on)
{
	g_autoptr(GString) out = g_string_new(NULL);

	return make_whole(on, add_text, out, "text", "plain", "report.txt");
}

static const struct reportforms_format formats[] = {
	{ "arf", false, true, make_arf }, { "xarf", true, false, make_xarf },
	{ "iodef", false, false, make_iodef },
	{ "csv", true, false, make_csv }, { "json", true, false, make_json },
	{ "text", true, false, make_text },
};

const struct reportforms_format *reportforms_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (g_str_equal(formats[i].name, name))
			return &formats[i];
	return NULL;
}
