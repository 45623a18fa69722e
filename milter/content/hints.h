/* hints.h - patterns written so that alternatives are seldom
 * tried for nothing */
#ifndef CONTENT_HINTS_H
#define CONTENT_HINTS_H

#include "base/guard.h"

/*
 * PCRE2 tries the alternatives of a group one after the other, at each place
 * that it comes to; rule files have groups of a hundred. Where the bytes are
 * known with which any of them begins, "(?:one|two|three|four)" becomes
 * "(?:(?=[ftoFTO])(?:one|two|three|four))", which means the same. NULL: there
 * is nothing to put in. Free with g_free().
 */
char *hints_put(const char *pattern, bool is_extended, unsigned ways_min)
	MUST_USE;

#endif
