/* recordshow.h - one record, all of it, in words */
#ifndef ADMIN_RECORDSHOW_H
#define ADMIN_RECORDSHOW_H

#include "admin/admin.h"

/* `reevectl records show`: a struct command's run. */
int recordshow_run(struct admin *admin, const struct command *self, int argc,
		   char **argv);

#endif
