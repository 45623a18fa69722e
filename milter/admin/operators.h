/* operators.h - which of the people who came through sudo may do what */
#ifndef ADMIN_OPERATORS_H
#define ADMIN_OPERATORS_H

#include "settings/settings.h"

/* Each may what those before may. */
enum operator_role {
	OPERATOR_NOBODY,
	OPERATOR_VIEWER,	/* looks */
	OPERATOR_DESK,		/* acts: lists, limits, holds, releases */
	OPERATOR_ADMIN,		/* erases, ends holds, copies and restores
				 * all of it */
};

extern const struct setting_group operators_group;

const char *operators_role_word(enum operator_role role);

/* What a command ("records erase") takes. Pure; one that is not
 * known: an admin. */
enum operator_role operators_least(const char *command);

/*
 * The role of who runs this: by the Unix groups that the settings name, of the
 * login behind SUDO_UID. Root has all rights, and so has the owner of the state
 * without sudo, who could do without us; and so have all while none of the
 * groups is there.
 */
enum operator_role operators_role(const struct settings *settings);

/* Whether who runs this may name these settings: through sudo only root's,
 * since others would name other groups. NULL: the presets. */
bool operators_may_read(const char *settings_file);

#endif
