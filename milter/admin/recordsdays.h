/* recordsdays.h - reevectl records days */
#ifndef ADMIN_RECORDSDAYS_H
#define ADMIN_RECORDSDAYS_H

#include "admin/admin.h"

int recordsdays_run(struct admin *admin, const struct command *self, int argc,
		    char **argv);

#endif
