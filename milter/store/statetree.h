/* statetree.h - which files of a state directory a back-up has, and how */
#ifndef STORE_STATETREE_H
#define STORE_STATETREE_H

#include "store/manifest.h"

enum statetree_how {
	STATETREE_COPY,		/* its bytes: it does not change, or is
				 * replaced */
	STATETREE_SNAPSHOT,	/* an LMDB environment that may be written to */
	STATETREE_DAY,		/* as that; a sealed day is copied, with
				 * its seal */
};

struct statetree_file {
	char *path;		/* from the state directory */
	enum manifest_kind kind;
	enum statetree_how how;
	unsigned order;
};

/*
 * The files (struct statetree_file) that are there, in the order in which they
 * are to be copied: the state first, then the days from the oldest, then the
 * rest. What the state or a record tells of was there before it, so it is
 * copied behind it; and the rest is to be listed anew when the days are copied.
 * NULL with error. Free with g_ptr_array_unref().
 */
GPtrArray *statetree_list(const char *state_dir, GError **error) MUST_USE;

#endif
