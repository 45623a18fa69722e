#include <config.h>

#include "bulk/distinct.h"

#include "bulk/hll.h"
#include "bulk/packing.h"

#include <string.h>

#define LEAST_PLACES 4
#define MOST_PLACES 2048	/* three quarters of it are DISTINCT_EXACT */
#define PART_BITS 4
#define PART_MASK ((1u << PART_BITS) - 1)

G_STATIC_ASSERT(WINDOW_PARTS == 1 << PART_BITS);
G_STATIC_ASSERT(MOST_PLACES / 4 * 3 == DISTINCT_EXACT);

/* A place is 28 bits of hash, and the part in which it came last; 0: free. It
 * is looked for from where its hash says on. */
struct distinct {
	uint64_t newest;		/* number of the newest part */
	uint32_t *places;		/* NULL when registers are used */
	uint16_t place_count, used;	/* a power of two */
	bool is_estimated;		/* estimates are those of registers */
	uint8_t **registers;		/* of each part; NULL within: nothing */
	union {
		uint16_t came[WINDOW_PARTS];	/* how many last, of places */
		uint32_t estimates[2];	/* of all newer ones; what the
					 * oldest adds */
	} of;
};

struct distinct *distinct_new(void)
{
	return g_new0(struct distinct, 1);
}

static void free_registers(struct distinct *distinct)
{
	for (int i = 0; distinct->registers && i < WINDOW_PARTS; i++)
		g_free(distinct->registers[i]);
	g_clear_pointer(&distinct->registers, g_free);
}

void distinct_free(struct distinct *distinct)
{
	if (!distinct)
		return;
	free_registers(distinct);
	g_free(distinct->places);
	g_free(distinct);
}

size_t distinct_bytes(const struct distinct *distinct)
{
	size_t bytes = sizeof *distinct +
		       distinct->place_count * sizeof *distinct->places;

	for (int i = 0; distinct->registers && i < WINDOW_PARTS; i++)
		bytes += distinct->registers[i] ? HLL_REGISTERS : 8;
	return bytes;
}

static uint32_t hash_of(uint32_t place)
{
	return place & ~PART_MASK;
}

static unsigned part_of(uint32_t place)
{
	return place & PART_MASK;
}

/* Where it is, or the free place where it would be. */
static uint32_t *find_place(const struct distinct *distinct, uint32_t hash)
{
	unsigned mask = distinct->place_count - 1u;
	unsigned at = (hash >> PART_BITS) & mask;

	while (distinct->places[at] && hash_of(distinct->places[at]) != hash)
		at = (at + 1) & mask;
	return &distinct->places[at];
}

static void put(struct distinct *distinct, uint32_t hash, uint64_t number)
{
	uint32_t *place = find_place(distinct, hash);

	if (*place)
		distinct->of.came[part_of(*place)]--;
	else
		distinct->used++;
	distinct->of.came[number & PART_MASK]++;
	*place = hash | (number & PART_MASK);
}

static void make_places(struct distinct *distinct, unsigned count)
{
	distinct->places = g_new0(uint32_t, count);
	distinct->place_count = (uint16_t)count;
	distinct->used = 0;
	memset(&distinct->of, 0, sizeof distinct->of);
}

/* The same things anew in so many places, without those whose age, in parts, is
 * gone by more; a negative one only gives them another number. */
static void move_places(struct distinct *distinct, unsigned count,
			uint64_t newest, uint64_t older)
{
	g_autofree uint32_t *old = distinct->places;
	unsigned old_count = distinct->place_count;

	make_places(distinct, count);
	for (unsigned i = 0; i < old_count; i++) {
		uint64_t age = (distinct->newest - part_of(old[i])) & PART_MASK;

		if (old[i] && age + older < WINDOW_PARTS)
			put(distinct, hash_of(old[i]), newest - age - older);
	}
}

static void move_registers(struct distinct *distinct, uint64_t newest,
			   uint64_t older)
{
	uint8_t **old = distinct->registers;
	bool is_any = false;

	distinct->registers = g_new0(uint8_t *, WINDOW_PARTS);
	for (uint64_t age = 0; age < WINDOW_PARTS; age++) {
		uint8_t *part = old[(distinct->newest - age) & PART_MASK];

		if (part && age + older < WINDOW_PARTS) {
			distinct->registers[(newest - age - older) &
					    PART_MASK] = part;
			is_any = true;
		} else {
			g_free(part);
		}
	}
	g_free(old);
	distinct->is_estimated = false;
	if (!is_any)
		free_registers(distinct);
}

static int64_t settle(struct distinct *distinct, uint32_t window_s,
		      int64_t now_us)
{
	struct window clock = { .newest = distinct->newest };
	uint64_t older;

	now_us = window_settle(&clock, window_s, now_us);
	if (clock.newest == distinct->newest)
		return now_us;
	/* Back: as window_settle() has it. */
	older = clock.newest > distinct->newest ?
		MIN(clock.newest - distinct->newest, WINDOW_PARTS) : 1;
	if (distinct->registers)
		move_registers(distinct, clock.newest, older);
	else if (distinct->places)
		move_places(distinct, distinct->place_count, clock.newest,
			    older);
	distinct->newest = clock.newest;
	if (distinct->places && distinct->used == 0) {
		g_clear_pointer(&distinct->places, g_free);
		distinct->place_count = 0;
	}
	return now_us;
}

static void add_registered(struct distinct *distinct, uint32_t hash,
			   uint64_t number)
{
	uint8_t **part = &distinct->registers[number & PART_MASK];

	if (!*part)
		*part = g_new0(uint8_t, HLL_REGISTERS);
	if (hll_add(*part, hash))
		distinct->is_estimated = false;
}

static void use_registers(struct distinct *distinct)
{
	distinct->registers = g_new0(uint8_t *, WINDOW_PARTS);
	distinct->is_estimated = false;
	for (unsigned i = 0; i < distinct->place_count; i++)
		if (distinct->places[i])
			add_registered(distinct,
				       hash_of(distinct->places[i]),
				       part_of(distinct->places[i]));
	g_clear_pointer(&distinct->places, g_free);
	distinct->place_count = distinct->used = 0;
}

static void make_room(struct distinct *distinct)
{
	unsigned count = distinct->place_count;

	if (!distinct->places)
		make_places(distinct, LEAST_PLACES);
	else if (distinct->used < count / 4 * 3)
		return;
	else if (count == MOST_PLACES)
		use_registers(distinct);
	else
		move_places(distinct, count * 2, distinct->newest, 0);
}

/* 0 stands for a free place. */
static uint32_t usable(uint32_t hash)
{
	return hash_of(hash) ? hash_of(hash) : 1u << PART_BITS;
}

void distinct_add(struct distinct *distinct, uint32_t window_s, uint32_t hash,
		  int64_t now_us)
{
	hash = usable(hash);
	settle(distinct, window_s, now_us);
	if (!distinct->registers &&
	    !(distinct->places && *find_place(distinct, hash)))
		make_room(distinct);
	if (distinct->registers)
		add_registered(distinct, hash, distinct->newest);
	else
		put(distinct, hash, distinct->newest);
}

bool distinct_has(struct distinct *distinct, uint32_t window_s, uint32_t hash,
		  int64_t now_us)
{
	settle(distinct, window_s, now_us);
	return distinct->places && *find_place(distinct, usable(hash)) != 0;
}

/* What each part adds to those newer than it; those newer than first_age are
 * taken together, since an estimate takes microseconds. */
static void note_registers(const struct distinct *distinct,
			   struct window *out, uint64_t first_age)
{
	uint8_t all[HLL_REGISTERS] = { 0 };
	uint64_t before = 0;

	for (uint64_t age = 0; age < WINDOW_PARTS; age++) {
		uint64_t at = (distinct->newest - age) & PART_MASK;
		uint64_t seen = before;

		if (distinct->registers[at])
			hll_merge(all, distinct->registers[at]);
		if (age >= first_age)
			seen = MAX(hll_estimate(all), before);
		out->parts[at] = (uint32_t)(seen - before);
		before = seen;
	}
}

/* A window of what came last in which part. */
static void note_parts(const struct distinct *distinct, struct window *out)
{
	*out = (struct window){ .newest = distinct->newest };
	if (distinct->registers)
		note_registers(distinct, out, 0);
	for (int i = 0; distinct->places && i < WINDOW_PARTS; i++)
		out->parts[i] = distinct->of.came[i];
}

/* The same for a count alone. */
static void note_estimates(struct distinct *distinct, struct window *out)
{
	uint32_t *oldest = &out->parts[(distinct->newest + 1) & PART_MASK];
	uint32_t *newer = &out->parts[(distinct->newest + 2) & PART_MASK];

	*out = (struct window){ .newest = distinct->newest };
	if (!distinct->is_estimated) {
		note_registers(distinct, out, WINDOW_PARTS - 2);
		distinct->of.estimates[0] = *newer;
		distinct->of.estimates[1] = *oldest;
		distinct->is_estimated = true;
	}
	*newer = distinct->of.estimates[0];
	*oldest = distinct->of.estimates[1];
}

uint64_t distinct_count(struct distinct *distinct, uint32_t window_s,
			int64_t now_us)
{
	struct window window;

	now_us = settle(distinct, window_s, now_us);
	if (distinct->registers)
		note_estimates(distinct, &window);
	else
		note_parts(distinct, &window);
	return window_count(&window, window_s, now_us);
}

int64_t distinct_frees_us(struct distinct *distinct, uint32_t window_s,
			  uint64_t most, int64_t now_us)
{
	struct window window;

	now_us = settle(distinct, window_s, now_us);
	note_parts(distinct, &window);
	return window_frees_us(&window, window_s, most, now_us);
}

int64_t distinct_ends_us(const struct distinct *distinct, uint32_t window_s)
{
	struct window window = { .newest = distinct->newest };

	if (!distinct->registers)
		note_parts(distinct, &window);
	for (int i = 0; distinct->registers && i < WINDOW_PARTS; i++)
		window.parts[i] = distinct->registers[i] != NULL;
	return window_ends_us(&window, window_s);
}

uint64_t distinct_newest(const struct distinct *distinct)
{
	return distinct->newest;
}

/* Little-endian: 8 bytes newest; 2 bytes: how many places, or 0xffff and then a
 * bit for each part that has registers; then these. */
#define IS_REGISTERS 0xffff

void distinct_pack(const struct distinct *distinct, GByteArray *out)
{
	unsigned parts = 0;

	packing_add(out, distinct->newest, 8);
	packing_add(out, distinct->registers ? IS_REGISTERS : distinct->used,
		    2);
	for (unsigned i = 0; i < distinct->place_count; i++)
		if (distinct->places[i])
			packing_add(out, distinct->places[i], 4);
	if (!distinct->registers)
		return;
	for (unsigned i = 0; i < WINDOW_PARTS; i++)
		parts |= (unsigned)(distinct->registers[i] != NULL) << i;
	packing_add(out, parts, 2);
	for (unsigned i = 0; i < WINDOW_PARTS; i++)
		if (distinct->registers[i])
			g_byte_array_append(out, distinct->registers[i],
					    HLL_REGISTERS);
}

static bool unpack_places(struct distinct *distinct, unsigned count,
			  const uint8_t **at, const uint8_t *end)
{
	uint64_t place;

	if (count > DISTINCT_EXACT)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!packing_take(at, end, 4, &place))
			return false;
		if (!distinct->places || !*find_place(distinct,
						      usable((uint32_t)place)))
			make_room(distinct);
		put(distinct, usable((uint32_t)place),
		    part_of((uint32_t)place));
	}
	return true;
}

static bool unpack_registers(struct distinct *distinct, const uint8_t **at,
			     const uint8_t *end)
{
	uint64_t parts;

	if (!packing_take(at, end, 2, &parts) || parts == 0)
		return false;
	distinct->registers = g_new0(uint8_t *, WINDOW_PARTS);
	for (unsigned i = 0; i < WINDOW_PARTS; i++) {
		if (!(parts >> i & 1))
			continue;
		if (end - *at < HLL_REGISTERS)
			return false;
		distinct->registers[i] = g_memdup2(*at, HLL_REGISTERS);
		*at += HLL_REGISTERS;
	}
	return true;
}

struct distinct *distinct_unpack(const uint8_t **at, const uint8_t *end)
{
	struct distinct *distinct = distinct_new();
	uint64_t count;
	bool is_good = packing_take(at, end, 8, &distinct->newest) &&
		       packing_take(at, end, 2, &count);

	if (is_good && count == IS_REGISTERS)
		is_good = unpack_registers(distinct, at, end);
	else if (is_good)
		is_good = unpack_places(distinct, (unsigned)count, at, end);
	if (is_good)
		return distinct;
	distinct_free(distinct);
	return NULL;
}
