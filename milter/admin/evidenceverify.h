/* evidenceverify.h - `reevectl evidence verify` */
#ifndef ADMIN_EVIDENCEVERIFY_H
#define ADMIN_EVIDENCEVERIFY_H

#include "admin/admin.h"

int evidenceverify_run(struct admin *admin, const struct command *self,
		       int argc, char **argv);

#endif
