/* limitsshow.h - what limits count, and what operators made of them */
#ifndef ADMIN_LIMITSSHOW_H
#define ADMIN_LIMITSSHOW_H

#include "admin/admin.h"

struct limitsshow_query {
	const struct admin *admin;
	const char *limit, *key;	/* NULL: any */
	bool is_with_exceptions;
};

/* The fullest first, so many at most; from the daemon's last snapshot, which
 * may be some seconds old. Exit status. */
int limitsshow_print(const struct limitsshow_query *query,
		     const struct command *self, guint most) MUST_USE;

#endif
