/* sessionfind.h - finds the records of many sessions at once */
#ifndef STORE_SESSIONFIND_H
#define STORE_SESSIONFIND_H

#include "store/search.h"

/* A session that is looked for: no record of one comes before
 * those of its messages. */
struct sessionfind_wanted {
	uint64_t id;
	int64_t from_day;
	uint64_t messages;		/* the caller's: of it that are known */
};

/* hit is borrowed for the call. */
typedef void sessionfind_take_fn(const struct search_hit *hit,
				 const struct sessionfind_wanted *wanted,
				 void *context);

/*
 * wanted has struct sessionfind_wanted by its id, in place; those that were
 * found are taken out of it. A session that goes on has no record yet. Each day
 * from the first that may have one is opened once. False with error: a day
 * could not be read.
 */
bool sessionfind_run(const char *state_dir, GHashTable *wanted,
		     sessionfind_take_fn *take, void *context, GError **error)
	MUST_USE;

#endif
