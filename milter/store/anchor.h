/* anchor.h - the hash of a day that is over, given to somebody else */
#ifndef STORE_ANCHOR_H
#define STORE_ANCHOR_H

#include "store/chain.h"

/*
 * Logs it (records_anchor), and runs the command, unless that is "", with the
 * line of chain_format_anchor() as its standard input. Does not wait for it: a
 * thread does, ends it after a minute, and logs when it fails. The command is
 * split as a shell does, but no shell runs.
 */
void anchor_publish(const struct chain_anchor *anchor, const char *command);

#endif
