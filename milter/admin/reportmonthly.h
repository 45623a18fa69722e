/* reportmonthly.h - `reevectl report monthly` */
#ifndef ADMIN_REPORTMONTHLY_H
#define ADMIN_REPORTMONTHLY_H

#include "admin/admin.h"

int reportmonthly_run(struct admin *admin, const struct command *self,
		      int argc, char **argv);

#endif
