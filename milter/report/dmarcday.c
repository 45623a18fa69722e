#include <config.h>

#include "report/dmarcday.h"

#include "base/arena.h"
#include "resolver/dnsname.h"

#include <string.h>

struct dmarcday {
	size_t rows, day_rows, row_count;
	GHashTable *reports;		/* domain -> struct counting * */
	struct arena arena;		/* of all that stays */
	struct arena passing;		/* of the record in hand */
	GString *key;
};

struct counting {
	struct dmarcday_report report;
	GHashTable *rows;		/* key -> struct dmarcday_row * */
};

static void free_counting(void *data)
{
	struct counting *counting = data;

	g_hash_table_unref(counting->rows);
	g_ptr_array_unref(counting->report.rows);
}

struct dmarcday *dmarcday_new(size_t rows, size_t day_rows)
{
	struct dmarcday *day = g_new0(struct dmarcday, 1);

	day->rows = rows;
	day->day_rows = day_rows;
	day->reports = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					     free_counting);
	day->key = g_string_new(NULL);
	arena_init(&day->arena);
	arena_init(&day->passing);
	return day;
}

void dmarcday_free(struct dmarcday *day)
{
	if (!day)
		return;
	g_hash_table_unref(day->reports);
	g_string_free(day->key, TRUE);
	arena_release(&day->arena);
	arena_release(&day->passing);
	g_free(day);
}

/* A record may be damaged, and a domain be in UTF-8: what no XML
 * can have becomes "?". */
static const char *clean(const char *text, struct arena *arena)
{
	const char *end;
	char *copy;

	if (!text)
		return "";
	copy = arena_text(arena, text);
	while (!g_utf8_validate(copy, -1, &end))
		copy[end - copy] = '?';
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	/* Of all that is valid UTF-8 XML lacks just these two. */
	for (char *c = copy; (c = strstr(c, "\xef\xbf")); c++)
		if ((unsigned char)c[2] >= 0xbe)
			memcpy(c, "???", 3);
	return copy;
}

static struct counting *counting_of(struct dmarcday *day,
				    const struct auth_dmarc *dmarc)
{
	struct counting *counting = g_hash_table_lookup(day->reports,
							dmarc->record_domain);
	bool is_own = g_strcmp0(dmarc->tag, "p") == 0;

	if (counting)
		return counting;
	counting = arena_new(&day->arena, struct counting);
	counting->rows = g_hash_table_new(g_str_hash, g_str_equal);
	counting->report = (struct dmarcday_report){
		.domain = clean(dmarc->record_domain, &day->arena),
		.is_spf_strict = dmarc->is_spf_strict,
		.is_dkim_strict = dmarc->is_dkim_strict,
		.policy = is_own ? dmarc->published : dmarc->policy,
		.sub_policy = dmarc->sub_policy,
		.percent = MIN(dmarc->percent, 100),
		.failure_options = dmarc->failure_options,
		.rows = g_ptr_array_new(),
	};
	g_hash_table_insert(day->reports,
			    arena_text(&day->arena, dmarc->record_domain),
			    counting);
	return counting;
}

/* RFC 7489, appendix C, PolicyOverrideType. */
static const char *override_of(const char *word)
{
	static const char *const words[] = {
		"forwarded", "sampled_out", "trusted_forwarder",
		"mailing_list", "local_policy", "other",
	};

	for (size_t i = 0; word && i < COUNT_OF(words); i++)
		if (g_str_equal(word, words[i]))
			return words[i];
	return word ? "other" : NULL;
}

static enum dmarc_policy most_done(const Reeve__Record *record)
{
	enum action action = recordview_action(record);

	if (record->message->monitored || action < ACTION_QUARANTINE)
		return DMARC_POLICY_NONE;
	return action == ACTION_QUARANTINE ? DMARC_POLICY_QUARANTINE :
					     DMARC_POLICY_REJECT;
}

/* What DMARC demanded need not be what the verdict made of it. */
static void put_disposition(struct dmarcday_row *row,
			    const struct auth_dmarc *dmarc,
			    const Reeve__Record *record)
{
	enum dmarc_policy most = most_done(record);

	row->disposition = MAX(dmarc->disposition, DMARC_POLICY_NONE);
	row->override = override_of(dmarc->override);
	row->reason = dmarc->reason;
	if (dmarc->result == AUTH_RESULT_TEMPERROR)
		row->override = "other";
	if (row->disposition <= most)
		return;
	row->disposition = most;
	row->override = "local_policy";
	row->reason = record->message->monitored ?
		      "we only watch, and act on nothing" :
		      "another decision of ours";
}

static const char *domain_of(struct span sender, struct arena *arena)
{
	ptrdiff_t at = span_find_last(sender, '@');

	return at < 0 ? "" : clean(arena_span_text(
		arena, span_from(sender, (size_t)at + 1)), arena);
}

static void put_results(struct dmarcday_row *row, const struct auth *auth,
			const Reeve__Record *record, struct arena *arena)
{
	struct dmarcday_dkim *dkim = arena_new_n(arena, struct dmarcday_dkim,
						 auth->dkim->len);

	row->envelope_from = domain_of(recordview_sender(record), arena);
	row->header_from = clean(auth->dmarc.domain, arena);
	row->spf = auth->spf.result;
	row->is_spf_of_helo = g_strcmp0(auth->spf.scope, "helo") == 0;
	row->spf_domain = auth->spf.domain ? clean(auth->spf.domain, arena) :
					     row->envelope_from;
	for (guint i = 0; i < auth->dkim->len; i++) {
		const struct auth_dkim *one = &g_array_index(
			auth->dkim, struct auth_dkim, i);

		dkim[i] = (struct dmarcday_dkim){
			clean(one->domain, arena), clean(one->selector, arena),
			one->result,
		};
	}
	row->dkim = dkim;
	row->dkim_count = auth->dkim->len;
}

/* All that tells rows apart, one behind the other; no text has
 * a line end in it. */
static void make_key(GString *key, const struct dmarcday_row *row)
{
	char source[NETADDR_TEXT_MAX];

	g_string_printf(key, "%s\n%d%d%d%d%d\n%s\n%s\n%s\n%s\n%s",
			netaddr_format(&row->source, source),
			(int)row->disposition, row->is_dkim_aligned,
			row->is_spf_aligned, (int)row->spf,
			row->is_spf_of_helo, row->spf_domain, row->header_from,
			row->envelope_from, row->override ?: "",
			row->reason ?: "");
	for (size_t i = 0; i < row->dkim_count; i++)
		g_string_append_printf(key, "\n%s\n%s\n%d",
				       row->dkim[i].domain,
				       row->dkim[i].selector,
				       (int)row->dkim[i].result);
}

static struct dmarcday_row *keep_row(struct dmarcday *day,
				     const struct dmarcday_row *row)
{
	struct dmarcday_row *copy = arena_new(&day->arena,
					      struct dmarcday_row);
	struct dmarcday_dkim *dkim = arena_new_n(
		&day->arena, struct dmarcday_dkim, row->dkim_count);

	*copy = *row;
	copy->reason = arena_text(&day->arena, row->reason);
	copy->header_from = arena_text(&day->arena, row->header_from);
	copy->envelope_from = arena_text(&day->arena, row->envelope_from);
	copy->spf_domain = arena_text(&day->arena, row->spf_domain);
	for (size_t i = 0; i < row->dkim_count; i++)
		dkim[i] = (struct dmarcday_dkim){
			arena_text(&day->arena, row->dkim[i].domain),
			arena_text(&day->arena, row->dkim[i].selector),
			row->dkim[i].result,
		};
	copy->dkim = dkim;
	day->row_count++;
	return copy;
}

static void count_row(struct dmarcday *day, struct counting *counting,
		      const struct dmarcday_row *row)
{
	struct dmarcday_report *report = &counting->report;
	struct dmarcday_row *found;

	report->messages++;
	make_key(day->key, row);
	found = g_hash_table_lookup(counting->rows, day->key->str);
	if (!found && (report->rows->len >= day->rows ||
		       day->row_count >= day->day_rows)) {
		report->left_out++;
		return;
	}
	if (!found) {
		found = keep_row(day, row);
		g_hash_table_insert(counting->rows, arena_text(
			&day->arena, day->key->str), found);
		g_ptr_array_add(report->rows, found);
	}
	found->count++;
}

static bool is_of_use(const Reeve__Record *record)
{
	return record->message && record->message->dmarc &&
	       record->message->dmarc->reports &&
	       recordview_ending(record) == ENDING_COMPLETE &&
	       recordview_action(record) != ACTION_DEFER;
}

/* It becomes a file's name, too. */
static bool is_domain(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++)
		if (!g_ascii_isalnum(text[i]) && !strchr("-_.", text[i]))
			return false;
	return len > 0 && len <= DNSNAME_MAX && text[0] != '.';
}

void dmarcday_add(struct dmarcday *day, const Reeve__Record *record)
{
	struct dmarcday_row row = { .count = 0 };
	const struct auth_dmarc *dmarc;
	struct auth auth;

	if (!is_of_use(record) || !recordview_client(record, &row.source))
		return;
	arena_reset(&day->passing);
	auth = recordview_auth(record, &day->passing);
	dmarc = &auth.dmarc;
	if (is_domain(dmarc->record_domain)) {
		row.is_dkim_aligned = dmarc->is_dkim_aligned;
		row.is_spf_aligned = dmarc->is_spf_aligned;
		put_disposition(&row, dmarc, record);
		row.reason = row.override ? clean(row.reason, &day->passing) :
					    NULL;
		put_results(&row, &auth, record, &day->passing);
		count_row(day, counting_of(day, dmarc), &row);
	}
	g_array_unref(auth.dkim);
}

static int by_domain(const void *left, const void *right)
{
	const struct dmarcday_report *const *a = left, *const *b = right;

	return strcmp((*a)->domain, (*b)->domain);
}

/* The most frequent first, then by address: the same whatever the order was. */
static int by_count(const void *left, const void *right)
{
	const struct dmarcday_row *a = *(void *const *)left;
	const struct dmarcday_row *b = *(void *const *)right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return memcmp(a->source.bytes, b->source.bytes,
		      sizeof a->source.bytes);
}

GPtrArray *dmarcday_reports(const struct dmarcday *day)
{
	GPtrArray *reports = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, day->reports);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct counting *counting = value;

		g_ptr_array_sort(counting->report.rows, by_count);
		g_ptr_array_add(reports, &counting->report);
	}
	g_ptr_array_sort(reports, by_domain);
	return reports;
}
