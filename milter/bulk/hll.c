#include <config.h>

#include "bulk/hll.h"

#include <glib.h>
#include <math.h>

#define INDEX_BITS 11
#define RANK_BITS (32 - INDEX_BITS)	/* ranks are 1 to RANK_BITS + 1 */

G_STATIC_ASSERT(HLL_REGISTERS == 1 << INDEX_BITS);

bool hll_add(uint8_t registers[HLL_REGISTERS], uint32_t hash)
{
	uint32_t rest = hash << INDEX_BITS;
	uint8_t rank = rest ? (uint8_t)(__builtin_clz(rest) + 1) :
			      RANK_BITS + 1;
	uint8_t *at = &registers[hash >> RANK_BITS];

	if (*at >= rank)
		return false;
	*at = rank;
	return true;
}

void hll_merge(uint8_t into[HLL_REGISTERS],
	       const uint8_t from[HLL_REGISTERS])
{
	for (int i = 0; i < HLL_REGISTERS; i++)
		into[i] = MAX(into[i], from[i]);
}

/* The two series of Ertl's estimator (arXiv 1702.01284, 4.3), which
 * needs no table of corrections: for registers that are still 0, and for
 * those that are full. */
static double sigma(double x)
{
	double y = 1, z = x, last;

	if (x >= 1)
		return INFINITY;
	do {
		x *= x;
		last = z;
		z += x * y;
		y += y;
	} while (z > last);
	return z;
}

static double tau(double x)
{
	double y = 1, z = 1 - x, last;

	if (x <= 0 || x >= 1)
		return 0;
	do {
		x = sqrt(x);
		last = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z < last);
	return z / 3;
}

uint64_t hll_estimate(const uint8_t registers[HLL_REGISTERS])
{
	const double m = HLL_REGISTERS;
	uint32_t counts[RANK_BITS + 2] = { 0 };
	double z;

	for (int i = 0; i < HLL_REGISTERS; i++)
		counts[MIN(registers[i], RANK_BITS + 1)]++;
	if (counts[0] == HLL_REGISTERS)
		return 0;
	z = m * tau(1 - counts[RANK_BITS + 1] / m);
	for (int k = RANK_BITS; k >= 1; k--)
		z = 0.5 * (z + counts[k]);
	z += m * sigma(counts[0] / m);
	return (uint64_t)llround(m * m / (2 * G_LN2 * z));
}
