/* complaintlist.h - verbs of reevectl complaint that look at what there is */
#ifndef ADMIN_COMPLAINTLIST_H
#define ADMIN_COMPLAINTLIST_H

#include "admin/admin.h"

int complaintlist_list(struct admin *admin, const struct command *self,
		       int argc, char **argv);
int complaintlist_show(struct admin *admin, const struct command *self,
		       int argc, char **argv);
int complaintlist_match(struct admin *admin, const struct command *self,
			int argc, char **argv);

#endif
