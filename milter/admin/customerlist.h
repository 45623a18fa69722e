/* customerlist.h - verbs of reevectl customer that look at the book */
#ifndef ADMIN_CUSTOMERLIST_H
#define ADMIN_CUSTOMERLIST_H

#include "admin/admin.h"

int customerlist_list(struct admin *admin, const struct command *self,
		      int argc, char **argv);
int customerlist_show(struct admin *admin, const struct command *self,
		      int argc, char **argv);

#endif
