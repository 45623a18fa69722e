/* hll.h - how many different things, in two kibibytes: HyperLogLog */
#ifndef BULK_HLL_H
#define BULK_HLL_H

#include "base/guard.h"

#include <stdint.h>

/*
 * 2,048 registers, a byte each. The standard error is 1.04 / sqrt(2048), 2.3 %:
 * two of three estimates are nearer than that, 19 of 20 nearer than twice it.
 * Things are hashes of 32 bits, so it holds up to some hundred millions. Zeroed
 * registers have seen nothing. Pure.
 */
#define HLL_REGISTERS 2048

/* Whether that changed anything. */
bool hll_add(uint8_t registers[HLL_REGISTERS], uint32_t hash);
/* Afterwards into has seen what either has. */
void hll_merge(uint8_t into[HLL_REGISTERS],
	       const uint8_t from[HLL_REGISTERS]);
uint64_t hll_estimate(const uint8_t registers[HLL_REGISTERS]);

#endif
