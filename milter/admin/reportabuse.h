/* reportabuse.h - `reevectl report abuse` */
#ifndef ADMIN_REPORTABUSE_H
#define ADMIN_REPORTABUSE_H

#include "admin/admin.h"

int reportabuse_run(struct admin *admin, const struct command *self, int argc,
		    char **argv);

#endif
