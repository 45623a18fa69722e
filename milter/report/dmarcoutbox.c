#include <config.h>

#include "report/dmarcoutbox.h"

#include "base/log.h"
#include "report/dmarcform.h"
#include "store/day.h"
#include "store/lockfile.h"

#include <string.h>

#define KEY_REPORT 'r'
#define KEY_APART 'a'
#define KEY_QUEUE 'q'
#define KEY_DAY 'm'
#define NUMBER_BYTES 8
#define DAY_KEY_BYTES (1 + NUMBER_BYTES)
#define QUEUE_HEAD_BYTES (1 + NUMBER_BYTES)	/* then a day and a domain */
#define LOCK_FILE "dmarc.lock"
#define EXPIRED_AT_ONCE 1000

/* Built by append_*(); no domain is longer than a key may be. */
struct key {
	char bytes[STATE_KEY_MAX];
	size_t len;
};

static void append(struct key *key, const void *bytes, size_t len)
{
	len = MIN(len, sizeof key->bytes - key->len);
	memcpy(key->bytes + key->len, bytes, len);
	key->len += len;
}

/* In an order of their own: no day or time of ours is below zero. */
static void append_number(struct key *key, int64_t number)
{
	uint64_t wire = GUINT64_TO_BE((uint64_t)MAX(number, 0));

	append(key, &wire, sizeof wire);
}

static int64_t number_at(struct span key, size_t at)
{
	uint64_t wire = 0;

	if (key.len >= at + sizeof wire)
		memcpy(&wire, key.ptr + at, sizeof wire);
	return (int64_t)GUINT64_FROM_BE(wire);
}

static struct key day_key(char kind, int64_t day)
{
	struct key key = { .len = 0 };

	append(&key, &kind, 1);
	append_number(&key, day);
	return key;
}

static struct key domain_key(char kind, int64_t day, const char *domain)
{
	struct key key = day_key(kind, day);

	append(&key, domain, strlen(domain));
	return key;
}

static struct key report_key(int64_t day, const char *domain)
{
	return domain_key(KEY_REPORT, day, domain);
}

static struct key queue_key(int64_t next_us, const struct key *report)
{
	struct key key = day_key(KEY_QUEUE, next_us);

	append(&key, report->bytes + 1, report->len - 1);
	return key;
}

static struct span span_of_key(const struct key *key)
{
	return span_of(key->bytes, key->len);
}

const char *dmarcoutbox_state_word(enum dmarcoutbox_state state)
{
	static const char *const words[] = {
		"waiting", "sending", "sent", "doubtful", "refused",
		"given up",
	};

	return (unsigned)state < COUNT_OF(words) ? words[state] : "";
}

static bool unpack(struct span key, struct span value, struct arena *arena,
		   struct dmarcoutbox_report *out, GError **error)
{
	out->day = number_at(key, 1);
	out->domain = arena_span_text(arena, span_from(key, DAY_KEY_BYTES));
	return dmarcform_unpack(value, arena, out, error);
}

/* Its old place in the queue goes with what was there. */
static void unqueue(struct state_txn *txn, const struct key *key)
{
	struct dmarcoutbox_report old;
	struct span value;
	struct arena arena;
	struct key queued;

	if (!state_find(txn, STATE_DMARC, span_of_key(key), &value))
		return;
	arena_init(&arena);
	if (unpack(span_of_key(key), value, &arena, &old, NULL)) {
		queued = queue_key(old.next_us, key);
		(void)state_delete(txn, STATE_DMARC, span_of_key(&queued));
	}
	arena_release(&arena);
}

static bool write_one(struct state_txn *txn,
		      const struct dmarcoutbox_report *report, GError **error)
{
	struct key key = report_key(report->day, report->domain), queued;
	struct key apart = domain_key(KEY_APART, report->day, report->domain);
	struct arena arena;
	bool is_good;

	unqueue(txn, &key);
	(void)state_delete(txn, STATE_DMARC, span_of_key(&apart));
	queued = queue_key(report->next_us, &key);
	arena_init(&arena);
	is_good = (!report->next_us ||
		   state_put(txn, STATE_DMARC, span_of_key(&queued),
			     span_of("", 0), error)) &&
		  state_put(txn, STATE_DMARC, span_of_key(&key),
			    dmarcform_pack(report, &arena), error);
	arena_release(&arena);
	return is_good;
}

bool dmarcoutbox_put(struct state *state,
		     const struct dmarcoutbox_report *report, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	if (txn && write_one(txn, report, error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

int dmarcoutbox_add(struct state *state,
		    const struct dmarcoutbox_report *reports, size_t count,
		    GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	bool is_good = txn != NULL;
	int added = 0;

	for (size_t i = 0; i < count && is_good; i++) {
		struct key key = report_key(reports[i].day, reports[i].domain);
		struct span value;

		if (state_find(txn, STATE_DMARC, span_of_key(&key), &value))
			continue;
		is_good = write_one(txn, &reports[i], error);
		added++;
	}
	if (is_good && state_commit(&txn, error))
		return added;
	state_end(&txn);
	return -1;
}

static bool find_at(struct state_txn *txn, const struct key *key,
		    struct arena *arena, struct dmarcoutbox_report *out,
		    GError **error)
{
	struct span value;

	return state_find(txn, STATE_DMARC, span_of_key(key), &value) &&
	       unpack(span_of_key(key), value, arena, out, error);
}

bool dmarcoutbox_find(struct state *state, int64_t day, const char *domain,
		      struct arena *arena, struct dmarcoutbox_report *out,
		      GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct key key = report_key(day, domain);
	bool is_found = txn && find_at(txn, &key, arena, out, error);

	state_end(&txn);
	return is_found;
}

enum due { DUE_NONE, DUE_GOOD, DUE_STALE, DUE_UNREADABLE };

/* The first by time; where it stands in the queue, and its own key. */
static enum due look(struct state_txn *txn, int64_t now_us,
		     struct arena *arena, struct key *queued, struct key *key,
		     struct dmarcoutbox_report *out)
{
	struct key from = day_key(KEY_QUEUE, 0);
	struct span found, value;

	if (!state_seek(txn, STATE_DMARC, span_of_key(&from), &found,
			&value) ||
	    found.len <= QUEUE_HEAD_BYTES + NUMBER_BYTES ||
	    found.ptr[0] != KEY_QUEUE || number_at(found, 1) > now_us)
		return DUE_NONE;
	queued->len = 0;
	append(queued, found.ptr, found.len);
	*key = day_key(KEY_REPORT, 0);
	key->len = 1;
	append(key, found.ptr + QUEUE_HEAD_BYTES, found.len - QUEUE_HEAD_BYTES);
	if (!find_at(txn, key, arena, out, NULL))
		return DUE_UNREADABLE;
	return out->next_us == number_at(span_of_key(queued), 1) ? DUE_GOOD :
								   DUE_STALE;
}

static void tell_apart(const struct key *key)
{
	struct span bytes = span_of_key(key);
	g_autofree char *domain = log_text(span_from(bytes, DAY_KEY_BYTES));
	char day[DAY_TEXT_MAX];

	log_event(NULL, LOG_ERR, "dmarc_report_unreadable", "domain=%s day=%s "
		  "set apart: it cannot be read, make it anew (reevectl "
		  "report dmarc --send --again)", domain,
		  day_format(number_at(bytes, 1), day));
}

/* Takes it out of the queue. False: it cannot be written now. */
static bool set_apart(struct state *state, int64_t now_us, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	struct dmarcoutbox_report report;
	struct key queued, key, apart;
	struct arena arena;
	bool is_good = true;
	enum due due;

	if (!txn)
		return false;
	arena_init(&arena);
	due = look(txn, now_us, &arena, &queued, &key, &report);
	arena_release(&arena);
	if (due == DUE_STALE || due == DUE_UNREADABLE)
		(void)state_delete(txn, STATE_DMARC, span_of_key(&queued));
	if (due == DUE_UNREADABLE) {
		apart = key;
		apart.bytes[0] = KEY_APART;
		is_good = state_put(txn, STATE_DMARC, span_of_key(&apart),
				    span_of("", 0), error);
	}
	is_good = is_good && state_commit(&txn, error);
	state_end(&txn);
	if (is_good && due == DUE_UNREADABLE)
		tell_apart(&key);
	return is_good;
}

bool dmarcoutbox_find_due(struct state *state, int64_t now_us,
			  struct arena *arena, struct dmarcoutbox_report *out,
			  GError **error)
{
	struct key queued, key;
	enum due due;

	do {
		struct state_txn *txn = state_begin_read(state, error);

		if (!txn)
			return false;
		due = look(txn, now_us, arena, &queued, &key, out);
		state_end(&txn);
		if (due == DUE_GOOD)
			return true;
		/* A disk that fails just now may give it later. */
	} while (due != DUE_NONE && !state_is_in_doubt(state) &&
		 set_apart(state, now_us, error));
	return false;
}

GPtrArray *dmarcoutbox_apart(struct state *state, GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct key from = day_key(KEY_APART, 0);
	struct span key, value;
	GPtrArray *all;

	if (!txn)
		return NULL;
	all = g_ptr_array_new_with_free_func(g_free);
	while (state_seek(txn, STATE_DMARC, span_of_key(&from), &key,
			  &value) && key.ptr[0] == KEY_APART) {
		char day[DAY_TEXT_MAX];

		g_ptr_array_add(all, g_strdup_printf("%s %.*s", day_format(
			number_at(key, 1), day), (int)(key.len - DAY_KEY_BYTES),
			key.ptr + DAY_KEY_BYTES));
		from.len = 0;
		append(&from, key.ptr, key.len);
		append(&from, "", 1);
	}
	state_end(&txn);
	return all;
}

GPtrArray *dmarcoutbox_domains(struct state *state, int64_t day,
			       GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct key from = day_key(KEY_REPORT, day);
	struct span key, value;
	GPtrArray *domains;

	if (!txn)
		return NULL;
	domains = g_ptr_array_new_with_free_func(g_free);
	while (state_seek(txn, STATE_DMARC, span_of_key(&from), &key,
			  &value) &&
	       key.ptr[0] == KEY_REPORT && number_at(key, 1) == day) {
		g_ptr_array_add(domains, g_strndup(key.ptr + DAY_KEY_BYTES,
						   key.len - DAY_KEY_BYTES));
		from.len = 0;
		append(&from, key.ptr, key.len);
		append(&from, "", 1);
	}
	state_end(&txn);
	return domains;
}

bool dmarcoutbox_end_day(struct state *state, int64_t day, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);
	struct key key = day_key(KEY_DAY, day);

	if (txn && state_put(txn, STATE_DMARC, span_of_key(&key),
			     span_of("", 0), error))
		return state_commit(&txn, error);
	state_end(&txn);
	return false;
}

bool dmarcoutbox_has_day(struct state *state, int64_t day, bool *has_out,
			 GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct key key = day_key(KEY_DAY, day);
	struct span value;

	if (!txn)
		return false;
	*has_out = state_find(txn, STATE_DMARC, span_of_key(&key), &value);
	state_end(&txn);
	return true;
}

bool dmarcoutbox_first_day(struct state *state, int64_t *day_out,
			   GError **error)
{
	struct state_txn *txn = state_begin_read(state, error);
	struct key from = day_key(KEY_DAY, 0);
	struct span key, value;

	*day_out = INT64_MAX;
	if (!txn)
		return false;
	if (state_seek(txn, STATE_DMARC, span_of_key(&from), &key, &value) &&
	    key.ptr[0] == KEY_DAY)
		*day_out = number_at(key, 1);
	state_end(&txn);
	return true;
}

/* False: it is not over, and stays. What cannot be read will be
 * sent by nobody. */
static bool is_over(struct span key, struct span value)
{
	struct dmarcoutbox_report report;
	struct arena arena;
	bool is_over_now;

	if (key.ptr[0] != KEY_REPORT)
		return true;
	arena_init(&arena);
	is_over_now = !unpack(key, value, &arena, &report, NULL) ||
		      !report.next_us;
	arena_release(&arena);
	return is_over_now;
}

/* Of one kind; *count_out grows by what went. */
static void expire_kind(struct state_txn *txn, char kind, int64_t before,
			unsigned *count_out)
{
	struct key from = day_key(kind, 0);
	struct span key, value;

	while (*count_out < EXPIRED_AT_ONCE &&
	       state_seek(txn, STATE_DMARC, span_of_key(&from), &key,
			  &value) &&
	       key.ptr[0] == kind && number_at(key, 1) < before) {
		bool is_old = is_over(key, value);

		from.len = 0;
		append(&from, key.ptr, key.len);
		if (is_old && state_delete(txn, STATE_DMARC,
					   span_of_key(&from)))
			++*count_out;
		append(&from, "", 1);
	}
}

static bool expire_some(struct state *state, int64_t before,
			unsigned *count_out, GError **error)
{
	struct state_txn *txn = state_begin_write(state, error);

	*count_out = 0;
	if (!txn)
		return false;
	expire_kind(txn, KEY_APART, before, count_out);
	expire_kind(txn, KEY_REPORT, before, count_out);
	expire_kind(txn, KEY_DAY, before, count_out);
	if (*count_out)
		return state_commit(&txn, error);
	state_end(&txn);
	return true;
}

/* In pieces: others write, too. */
bool dmarcoutbox_expire(struct state *state, int64_t before, GError **error)
{
	unsigned count;

	do {
		if (!expire_some(state, before, &count, error))
			return false;
	} while (count >= EXPIRED_AT_ONCE);
	return true;
}

int dmarcoutbox_lock(const char *state_dir, GError **error)
{
	g_autofree char *path = g_build_filename(state_dir, LOCK_FILE, NULL);

	return lockfile_take(path, "DMARC reports are just being sent: try "
			     "again in a minute", error);
}
