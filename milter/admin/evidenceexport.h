/* evidenceexport.h - `reevectl evidence export` */
#ifndef ADMIN_EVIDENCEEXPORT_H
#define ADMIN_EVIDENCEEXPORT_H

#include "admin/admin.h"

int evidenceexport_run(struct admin *admin, const struct command *self,
		       int argc, char **argv);

#endif
