/* statusqueues.h - what status says of things that waited to be sent */
#ifndef ADMIN_STATUSQUEUES_H
#define ADMIN_STATUSQUEUES_H

#include "admin/admin.h"
#include "admin/table.h"

#include <jansson.h>

/* Adds what could not be read and was set apart; from the state, so that it
 * holds without a daemon, too. */
void statusqueues_take(const struct admin *admin, json_t *status);
/* Rows only where there is something. */
void statusqueues_print(struct table *table, const json_t *status);

#endif
