#include <config.h>

#include "store/eraser.h"

#include "base/clock.h"
#include "store/day.h"
#include "store/erasure.h"
#include "store/evidenceholds.h"
#include "store/evidencemarks.h"
#include "store/sealkey.h"
#include "store/sealwrite.h"
#include "store/sessionfind.h"
#include "store/storeerror.h"

struct eraser {
	const struct eraser_order *order;
	char *records_dir;
	struct querymatch match;
	struct holdset *held;
	GArray *hits;			/* of struct hit */
	GHashTable *sequences;		/* uint64_t: of the sessions
					 * among them */
	GHashTable *sessions;		/* of struct sessionfind_wanted */
	struct sealkey *key;
	bool is_planned;		/* the first look is over */
	int64_t day;			/* that is written anew */
	struct eraser_result *result;
};

/* What was found: of a record its original, if one is kept. */
struct hit {
	uint64_t sequence;
	int64_t day;			/* of its file */
	uint64_t session;		/* id; 0: it is none */
	bool is_held, has_original;
	struct evidence_place place;
};

static struct hit *hit_at(const struct eraser *eraser, guint i)
{
	return &g_array_index(eraser->hits, struct hit, i);
}

void eraser_result_release(struct eraser_result *result)
{
	g_clear_pointer(&result->done, g_array_unref);
	g_clear_pointer(&result->left, g_array_unref);
	g_clear_pointer(&result->ids, g_array_unref);
	g_clear_pointer(&result->late, g_array_unref);
}

static void add_hit(struct eraser *eraser, const struct search_hit *hit)
{
	struct hit found = { .sequence = hit->sequence, .day = hit->day };

	found.session = hit->record->session ? hit->record->id : 0;
	found.has_original = evidence_of_record(hit->record, &found.place);
	found.is_held = holdset_has_record(eraser->held, hit->day,
					   hit->record);
	g_array_append_val(eraser->hits, found);
}

/* What is found goes from the newest day back, so the last one counts. */
static void add_session(struct eraser *eraser, const struct search_hit *hit)
{
	uint64_t id = hit->record->session_id;
	struct sessionfind_wanted *wanted =
		g_hash_table_lookup(eraser->sessions, &id);

	if (!wanted) {
		wanted = g_new0(struct sessionfind_wanted, 1);
		wanted->id = id;
		g_hash_table_insert(eraser->sessions, &wanted->id, wanted);
	}
	wanted->from_day = hit->day;
	wanted->messages++;
}

static bool note_hit(const struct search_hit *hit, void *context)
{
	struct eraser *eraser = context;
	uint64_t id = hit->record->id;

	add_hit(eraser, hit);
	if (!eraser->is_planned)
		g_array_append_val(eraser->result->ids, id);
	if (hit->record->message && hit->record->has_session_id &&
	    erasure_is_of_sender(eraser->match.query))
		add_session(eraser, hit);
	return true;
}

/* One that the query itself asks for is among the hits already. */
static void note_session(const struct search_hit *hit,
			 const struct sessionfind_wanted *wanted, void *context)
{
	struct eraser *eraser = context;
	uint64_t sequence = hit->sequence;

	if (querymatch_is(&eraser->match, hit->record) || hit->record->erased)
		return;
	if (hit->record->session->messages != wanted->messages) {
		eraser->result->shared += !eraser->is_planned;
		return;
	}
	add_hit(eraser, hit);
	g_hash_table_add(eraser->sequences,
			 g_memdup2(&sequence, sizeof sequence));
}

static bool find_records(struct eraser *eraser, GError **error)
{
	struct search_query all = *eraser->order->query;
	struct search_result found;
	bool is_done;

	all.limit = 0;
	is_done = search_run(eraser->order->state_dir, &all, note_hit, eraser,
			     &found, error);
	if (is_done && found.problems->len) {
		store_error_set_text(error, STORE_ERROR_DAMAGED, "%s; nothing "
				     "was erased",
				     (const char *)found.problems->pdata[0]);
		is_done = false;
	}
	search_result_release(&found);
	return is_done;
}

/* Another record, with the same message to somebody else, may have
 * the original on hold. */
static bool look_at_holds(struct eraser *eraser, GError **error)
{
	struct evidenceholds *holds = evidenceholds_new(
		eraser->order->state_dir, eraser->held);
	g_autoptr(GError) why = NULL;
	bool is_held = false, is_known;

	for (guint i = 0; i < eraser->hits->len && !is_held && !why; i++) {
		const struct hit *hit = hit_at(eraser, i);

		is_held = hit->is_held ||
			  (hit->has_original &&
			   evidenceholds_has(holds, &hit->place, &why));
	}
	evidenceholds_free(&holds);
	is_known = !why;
	if (why)
		g_propagate_error(error, g_steal_pointer(&why));
	else if (is_held)
		store_error_set_text(error, STORE_ERROR_INVALID, "of these "
			"records some are on hold (reevectl records hold "
			"list): nothing more was erased");
	return is_known && !is_held;
}

static void forget_hits(struct eraser *eraser)
{
	g_array_set_size(eraser->hits, 0);
	g_hash_table_remove_all(eraser->sequences);
	g_hash_table_remove_all(eraser->sessions);
}

static bool look(struct eraser *eraser, GError **error)
{
	forget_hits(eraser);
	if (!find_records(eraser, error) ||
	    !sessionfind_run(eraser->order->state_dir, eraser->sessions,
			     note_session, eraser, error))
		return false;
	return look_at_holds(eraser, error);
}

/* Whoever puts something on hold meanwhile may count on it. What is
 * done by now is not found again; nor is any of its sessions wanted,
 * which came before it. */
static bool look_again(struct eraser *eraser, GError **error)
{
	struct holdset *now = holdset_load(eraser->order->state, error);
	bool is_same = now && holdset_mark(now) == holdset_mark(eraser->held);

	if (!now || is_same) {
		holdset_free(&now);
		return is_same;
	}
	holdset_free(&eraser->held);
	eraser->held = now;
	return look(eraser, error);
}

/* The original says all that was erased. That it is gone is written down
 * first, so that nobody takes it for a loss. Another who erases may have it
 * removed meanwhile. */
static bool remove_original(struct eraser *eraser,
			    const struct evidence_place *place, GError **error)
{
	const struct eraser_order *order = eraser->order;
	const struct evidence_removal removal = {
		.when_us = clock_now_us(),
		.operator_name = (char *)order->operator_name,
		.reason = (char *)order->reason,
	};
	g_autofree char *path = evidence_path(order->state_dir, place);
	g_autoptr(GError) why = NULL;

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return true;
	if (!evidencemarks_add_removal(order->state, place, &removal, error))
		return false;
	if (evidence_remove(order->state_dir, place, &why)) {
		eraser->result->originals++;
	} else if (!g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	return true;
}

/* The new file is whole. The originals go before it takes its place:
 * once the records do not say whose they are, nobody who is cut off here
 * would find them again. */
static bool confirm(void *context, GError **error)
{
	struct eraser *eraser = context;

	if (!look_again(eraser, error))
		return false;
	for (guint i = 0; i < eraser->hits->len; i++) {
		const struct hit *hit = hit_at(eraser, i);

		if (hit->has_original && hit->day == eraser->day &&
		    !remove_original(eraser, &hit->place, error))
			return false;
	}
	return true;
}

static enum sealwrite_fate decide(const struct dayreader_record *record,
				  GByteArray *instead, void *context)
{
	const struct eraser *eraser = context;
	const struct erasure erasure = { &eraser->match, clock_now_us() };
	bool is_erased = g_hash_table_contains(eraser->sequences,
					       &record->sequence) ?
		erasure_apply_to_session(&erasure, record->bytes, instead) :
		erasure_apply(&erasure, record->bytes, instead);

	return is_erased ? SEALWRITE_ERASE : SEALWRITE_KEEP;
}

static uint64_t count_of_day(const struct eraser *eraser, int64_t day)
{
	uint64_t count = 0;

	for (guint i = 0; i < eraser->hits->len; i++)
		count += hit_at(eraser, i)->day == day;
	return count;
}

static bool erase_day(struct eraser *eraser, int64_t day, GError **error)
{
	const struct sealwrite how = {
		.records_dir = eraser->records_dir, .day = day,
		.key = eraser->key, .now_us = clock_now_us(),
		.decide = decide, .confirm = confirm, .context = eraser,
	};
	uint64_t count = count_of_day(eraser, day);
	struct seal seal;

	eraser->day = day;
	if (!look_again(eraser, error) || !sealwrite_day(&how, &seal, error))
		return false;
	g_array_append_val(eraser->result->done, day);
	g_array_remove_index(eraser->result->left, 0);
	eraser->result->erased += count;
	return true;
}

static bool is_sealed(const struct eraser *eraser, int64_t day,
		      bool *is_sealed_out, GError **error)
{
	g_autofree char *path = day_path(eraser->records_dir, day);
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, error);
	struct segment_facts facts;
	bool is_read = segment && segment_facts(segment, &facts, error);

	segment_close(&segment);
	*is_sealed_out = is_read && facts.is_sealed;
	return is_read;
}

static int by_day_backwards(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void note_late(struct eraser *eraser, int64_t unsealed_day)
{
	for (guint i = 0; i < eraser->hits->len; i++) {
		const struct hit *hit = hit_at(eraser, i);

		if (hit->session && hit->day == unsealed_day)
			g_array_append_val(eraser->result->late, hit->session);
	}
	eraser->result->unsealed += count_of_day(eraser, unsealed_day);
}

static void note_going_on(struct eraser *eraser)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, eraser->sessions);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_array_append_val(eraser->result->late,
			((struct sessionfind_wanted *)value)->id);
}

/* All days that have some; those that are sealed are to be done. */
static bool plan_days(struct eraser *eraser, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash,
						      g_int64_equal);

	for (guint i = 0; i < eraser->hits->len; i++) {
		int64_t day = hit_at(eraser, i)->day;
		bool is_it;

		if (!g_hash_table_add(seen, &hit_at(eraser, i)->day))
			continue;
		if (!is_sealed(eraser, day, &is_it, error))
			return false;
		if (is_it)
			g_array_append_val(eraser->result->left, day);
		else
			note_late(eraser, day);
	}
	g_array_sort(eraser->result->left, by_day_backwards);
	note_going_on(eraser);
	return true;
}

static bool run(struct eraser *eraser, GError **error)
{
	struct eraser_result *result = eraser->result;

	eraser->held = holdset_load(eraser->order->state, error);
	if (!eraser->held || !look(eraser, error) ||
	    !plan_days(eraser, error))
		return false;
	eraser->is_planned = true;
	result->found = eraser->hits->len;
	result->sessions = g_hash_table_size(eraser->sequences);
	if (eraser->order->is_dry)
		return true;
	eraser->key = sealkey_open(eraser->order->state_dir, error);
	while (eraser->key && result->left->len)
		if (!erase_day(eraser, g_array_index(result->left, int64_t, 0),
			       error))
			return false;
	return eraser->key != NULL;
}

bool eraser_run(const struct eraser_order *order,
		struct eraser_result *result_out, GError **error)
{
	struct eraser eraser = {
		.order = order, .result = result_out,
		.records_dir = g_build_filename(order->state_dir, "records",
						NULL),
		.hits = g_array_new(FALSE, FALSE, sizeof(struct hit)),
		.sequences = g_hash_table_new_full(g_int64_hash, g_int64_equal,
						   g_free, NULL),
		.sessions = g_hash_table_new_full(g_int64_hash, g_int64_equal,
						  NULL, g_free),
	};
	g_autoptr(GError) why = NULL;
	bool is_done;

	*result_out = (struct eraser_result){
		.done = g_array_new(FALSE, FALSE, sizeof(int64_t)),
		.left = g_array_new(FALSE, FALSE, sizeof(int64_t)),
		.ids = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
		.late = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
	};
	querymatch_init(&eraser.match, order->query);
	is_done = run(&eraser, &why);
	if (why)
		g_propagate_error(error, g_steal_pointer(&why));
	querymatch_release(&eraser.match);
	holdset_free(&eraser.held);
	sealkey_close(&eraser.key);
	g_array_unref(eraser.hits);
	g_hash_table_unref(eraser.sequences);
	g_hash_table_unref(eraser.sessions);
	g_free(eraser.records_dir);
	return is_done;
}
