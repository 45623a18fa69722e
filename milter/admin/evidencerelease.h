/* evidencerelease.h - `reevectl evidence release` and `remove` */
#ifndef ADMIN_EVIDENCERELEASE_H
#define ADMIN_EVIDENCERELEASE_H

#include "admin/admin.h"

int evidencerelease_run(struct admin *admin, const struct command *self,
			int argc, char **argv);
int evidencerelease_remove(struct admin *admin, const struct command *self,
			   int argc, char **argv);

#endif
