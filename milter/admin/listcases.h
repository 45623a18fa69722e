/* listcases.h - who is warned, watched and suspended, for
 * people and programs */
#ifndef ADMIN_LISTCASES_H
#define ADMIN_LISTCASES_H

#include "admin/admin.h"

/* Verbs of list: warned, watched, suspended; and export. */
int listcases_run_state(struct admin *admin, const struct command *self,
			int argc, char **argv);
int listcases_run_export(struct admin *admin, const struct command *self,
			 int argc, char **argv);

#endif
