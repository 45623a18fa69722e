/* recordshold.h - reevectl records hold */
#ifndef ADMIN_RECORDSHOLD_H
#define ADMIN_RECORDSHOLD_H

#include "admin/admin.h"

int recordshold_run(struct admin *admin, const struct command *self, int argc,
		    char **argv);

#endif
