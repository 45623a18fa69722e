/* reportauthority.h - `reevectl report authority` */
#ifndef ADMIN_REPORTAUTHORITY_H
#define ADMIN_REPORTAUTHORITY_H

#include "admin/admin.h"

int reportauthority_run(struct admin *admin, const struct command *self,
			int argc, char **argv);

#endif
