/* recordsverify.h - reevectl records verify, and records anchor */
#ifndef ADMIN_RECORDSVERIFY_H
#define ADMIN_RECORDSVERIFY_H

#include "admin/admin.h"

/* Exit status 65 when a record is not what was written, or not there. */
int recordsverify_run(struct admin *admin, const struct command *self, int argc,
		      char **argv);
int recordsverify_anchor(struct admin *admin, const struct command *self,
			 int argc, char **argv);

#endif
