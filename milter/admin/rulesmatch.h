/* rulesmatch.h - reevectl rules match: the rules that hit a message */
#ifndef ADMIN_RULESMATCH_H
#define ADMIN_RULESMATCH_H

#include "admin/admin.h"

/* Exit status; the message is out. */
int rulesmatch_run(struct admin *admin, const struct command *self, int argc,
		   char **argv);

#endif
