/* clock.h - the time of day, which tests can set */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds since 1970-01-01 UTC. */
int64_t clock_now_us(void);
/* From now on clock_now_us() answers this; 0 sets the real clock again. */
void clock_set_us(int64_t now_us);
/* Whether it was set. */
bool clock_is_set(void);
/* For intervals: never goes back, not settable. */
int64_t clock_monotonic_us(void);

#endif
