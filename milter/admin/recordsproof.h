/* recordsproof.h - reevectl records proof */
#ifndef ADMIN_RECORDSPROOF_H
#define ADMIN_RECORDSPROOF_H

#include "admin/admin.h"

#include <jansson.h>

struct proof;

int recordsproof_run(struct admin *admin, const struct command *self, int argc,
		     char **argv);

/* Steals nothing; a new reference. */
json_t *recordsproof_json(const struct proof *proof) MUST_USE;

#endif
