#include <config.h>

#include "bulk/window.h"

#include <glib.h>
#include <string.h>

static uint64_t part_us(uint32_t window_s)
{
	return (uint64_t)window_s * G_USEC_PER_SEC / WINDOW_PARTS;
}

static uint32_t *part(struct window *window, uint64_t number)
{
	return &window->parts[number % WINDOW_PARTS];
}

static void go_forward(struct window *window, uint64_t number)
{
	if (number - window->newest >= WINDOW_PARTS) {
		memset(window->parts, 0, sizeof window->parts);
	} else {
		for (uint64_t n = window->newest + 1; n <= number; n++)
			*part(window, n) = 0;
	}
	window->newest = number;
}

/* All is a part older than it was: how far the newest part had come is not
 * known any more, and jump after jump must not make anything last. */
static void go_back(struct window *window, uint64_t number)
{
	const struct window old = *window;

	window->newest = number;
	*part(window, number) = 0;
	for (uint64_t i = 1; i < WINDOW_PARTS; i++)
		*part(window, number - i) =
			old.parts[(old.newest - i + 1) % WINDOW_PARTS];
}

int64_t window_settle(struct window *window, uint32_t window_s,
		      int64_t now_us)
{
	uint64_t length = part_us(window_s);
	uint64_t now = (uint64_t)MAX(now_us, 0), number = now / length;
	uint64_t newest_began = window->newest * length;

	if (number > window->newest)
		go_forward(window, number);
	else if (now + WINDOW_JITTER_US < newest_began)
		go_back(window, number);
	else if (now < newest_began)
		return (int64_t)newest_began;
	return (int64_t)now;
}

void window_add(struct window *window, uint32_t window_s, uint32_t amount,
		int64_t now_us)
{
	uint32_t *newest;

	window_settle(window, window_s, now_us);
	newest = part(window, window->newest);
	*newest = amount > UINT32_MAX - *newest ? UINT32_MAX :
						  *newest + amount;
}

void window_take_back(struct window *window, uint32_t window_s,
		      uint32_t amount, int64_t now_us)
{
	window_settle(window, window_s, now_us);
	for (uint64_t i = 0; i < WINDOW_PARTS && amount; i++) {
		uint32_t *at = part(window, window->newest - i);
		uint32_t some = MIN(*at, amount);

		*at -= some;
		amount -= some;
	}
}

/* What of the oldest part still counts, at that time; rounded up, so that one
 * is one until it is gone. */
static uint64_t faded(const struct window *window, uint64_t length,
		      int64_t now_us)
{
	uint64_t oldest = window->parts[(window->newest + 1) % WINDOW_PARTS];
	uint64_t left = length - ((uint64_t)now_us - window->newest * length);

	/* 32 bits times a part of WINDOW_MOST_S would pass 64: in units of
	 * 1/1024 of the part. */
	uint64_t share = (left * 1024 + length - 1) / length;

	return (oldest * share + 1023) / 1024;
}

static uint64_t sum_of(const struct window *window, uint64_t newer_than)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < newer_than; i++)
		sum += window->parts[(window->newest - i) % WINDOW_PARTS];
	return sum;
}

uint64_t window_count(struct window *window, uint32_t window_s,
		      int64_t now_us)
{
	now_us = window_settle(window, window_s, now_us);
	return sum_of(window, WINDOW_PARTS - 1) +
	       faded(window, part_us(window_s), now_us);
}

int64_t window_frees_us(struct window *window, uint32_t window_s,
			uint64_t most, int64_t now_us)
{
	uint64_t length = part_us(window_s), keep = WINDOW_PARTS;

	if (window_count(window, window_s, now_us) <= most)
		return now_us;
	while (keep > 0 && sum_of(window, keep) > most)
		keep--;
	/* Those behind the first keep parts must be gone. */
	return (int64_t)((window->newest - keep + WINDOW_PARTS) * length);
}

int64_t window_ends_us(const struct window *window, uint32_t window_s)
{
	for (uint64_t i = 0; i < WINDOW_PARTS; i++)
		if (window->parts[(window->newest - i) % WINDOW_PARTS])
			return (int64_t)((window->newest - i + WINDOW_PARTS) *
					 part_us(window_s));
	return 0;
}
