#include <config.h>

#include "content/literalset.h"

#include <string.h>

#define JOINED_MAX 400u		/* that putting two sets together may give */
#define UNITED_MAX 2000u		/* that alternatives may give */
#define MANY 16		/* alternatives: see put_behind() */
#define FEW 40u			/* below that, longer is better */
#define SHARE 200		/* a part of the odds that is not worth more
				 * of them */
#define RARE 2e-5		/* enough to stop within an alternative
				 * of many */
#define REDUCED_MAX 500u	/* since each is compared with each */

/* How often a byte is met in mail whose letters are small, in thousandths;
 * rough is good enough. */
static const uint8_t frequency[128] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 14, 1, 1, 3, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	80, 3, 8, 1, 1, 1, 3, 3, 3, 3, 1, 1, 8, 10, 14, 10,
	10, 10, 10, 10, 8, 8, 8, 8, 8, 8, 10, 3, 10, 14, 10, 3,
	3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3,
	1, 50, 10, 22, 30, 80, 14, 14, 30, 50, 3, 8, 30, 22, 50, 50,
	22, 3, 50, 50, 65, 22, 8, 14, 3, 14, 3, 1, 1, 1, 1, 1,
};

#define FREQUENCY_HIGH 4	/* of each byte past ASCII */

static double odds_of(uint8_t byte)
{
	return (byte < 0x80 ? frequency[byte] : FREQUENCY_HIGH) * 1e-3;
}

static uint64_t number_of(const struct literal *one)
{
	uint64_t number;

	memcpy(&number, one->bytes, sizeof number);
	return GUINT64_FROM_BE(number);
}

static int compare(gconstpointer a, gconstpointer b)
{
	const struct literal *one = a, *other = b;
	uint64_t first = number_of(one), second = number_of(other);

	if (first != second)
		return first < second ? -1 : 1;
	if (one->len != other->len)
		return one->len < other->len ? -1 : 1;
	return one->is_open - other->is_open;
}

static void sort(GArray *set)
{
	for (guint i = 1; i < set->len; i++)
		if (compare(&g_array_index(set, struct literal, i - 1),
			    &g_array_index(set, struct literal, i)) > 0) {
			g_array_sort(set, compare);
			return;
		}
}

/* A closed one stands right before all that begin with it. */
static void tidy(GArray *set)
{
	const struct literal *closed = NULL, *last = NULL;
	guint kept = 0;

	sort(set);
	for (guint i = 0; i < set->len; i++) {
		struct literal *all = (struct literal *)(void *)set->data;

		if (closed && all[i].len >= closed->len &&
		    memcmp(all[i].bytes, closed->bytes, closed->len) == 0)
			continue;
		if (last && compare(last, &all[i]) == 0)
			continue;
		all[kept] = all[i];
		last = &all[kept++];
		if (!last->is_open)
			closed = last;
	}
	g_array_set_size(set, kept);
}

GArray *literalset_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct literal));
}

void literalset_put(GArray *set, const uint8_t *bytes, uint8_t len,
		    bool is_open)
{
	struct literal one = { .len = len, .is_open = is_open, .odds = 1 };

	for (uint8_t i = 0; i < len; i++) {
		one.bytes[i] = (uint8_t)g_ascii_tolower((gchar)bytes[i]);
		one.odds *= odds_of(one.bytes[i]);
	}
	g_array_append_val(set, one);
}

GArray *literalset_of(const uint8_t *bytes, uint8_t len, bool is_open)
{
	GArray *set = literalset_new();

	literalset_put(set, bytes, len, is_open);
	return set;
}

GArray *literalset_copy(const GArray *set)
{
	GArray *copy = literalset_new();

	g_array_append_vals(copy, set->data, set->len);
	return copy;
}

/* Of many, what is rare is cut: they have the same beginnings, mostly. */
static struct literal put_behind(const struct literal *one,
				 const struct literal *next, bool is_of_many,
				 bool is_once)
{
	struct literal both = *one;
	uint8_t taken = 0;

	while (taken < next->len && both.len < LITERAL_BYTES_MAX &&
	       !(is_of_many && taken && both.odds < RARE)) {
		uint8_t byte = next->bytes[taken++];

		if (is_once && both.len && both.bytes[both.len - 1] == byte)
			continue;
		both.odds *= odds_of(byte);
		both.bytes[both.len++] = byte;
	}
	both.is_open = next->is_open && taken == next->len;
	return both;
}

static int by_odds(gconstpointer a, gconstpointer b)
{
	const struct literal *one = a, *other = b;

	return (one->odds < other->odds) - (one->odds > other->odds);
}

/* Whether it had better not be made longer, among so many. */
static bool is_enough(const struct literal *one, double odds, guint total,
		      guint more)
{
	return more > 1 && (total + more > JOINED_MAX ||
			    (one->odds * SHARE < odds && total > FEW));
}

GArray *literalset_join(const GArray *set, const GArray *next, bool is_once)
{
	g_autoptr(GArray) from = literalset_copy(set);
	GArray *out = g_array_sized_new(FALSE, FALSE, sizeof(struct literal),
					set->len + next->len);
	double odds = literalset_odds(set);
	guint total = from->len;

	/* Where not all may become longer, the most frequent ones do. */
	if (next->len > 1 && from->len * next->len > FEW)
		g_array_sort(from, by_odds);
	for (guint i = 0; i < from->len; i++) {
		struct literal one = g_array_index(from, struct literal, i);

		if (!one.is_open || is_enough(&one, odds, total, next->len)) {
			one.is_open = false;
			g_array_append_val(out, one);
			continue;
		}
		total += next->len - 1;
		odds -= one.odds;
		for (guint j = 0; j < next->len; j++) {
			struct literal both = put_behind(
				&one, &g_array_index(next, struct literal, j),
				next->len > MANY, is_once);

			g_array_append_val(out, both);
			odds += both.odds;
		}
	}
	tidy(out);
	return out;
}

static void cut(GArray *set, uint8_t len)
{
	for (guint i = 0; i < set->len; i++) {
		struct literal *one = &g_array_index(set, struct literal, i);

		if (one->len <= len)
			continue;
		while (one->len > len)
			one->odds /= odds_of(one->bytes[--one->len]);
		memset(one->bytes + len, 0, (size_t)LITERAL_BYTES_MAX - len);
		one->is_open = false;
	}
	tidy(set);
}

GArray *literalset_unite(const GPtrArray *sets)
{
	GArray *all = literalset_new();

	for (guint i = 0; i < sets->len; i++) {
		const GArray *set = g_ptr_array_index(sets, i);

		g_array_append_vals(all, set->data, set->len);
	}
	tidy(all);
	for (uint8_t len = LITERAL_BYTES_MAX; all->len > UNITED_MAX; )
		cut(all, --len);
	return all;
}

void literalset_close(GArray *set)
{
	for (guint i = 0; i < set->len; i++)
		g_array_index(set, struct literal, i).is_open = false;
	tidy(set);
}

bool literalset_has_open(const GArray *set)
{
	for (guint i = 0; i < set->len; i++)
		if (g_array_index(set, struct literal, i).is_open)
			return true;
	return false;
}

bool literalset_has_none(const GArray *set)
{
	const struct literal *first = (const struct literal *)
				      (const void *)set->data;

	return set->len && first->is_open && !first->len;
}

double literalset_odds(const GArray *set)
{
	double odds = 0;

	for (guint i = 0; i < set->len; i++)
		odds += g_array_index(set, struct literal, i).odds;
	return odds;
}

/* From which byte on; -1: it does not. */
static int place_in(const struct literal *one, const struct literal *part)
{
	for (int i = 0; i + part->len <= one->len; i++)
		if (memcmp(one->bytes + i, part->bytes, part->len) == 0)
			return i;
	return -1;
}

/* Where the last of those that it holds begins; one that is held by none is
 * there, or before. -1: it holds none. */
static int last_within(const GArray *set, const struct literal *one)
{
	int last = -1;

	for (guint i = 0; i < set->len; i++) {
		const struct literal *other = &g_array_index(
			set, struct literal, i);

		if (other->len < one->len)
			last = MAX(last, place_in(one, other));
	}
	return last;
}

unsigned literalset_reduce(GArray *set)
{
	g_autoptr(GArray) kept = literalset_new();
	int most = 0;

	literalset_close(set);
	if (set->len > REDUCED_MAX)
		return LITERAL_BYTES_MAX - 1;
	for (guint i = 0; i < set->len; i++) {
		const struct literal *one = &g_array_index(
			set, struct literal, i);
		int last = last_within(set, one);

		if (last < 0)
			g_array_append_val(kept, *one);
		most = MAX(most, last);
	}
	g_array_set_size(set, 0);
	g_array_append_vals(set, kept->data, kept->len);
	return (unsigned)most;
}
