/* statusrecords.h - what reevectl status tells of the records */
#ifndef ADMIN_STATUSRECORDS_H
#define ADMIN_STATUSRECORDS_H

#include "admin/admin.h"
#include "admin/table.h"

#include <jansson.h>

/* Adds what the files tell, so that it holds without a daemon, too, to
 * what the daemon said. */
void statusrecords_take(const struct admin *admin, json_t *records);
void statusrecords_print(struct table *table, const json_t *records);

#endif
