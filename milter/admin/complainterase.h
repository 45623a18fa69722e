/* complainterase.h - complaints that have words of a person */
#ifndef ADMIN_COMPLAINTERASE_H
#define ADMIN_COMPLAINTERASE_H

#include "admin/recordquery.h"
#include "store/state.h"

/*
 * The numbers (uint64_t, the newest first) of complaints about one of the
 * records, or of which an address is one that asking has: its sender, its
 * recipient or who complains. Those that were erased are none. NULL with error;
 * free with g_array_unref().
 */
GArray *complainterase_find(struct state *state,
			    const struct recordquery *asking,
			    const GArray *records, GError **error) MUST_USE;

/* reevectl complaint erase */
int complainterase_run(struct admin *admin, const struct command *self,
		       int argc, char **argv);

#endif
