#include <config.h>

#include "base/clock.h"

#include <glib.h>
#include <stdatomic.h>

static _Atomic int64_t fixed_us;

int64_t clock_now_us(void)
{
	int64_t now_us = atomic_load_explicit(&fixed_us, memory_order_relaxed);

	return now_us ? now_us : g_get_real_time();
}

void clock_set_us(int64_t now_us)
{
	atomic_store(&fixed_us, now_us);
}

int64_t clock_monotonic_us(void)
{
	return g_get_monotonic_time();
}

bool clock_is_set(void)
{
	return atomic_load(&fixed_us) != 0;
}
