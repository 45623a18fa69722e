#include <config.h>

#include "bulk/bulkclock.h"

#include "base/clock.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int64_t offset_us;

static void begin(void)
{
	offset_us = clock_now_us() - clock_monotonic_us();
}

int64_t bulkclock_now_us(void)
{
	if (clock_is_set())
		return clock_now_us();
	pthread_once(&once, begin);
	return clock_monotonic_us() + offset_us;
}
