/* listener.h - the socket on which the MTA finds us */
#ifndef SESSION_LISTENER_H
#define SESSION_LISTENER_H

#include "base/guard.h"

#include <glib.h>

struct settings;

/*
 * Opens the socket of the `listen` setting through libmilter, which keeps it,
 * and makes it fit: mode and group of a unix socket, no Nagle delay and
 * keep-alive on TCP. callbacks_register() came before. A unix socket that a
 * dead daemon left is replaced; one that answers is an error.
 */
bool listener_open(const struct settings *settings, GError **error) MUST_USE;
/*
 * Hangs up on the MTA: every connection that came through our socket is shut
 * down, so that libmilter ends its sessions as it does when the MTA goes away.
 */
void listener_hang_up(void);
/* Removes the unix socket, if it is one. */
void listener_remove(const struct settings *settings);

#endif
