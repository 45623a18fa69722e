/* reportusers.h - `reevectl report users` */
#ifndef ADMIN_REPORTUSERS_H
#define ADMIN_REPORTUSERS_H

#include "admin/admin.h"

int reportusers_run(struct admin *admin, const struct command *self, int argc,
		    char **argv);

#endif
