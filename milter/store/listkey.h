/* listkey.h - the one form of a value on a list, and its key in state.mdb */
#ifndef STORE_LISTKEY_H
#define STORE_LISTKEY_H

#include "store/lists.h"

/*
 * List, kind, and the value as it is looked up. An address is its 16 bytes; a
 * network the length of its prefix and its 16 bytes, so that those of one
 * length lie together and a look-up jumps from length to length, the longest
 * first; texts are in lower case.
 */
struct listkey {
	size_t len;
	uint8_t bytes[STATE_KEY_MAX];
};

struct span listkey_span(const struct listkey *key);
/* What all of a list and kind begin with. */
struct listkey listkey_begin(unsigned which, unsigned kind);
/* Of values in their one form. */
struct listkey listkey_of_text(enum list_which which, enum list_kind kind,
			       struct span value);
struct listkey listkey_of_address(enum list_which which,
				  const struct netaddr *addr);
struct listkey listkey_of_network(enum list_which which,
				  const struct network *net);

/* Of a value as people write it, with its one form, in arena.
 * STORE_ERROR_INVALID says what is wrong with it. */
bool listkey_make(enum list_which which, enum list_kind kind,
		  struct span value, struct arena *arena,
		  struct listkey *key_out, const char **form_out,
		  GError **error) MUST_USE;

#endif
