/* usersjson.h - customers and what changed of them, for programs */
#ifndef REPORT_USERSJSON_H
#define REPORT_USERSJSON_H

#include "base/arena.h"
#include "cases/customerchanges.h"

#include <jansson.h>

/* "added", "changed" or "removed". */
const char *usersjson_word(const struct customer_change *change);

/* All fields but those that are empty; times are RFC 3339, UTC. A new
 * reference, as below; what is built on the way lives in arena. */
json_t *usersjson_customer(const struct customer_entry *entry,
			   struct arena *arena) MUST_USE;
/* With the customer as he was and is; null where he was not in the book. */
json_t *usersjson_change(const struct customer_change *change,
			 struct arena *arena) MUST_USE;

#endif
