/* authwords.h - the answers of all checks of the sender, in words */
#ifndef ADMIN_AUTHWORDS_H
#define ADMIN_AUTHWORDS_H

#include "message/auth.h"

/* A line each, on standard output; what was not looked at has none. */
void authwords_print(const struct auth *auth);

#endif
