/* dmarcadmin.h - reevectl report dmarc */
#ifndef ADMIN_DMARCADMIN_H
#define ADMIN_DMARCADMIN_H

#include "admin/admin.h"

int dmarcadmin_run(struct admin *admin, const struct command *self, int argc,
		   char **argv);

#endif
