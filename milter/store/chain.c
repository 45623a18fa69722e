#include <config.h>

#include "store/chain.h"

#include "store/day.h"
#include "store/dayreader.h"
#include "store/hashtree.h"
#include "store/hex.h"
#include "store/sealfiles.h"
#include "store/storeerror.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define AT_ONCE 20000		/* records of one transaction */
#define TRIES 5

typedef uint8_t hash_bytes[RECORD_HASH_BYTES];

/* A walk through a day: what the next record must go on from. */
struct walk {
	struct chain_day *day;
	const struct chain_query *query;
	struct dayreader *reader;
	hash_bytes last;		/* of the last record */
	hash_bytes behind;		/* of the one before that */
	uint64_t sequence;		/* of the last record */
	struct hashtree tree;		/* over all so far */
};

static bool is_same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, RECORD_HASH_BYTES) == 0;
}

static bool is_over(const struct walk *walk)
{
	return walk->day->problem != NULL;
}

static void tell(struct chain_day *day, uint64_t where, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static void tell(struct chain_day *day, uint64_t where, const char *fmt, ...)
{
	va_list args;

	if (day->problem)
		return;
	va_start(args, fmt);
	day->problem = g_strdup_vprintf(fmt, args);
	va_end(args);
	day->where = where;
}

/* Whether what comes next, a record or the head, knows this one
 * by this hash. */
static bool is_known_after(const struct walk *walk, uint64_t sequence,
			   const uint8_t *hash)
{
	const struct segment_head *head = &walk->day->facts.head;
	struct dayreader_record next;

	if (sequence == head->sequence)
		return is_same(head->sha256, hash);
	return dayreader_at(walk->reader, sequence + 1, &next) &&
	       is_same(next.previous_sha256, hash);
}

/* The record that has this hash; 0: none has. */
static uint64_t find_hash(const struct walk *walk, const uint8_t *wanted)
{
	const struct segment_facts *facts = &walk->day->facts;
	struct dayreader_record record;
	uint64_t at = facts->before.sequence + 1;

	for (; at <= facts->head.sequence &&
	       dayreader_next(walk->reader, at, &record);
	     at = record.sequence + 1)
		if (is_same(record.sha256, wanted))
			return record.sequence;
	return 0;
}

/* The record does not carry the hash of the one before it:
 * which of them is it? */
static void tell_broken(const struct walk *walk,
			const struct dayreader_record *record)
{
	const uint64_t sequence = record->sequence;
	uint64_t first = walk->day->facts.before.sequence + 1, place;

	bool is_known = is_known_after(walk, sequence, record->sha256);

	if (sequence >= first + 2 &&
	    is_same(record->previous_sha256, walk->behind))
		tell(walk->day, sequence - 1, "record %" PRIu64
		     " was inserted", sequence - 1);
	else if (is_known && sequence == first)
		tell(walk->day, sequence, "record %" PRIu64 " does not go on "
		     "from the day before: what was in between is gone, or "
		     "the day was put in its place", sequence);
	else if (is_known)
		tell(walk->day, sequence - 1, "record %" PRIu64
		     " was changed, or one behind it was removed",
		     sequence - 1);
	else if ((place = find_hash(walk, record->previous_sha256)))
		tell(walk->day, sequence, "record %" PRIu64 " was moved: it "
		     "belongs behind record %" PRIu64, sequence, place);
	else
		tell(walk->day, sequence, "record %" PRIu64 " was changed",
		     sequence);
}

static void check_anchors(const struct walk *walk)
{
	for (size_t i = 0; i < walk->query->anchor_count; i++) {
		const struct segment_head *head =
			&walk->query->anchors[i].head;

		if (head->sequence == walk->sequence &&
		    !is_same(head->sha256, walk->last))
			tell(walk->day, walk->sequence, "record %" PRIu64
			     " or one before it is not what it was when it "
			     "was anchored", walk->sequence);
	}
}

static void check_record(struct walk *walk,
			 const struct dayreader_record *record)
{
	const uint64_t sequence = record->sequence;

	if (sequence != walk->sequence + 1 && walk->day->dropped) {
		memcpy(walk->last, record->previous_sha256,
		       sizeof walk->last);
	} else if (sequence != walk->sequence + 1) {
		tell(walk->day, walk->sequence + 1, "records %" PRIu64 " to %"
		     PRIu64 " were removed", walk->sequence + 1, sequence - 1);
		return;
	}
	if (record->is_changed)
		tell(walk->day, sequence, "record %" PRIu64 " was changed",
		     sequence);
	else if (!is_same(record->previous_sha256, walk->last))
		tell_broken(walk, record);
	memcpy(walk->behind, walk->last, sizeof walk->behind);
	memcpy(walk->last, record->sha256, sizeof walk->last);
	walk->sequence = sequence;
	walk->day->records++;
	walk->day->erased += record->is_erased;
	if (walk->day->is_sealed)
		hashtree_add(&walk->tree, record->sha256);
	if (walk->query->anchor_count)
		check_anchors(walk);
}

/* Some of the records that follow. False: there are no more. */
static bool walk_some(struct walk *walk)
{
	uint64_t last = walk->day->facts.head.sequence;
	struct dayreader_record record;

	for (unsigned i = 0; i < AT_ONCE; i++) {
		if (is_over(walk) || walk->sequence >= last ||
		    !dayreader_next(walk->reader, walk->sequence + 1,
					 &record) || record.sequence > last)
			break;
		check_record(walk, &record);
		if (i == AT_ONCE - 1)
			return !is_over(walk);
	}
	if (dayreader_problem(walk->reader))
		tell(walk->day, walk->sequence + 1, "behind record %" PRIu64
		     ": %s", walk->sequence,
		     dayreader_problem(walk->reader));
	return false;
}

static void check_end(struct walk *walk)
{
	const struct segment_head *head = &walk->day->facts.head;
	uint64_t there = walk->day->records + walk->day->dropped;

	if (walk->day->dropped && there == walk->day->facts.count)
		return;
	if (walk->sequence < head->sequence)
		tell(walk->day, walk->sequence + 1, "records %" PRIu64 " to %"
		     PRIu64 " were removed", walk->sequence + 1,
		     head->sequence);
	else if (!is_same(walk->last, head->sha256))
		tell(walk->day, walk->sequence, "record %" PRIu64
		     ", the last, was changed", walk->sequence);
	else if (there != walk->day->facts.count)
		tell(walk->day, walk->sequence, "there are %" PRIu64
		     " records, but %" PRIu64 " were written", there,
		     walk->day->facts.count);
}

static void walk_segment(struct walk *walk, struct segment *segment,
			 GError **error)
{
	const struct segment_head *before = &walk->day->facts.before;
	bool is_more = true;

	walk->sequence = before->sequence;
	memcpy(walk->last, before->sha256, sizeof walk->last);
	while (is_more) {
		walk->reader = dayreader_new(segment, DAYREADER_HASHES,
						  error);
		if (!walk->reader)
			return;
		is_more = walk_some(walk);
		dayreader_free(&walk->reader);
	}
	if (!is_over(walk))
		check_end(walk);
}

/* A record that was changed is better told than that the file was. */
static void check_seal(struct walk *walk, const struct seal *seal)
{
	const struct segment_facts *facts = &walk->day->facts;
	uint8_t root[RECORD_HASH_BYTES];

	hashtree_root(&walk->tree, root);
	if (seal->records != facts->count ||
	    seal->first != facts->before.sequence + 1 ||
	    seal->last != facts->head.sequence ||
	    !is_same(seal->before, facts->before.sha256) ||
	    !is_same(seal->head, facts->head.sha256) ||
	    seal->erased != walk->day->erased ||
	    (!seal->dropped && !is_same(seal->tree, root)))
		tell(walk->day, 0, "it is not what its seal says: the day was "
		     "put in its place, or the seal");
}

/* Whether there is a seal is known before the file is opened: a day that is
 * sealed meanwhile was an open one then. */
static void verify_sealed(struct walk *walk, const char *records_dir,
			  struct segment *segment, GError **error)
{
	struct seal seal;
	g_autofree char *problem = sealfiles_check(
		records_dir, walk->day->day, walk->query->public_key, &seal);

	walk->day->dropped = problem ? 0 : seal.dropped;
	walk_segment(walk, segment, error);
	if (problem)
		tell(walk->day, 0, "%s", problem);
	else
		check_seal(walk, &seal);
}

static void verify_once(struct walk *walk, const char *records_dir)
{
	g_autofree char *path = day_path(records_dir, walk->day->day);
	g_autofree char *seal_path = day_seal_path(path);
	bool has_seal = g_file_test(seal_path, G_FILE_TEST_EXISTS);
	g_autoptr(GError) why = NULL;
	struct segment *segment = segment_open(path, SEGMENT_READ, 0, &why);

	if (segment && segment_facts(segment, &walk->day->facts, &why)) {
		walk->day->is_read = true;
		walk->day->is_sealed = walk->day->facts.is_sealed;
		if (walk->day->is_sealed)
			verify_sealed(walk, records_dir, segment, &why);
		else if (has_seal)
			tell(walk->day, 0, "the day was sealed, but its file "
			     "is that of an open day: it was put in its "
			     "place");
		else
			walk_segment(walk, segment, &why);
	}
	segment_close(&segment);
	/* One that went at its term since the days were listed is no loss. */
	if (why && !(g_error_matches(why, STORE_ERROR, STORE_ERROR_MISSING) &&
		     walk->day->day < walk->query->kept_day))
		tell(walk->day, 0, "%s", why->message);
}

/* Which files they are: another number when they were exchanged. */
static uint64_t mark_of(const char *records_dir, int64_t day)
{
	g_autofree char *path = day_path(records_dir, day);
	g_autofree char *seal = day_seal_path(path);
	struct stat file = { .st_ino = 0 }, beside = { .st_ino = 0 };

	if (stat(path, &file) != 0)
		file.st_ino = 0;
	if (stat(seal, &beside) != 0)
		beside.st_ino = 0;
	return (uint64_t)file.st_ino << 32 ^ (uint64_t)beside.st_ino;
}

/* A day that is sealed, written anew or removed meanwhile is
 * looked at once more. */
static void verify_day(struct walk *walk, const char *records_dir)
{
	const struct walk fresh = { .day = walk->day, .query = walk->query };
	int64_t day = walk->day->day;

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t before = mark_of(records_dir, day);

		verify_once(walk, records_dir);
		if (!walk->day->problem || mark_of(records_dir, day) == before)
			return;
		g_free(walk->day->problem);
		*walk = fresh;
		*walk->day = (struct chain_day){ .day = day };
	}
	verify_once(walk, records_dir);
}

/* What the threads share. */
struct work {
	const char *records_dir;
	struct walk *walks;
	guint count;
	atomic_uint next;		/* of walks */
};

static gpointer verify_days(gpointer context)
{
	struct work *work = context;
	guint i;

	while ((i = atomic_fetch_add(&work->next, 1)) < work->count)
		verify_day(&work->walks[i], work->records_dir);
	return NULL;
}

/* Joined, so that nothing of a thread is left when this returns. */
static void run_threads(struct work *work, unsigned threads)
{
	g_autoptr(GPtrArray) others = g_ptr_array_new();

	for (unsigned i = 1; i < MIN(threads, work->count); i++) {
		GThread *thread = g_thread_try_new("verify", verify_days, work,
						   NULL);

		if (thread)
			g_ptr_array_add(others, thread);
	}
	verify_days(work);
	for (guint i = 0; i < others->len; i++)
		g_thread_join(g_ptr_array_index(others, i));
}

/* Days are sealed in order. */
static void check_seals(GArray *days)
{
	bool is_later_sealed = false;

	for (guint i = days->len; i > 0; i--) {
		struct chain_day *day = &g_array_index(days, struct chain_day,
						       i - 1);

		if (is_later_sealed && day->is_read && !day->is_sealed)
			tell(day, 0, "later days are sealed, but this one is "
			     "not: its seal was removed, and its records may "
			     "be others");
		is_later_sealed |= day->is_sealed;
	}
}

static void check_links(GArray *days, const struct chain_query *query)
{
	for (guint i = 1; i < days->len; i++) {
		const struct chain_day *old =
			&g_array_index(days, struct chain_day, i - 1);
		struct chain_day *day = &g_array_index(days, struct chain_day,
						       i);
		const struct segment_head *from = &day->facts.before;
		char text[DAY_TEXT_MAX];

		if (!old->is_read || !day->is_read)
			continue;
		day_format(old->day, text);
		if (from->sequence > old->facts.head.sequence &&
		    old->day + 1 < query->kept_day)
			continue;
		if (from->sequence > old->facts.head.sequence)
			tell(day, old->facts.head.sequence + 1,
			     "records %" PRIu64 " to %" PRIu64 ", between this "
			     "day and %s, were removed",
			     old->facts.head.sequence + 1, from->sequence,
			     text);
		else if (from->sequence < old->facts.head.sequence ||
			 !is_same(from->sha256, old->facts.head.sha256))
			tell(day, from->sequence + 1, "it does not go on from "
			     "the end of %s: one of these days was put in its "
			     "place", text);
	}
}

/* The newest day is kept whatever its age: where an anchor is, there is one. */
static void expect_some(GArray *days, const struct chain_query *query)
{
	for (size_t i = 0; i < query->anchor_count; i++) {
		struct chain_day none = { .day = query->anchors[i].day };

		if (none.day < query->since_day || none.day > query->until_day)
			continue;
		tell(&none, query->anchors[i].head.sequence, "all records up "
		     "to %" PRIu64 ", which was anchored, were removed",
		     query->anchors[i].head.sequence);
		g_array_append_val(days, none);
		return;
	}
}

/* Those that lie outside what there is: gone from the end, or from a day that
 * still has records. */
static void check_outside(GArray *days, const struct chain_query *query)
{
	struct chain_day *first, *last;

	if (!days->len) {
		expect_some(days, query);
		return;
	}
	first = &g_array_index(days, struct chain_day, 0);
	last = &g_array_index(days, struct chain_day, days->len - 1);
	for (size_t i = 0; i < query->anchor_count; i++) {
		const struct chain_anchor *anchor = &query->anchors[i];

		if (last->is_read && anchor->day <= query->until_day &&
		    anchor->head.sequence > last->facts.head.sequence)
			tell(last, last->facts.head.sequence + 1, "records %"
			     PRIu64 " to %" PRIu64 ", which were anchored, "
			     "were removed", last->facts.head.sequence + 1,
			     anchor->head.sequence);
		if (first->is_read && anchor->day >= first->day &&
		    anchor->head.sequence && anchor->head.sequence <=
					     first->facts.before.sequence)
			tell(first, anchor->head.sequence, "record %" PRIu64
			     ", which was anchored on this day or later, was "
			     "removed", anchor->head.sequence);
	}
}

static void free_day(gpointer day)
{
	g_free(((struct chain_day *)day)->problem);
}

static GArray *make_days(const char *dir, const struct chain_query *query,
			 GError **error)
{
	g_autoptr(GArray) there = day_list(dir, error);
	GArray *days;

	if (!there)
		return NULL;
	days = g_array_new(FALSE, TRUE, sizeof(struct chain_day));
	g_array_set_clear_func(days, free_day);
	for (guint i = 0; i < there->len; i++) {
		struct chain_day day = {
			.day = g_array_index(there, int64_t, i),
		};

		if (day.day >= query->since_day && day.day <= query->until_day)
			g_array_append_val(days, day);
	}
	return days;
}

GArray *chain_verify(const char *records_dir, const struct chain_query *query,
		     GError **error)
{
	GArray *days = make_days(records_dir, query, error);
	struct work work = { .records_dir = records_dir };
	g_autofree struct walk *walks = NULL;

	if (!days)
		return NULL;
	walks = work.walks = g_new0(struct walk, MAX(days->len, 1));
	work.count = days->len;
	for (guint i = 0; i < days->len; i++) {
		walks[i].day = &g_array_index(days, struct chain_day, i);
		walks[i].query = query;
	}
	run_threads(&work, query->threads ? query->threads :
					    g_get_num_processors());
	check_links(days, query);
	check_seals(days);
	check_outside(days, query);
	return days;
}

const char *chain_format_anchor(const struct chain_anchor *anchor, char *out)
{
	g_autofree char *hash = hex_format(anchor->head.sha256,
					   RECORD_HASH_BYTES);
	char day[DAY_TEXT_MAX];

	snprintf(out, CHAIN_ANCHOR_MAX, "%s %" PRIu64 " %s",
		 day_format(anchor->day, day), anchor->head.sequence, hash);
	return out;
}

bool chain_parse_anchor(struct span text, struct chain_anchor *anchor_out)
{
	g_autofree char *line = g_strndup(text.ptr ? text.ptr : "", text.len);
	g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", -1);
	guint64 sequence;

	if (g_strv_length(words) != 3 ||
	    !day_parse(span_text(words[0]), &anchor_out->day) ||
	    !g_ascii_string_to_unsigned(words[1], 10, 0, G_MAXUINT64,
					&sequence, NULL))
		return false;
	anchor_out->head.sequence = sequence;
	return hex_parse(span_text(words[2]), anchor_out->head.sha256,
			 RECORD_HASH_BYTES);
}

bool chain_newest(const char *records_dir, struct chain_anchor *anchor_out,
		  GError **error)
{
	g_autoptr(GArray) days = day_list(records_dir, error);

	for (guint i = days ? days->len : 0; i > 0; i--) {
		g_autofree char *path = NULL;
		struct segment_facts facts;
		struct segment *segment;
		bool is_read;

		anchor_out->day = g_array_index(days, int64_t, i - 1);
		path = day_path(records_dir, anchor_out->day);
		segment = segment_open(path, SEGMENT_READ, 0, error);
		is_read = segment && segment_facts(segment, &facts, error);
		segment_close(&segment);
		if (!is_read)
			return false;
		anchor_out->head = facts.head;
		if (facts.count)
			return true;
	}
	return false;
}
