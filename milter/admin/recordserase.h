/* recordserase.h - reevectl records erase */
#ifndef ADMIN_RECORDSERASE_H
#define ADMIN_RECORDSERASE_H

#include "admin/admin.h"

int recordserase_run(struct admin *admin, const struct command *self, int argc,
		     char **argv);

#endif
