/* bulkclock.h - a time of day that runs on when the clock is set */
#ifndef BULK_BULKCLOCK_H
#define BULK_BULKCLOCK_H

#include <stdint.h>

/*
 * The time of day as it was when it was first asked for, plus what has passed
 * since: whoever sets the clock closes or opens no limit. A clock that tests
 * set (base/clock.h) is followed. For people, a time of this clock is
 * clock_now_us() + (time - bulkclock_now_us()). Any thread.
 */
int64_t bulkclock_now_us(void);

#endif
