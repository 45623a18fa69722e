/* rulesprofile.h - reevectl rules profile: the time that each rule takes */
#ifndef ADMIN_RULESPROFILE_H
#define ADMIN_RULESPROFILE_H

#include "admin/admin.h"

/* Exit status; the message is out. */
int rulesprofile_run(struct admin *admin, const struct command *self, int argc,
		     char **argv);

#endif
