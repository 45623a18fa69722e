#include <config.h>

#include "content/part.h"

#include "content/usualwords.h"

#define MEMBERS_MAX 32		/* of a class that is taken apart */
#define COPIES_MAX 4ul		/* of what is repeated */
#define TIMES_MAX 1000u		/* that something must occur */
#define WORK_MAX 4000000	/* literals made, in all */
#define HIGH 0x80		/* the first byte above ASCII */
#define FEW_TIMES 3ul		/* with that, each number of them is
				 * looked at */
#define FEW_WAYS 64u
#define MORE_WAYS 6u		/* that are looked at once more than they must
				 * be there */
#define TEXT_BYTES 400
#define COST_OF_PLACE 80.0
#define COST_OF_MATCH 300.0
#define COST_OF_BYTE 5.0
#define COST_OF_ONE 0.02	/* of a literal more */
#define WIDTH_MAX ((size_t)1 << 20)	/* beyond it, nobody counts */

void part_free(gpointer memory)
{
	struct part *part = memory;

	g_array_unref(part->begins);
	if (part->need.set)
		g_array_unref(part->need.set);
	g_free(part);
}

static struct part *new_part(GArray *begins, size_t width)
{
	struct part *part = g_new0(struct part, 1);

	part->begins = begins;
	part->width = width;
	return part;
}

struct part *part_nothing(void)
{
	return new_part(literalset_of(NULL, 0, true), 0);
}

struct part *part_anything(size_t width)
{
	return new_part(literalset_of(NULL, 0, false), width);
}

struct part *part_of(const GArray *begins)
{
	return new_part(literalset_copy(begins), PART_WIDE);
}

static size_t sum(size_t a, size_t b)
{
	return a > WIDTH_MAX || b > WIDTH_MAX ? PART_WIDE : a + b;
}

static size_t product(size_t width, unsigned long times)
{
	return !width ? 0 : width > WIDTH_MAX || times > WIDTH_MAX ?
	       PART_WIDE : width * times;
}

static bool is_seen(const struct part_maker *on, uint8_t byte)
{
	return on->view == LITERALS_PLAIN || g_ascii_isalnum((gchar)byte) ||
	       (on->view == LITERALS_ONCE && byte >= HIGH);
}

static uint8_t as_seen(const struct part_maker *on, uint8_t byte)
{
	return on->view == LITERALS_ONCE ? MIN(byte, HIGH) : byte;
}

struct part *part_of_byte(const struct part_maker *on, uint8_t byte)
{
	uint8_t seen = as_seen(on, byte);

	return new_part(literalset_of(&seen, is_seen(on, byte), true), 1);
}

static void spend(struct part_maker *on, const GArray *set)
{
	on->work += set->len;
	if (on->work > WORK_MAX)
		on->is_lost = true;
}

/* At how many places what is usual stands in a text that has it;
 * shorter pieces, at more. */
static double usual_places(const GArray *set)
{
	double places = 0;

	for (guint i = 0; i < set->len; i++) {
		const struct literal *one = &g_array_index(
			set, struct literal, i);

		if (usualwords_have(one))
			places += 1 + (LITERAL_BYTES_MAX - one->len) / 2.0;
	}
	return places;
}

/* To be told of each place, and if there are enough, to look for a match from
 * where one of them can be met. */
double part_need_cost(const struct part_need *need)
{
	double places = literalset_odds(need->set) * TEXT_BYTES +
			usual_places(need->set);
	double reach = (double)MIN(need->behind, TEXT_BYTES) +
		       LITERAL_BYTES_MAX;
	double bytes = MIN(TEXT_BYTES, places * reach), likely = 1;

	for (unsigned i = 0; i < MIN(need->times, FEW_WAYS); i++)
		likely *= MIN(1, places / need->times);
	return places * COST_OF_PLACE + need->set->len * COST_OF_ONE +
	       likely * (COST_OF_MATCH + bytes * COST_OF_BYTE);
}

static bool says_something(const struct part_need *need)
{
	return need->set && literalset_odds(need->set) < 1;
}

static void forget(struct part_need *need)
{
	if (need->set)
		g_array_unref(g_steal_pointer(&need->set));
}

/* The better one stays; takes over the other. */
static void choose(struct part_need *best, struct part_need other)
{
	if (says_something(&other) &&
	    (!best->set || part_need_cost(&other) < part_need_cost(best))) {
		forget(best);
		*best = other;
	} else {
		forget(&other);
	}
}

static struct part_need need_of(GArray *set, size_t behind)
{
	return (struct part_need){ set, 1, true, false, behind };
}

/* Of what begins so many bytes behind. */
static struct part_need copy_of(const struct part_need *need, size_t behind)
{
	struct part_need copy = *need;

	copy.behind = sum(copy.behind, behind);

	if (copy.set)
		copy.set = literalset_copy(copy.set);
	return copy;
}

/* Of groups, only first bytes are asked for. */
static bool is_unfinished(const struct part_maker *on, const GArray *begins)
{
	return on->is_first_asked ? literalset_has_none(begins) :
				    literalset_has_open(begins);
}

/* What a row of parts begins with. */
static GArray *beginning_of(struct part_maker *on, const GPtrArray *parts,
			    guint first)
{
	GArray *begins = literalset_of(NULL, 0, true);

	for (guint i = first; i < parts->len && !on->is_lost &&
	     is_unfinished(on, begins); i++) {
		const struct part *part = g_ptr_array_index(parts, i);
		GArray *joined = literalset_join(begins, part->begins,
						 on->view == LITERALS_ONCE);

		g_array_unref(begins);
		begins = joined;
		spend(on, begins);
	}
	return begins;
}

/* What must occur may begin at any of them. */
struct part *part_join(struct part_maker *on, const GPtrArray *parts)
{
	struct part *out = new_part(beginning_of(on, parts, 0), 0);

	if (on->is_first_asked)
		return out;
	if (parts->len)
		choose(&out->need, need_of(literalset_copy(out->begins), 0));
	for (guint i = 0; i < parts->len && !on->is_lost; i++) {
		const struct part *part = g_ptr_array_index(parts, i);

		if (i)
			choose(&out->need, need_of(beginning_of(on, parts, i),
						   out->width));
		choose(&out->need, copy_of(&part->need, out->width));
		out->width = sum(out->width, part->width);
	}
	return out;
}

static struct part_need need_any(const GPtrArray *parts)
{
	g_autoptr(GPtrArray) sets = g_ptr_array_new();
	struct part_need out = { NULL, TIMES_MAX, true, false, 0 };

	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = g_ptr_array_index(parts, i);

		if (!part->need.set)
			return out;
		g_ptr_array_add(sets, part->need.set);
		out.times = MIN(out.times, part->need.times);
		out.is_within &= part->need.is_within;
		out.is_before |= part->need.is_before;
		out.behind = MAX(out.behind, part->need.behind);
	}
	out.set = literalset_unite(sets);
	return out;
}

struct part *part_unite(struct part_maker *on, const GPtrArray *parts)
{
	g_autoptr(GPtrArray) begins = g_ptr_array_new();
	struct part *out;
	size_t width = 0;

	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = g_ptr_array_index(parts, i);

		g_ptr_array_add(begins, part->begins);
		width = MAX(width, part->width);
	}
	out = new_part(literalset_unite(begins), width);
	out->need = need_any(parts);
	spend(on, out->begins);
	if (out->need.set)
		spend(on, out->need.set);
	return out;
}

/* What matches this, or nothing. */
static void make_optional(struct part *part)
{
	g_autoptr(GArray) none = literalset_of(NULL, 0, true);
	g_autoptr(GPtrArray) sets = g_ptr_array_new();
	GArray *both;

	g_ptr_array_add(sets, part->begins);
	g_ptr_array_add(sets, none);
	both = literalset_unite(sets);
	g_array_unref(part->begins);
	part->begins = both;
	forget(&part->need);
}

/* Whether it takes no bytes. */
static bool is_nothing(const struct part *part)
{
	const struct literal *first = &g_array_index(part->begins,
						     struct literal, 0);

	return part->begins->len == 1 && first->is_open && !first->len;
}

/* Of which any number in a row looks as one does. */
static bool is_one_byte(const struct part_maker *on, const struct part *part)
{
	const GArray *begins = part->begins;
	unsigned bytes = 0;

	if (on->view != LITERALS_ONCE)
		return false;
	for (guint i = 0; i < begins->len; i++) {
		const struct literal *one = &g_array_index(
			begins, struct literal, i);

		if (!one->is_open || one->len > 1)
			return false;
		bytes += one->len;
	}
	return bytes <= 1;
}

static bool is_open(const struct part *part)
{
	for (guint i = 0; i < part->begins->len; i++)
		if (!g_array_index(part->begins, struct literal, i).is_open)
			return false;
	return true;
}

/* Each number of them is an alternative, so that what comes behind is seen. */
static struct part *repeat_few(struct part_maker *on, struct part *one,
			       unsigned long least, unsigned long most)
{
	g_autoptr(GPtrArray) copies = g_ptr_array_new();
	g_autoptr(GPtrArray) ways = g_ptr_array_new_with_free_func(part_free);
	struct part *out;

	for (unsigned long i = 1; i <= most; i++) {
		g_ptr_array_add(copies, one);
		if (i >= least)
			g_ptr_array_add(ways, part_join(on, copies));
	}
	out = part_unite(on, ways);
	if (!least)
		make_optional(out);
	part_free(one);
	return out;
}

/* What more of the copies begins with is that of one more, and anything
 * behind it; of few, so that what comes behind the last of them can
 * still be put behind it. */
static void begin_with_more(struct part_maker *on, struct part *part,
			    GPtrArray *copies)
{
	struct part *one = g_ptr_array_index(copies, 0);
	g_autoptr(GPtrArray) sets = g_ptr_array_new();
	g_autoptr(GArray) more = NULL, few = part->begins;

	if (one->begins->len > MORE_WAYS || on->is_first_asked) {
		literalset_close(g_steal_pointer(&few));
		return;
	}
	g_ptr_array_add(copies, one);
	more = beginning_of(on, copies, 0);
	literalset_close(more);
	g_ptr_array_add(sets, few);
	g_ptr_array_add(sets, more);
	part->begins = literalset_unite(sets);
}

static struct part *repeat(struct part_maker *on, struct part *one,
			   unsigned long least, unsigned long most)
{
	unsigned long count = CLAMP(least, 1ul, COPIES_MAX);
	g_autoptr(GPtrArray) copies = g_ptr_array_new();
	struct part *out;

	if (!least)
		forget(&one->need);
	if ((least == 1 && most == 1) || is_nothing(one))
		return one;
	if (most && is_one_byte(on, one)) {
		if (!least)
			make_optional(one);
		return one;
	}
	if (on->view == LITERALS_ONCE && most && most <= FEW_TIMES &&
	    least <= most && one->begins->len <= FEW_WAYS && is_open(one))
		return repeat_few(on, one, least, most);
	for (unsigned long i = 0; i < count; i++)
		g_ptr_array_add(copies, one);
	out = part_join(on, copies);
	/* Two of them may be seen as one. */
	if (one->need.is_within && on->view != LITERALS_ONCE)
		one->need.times = (unsigned)CLAMP(one->need.times * least, 1,
						  TIMES_MAX);
	choose(&out->need, copy_of(&one->need, 0));
	if (most > count)
		begin_with_more(on, out, copies);
	part_free(one);
	if (!least)
		make_optional(out);
	return out;
}

struct part *part_repeat(struct part_maker *on, struct part *one,
			 unsigned long least, unsigned long most)
{
	size_t width = product(one->width, most);
	struct part *out = repeat(on, one, least, most);

	out->width = width;
	return out;
}

struct part *part_assert(struct part *inside, bool is_ahead, bool is_negated)
{
	g_array_unref(inside->begins);
	inside->begins = literalset_of(NULL, 0, true);
	inside->width = 0;
	inside->need.is_within = false;
	inside->need.is_before |= !is_ahead;
	if (is_negated)
		forget(&inside->need);
	return inside;
}

/* The open one of no bytes comes before all others. */
static void put_none(GArray *set)
{
	const struct literal none = { .is_open = true, .odds = 1 };

	g_array_prepend_val(set, none);
}

struct part *part_of_class(const struct part_maker *on,
			   const struct charclass *class)
{
	GArray *begins = literalset_new();
	bool has_unseen = false, has_high = false;

	for (unsigned i = 0; i < 256 && begins->len <= MEMBERS_MAX; i++) {
		uint8_t byte = (uint8_t)i;

		if (!class->bits[i / 8])
			i |= 7;		/* none of eight */
		if (!charclass_has(class, byte) || g_ascii_isupper((gchar)i))
			continue;
		if (!is_seen(on, byte)) {
			has_unseen = true;
		} else if (as_seen(on, byte) == byte || !has_high) {
			has_high |= byte >= HIGH;
			byte = as_seen(on, byte);
			literalset_put(begins, &byte, 1, true);
		}
	}
	if (has_unseen)
		put_none(begins);
	if (begins->len && begins->len <= MEMBERS_MAX)
		return new_part(begins, 1);
	g_array_unref(begins);
	return part_anything(1);
}

