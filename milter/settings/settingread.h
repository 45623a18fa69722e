/* settingread.h - from the tree of a settings file to the
 * structs of the rows */
#ifndef SETTINGS_SETTINGREAD_H
#define SETTINGS_SETTINGREAD_H

#include "settings/conftree.h"
#include "settings/setting.h"
#include "settings/settings.h"

/*
 * Fills values, one zeroed struct a group, from the presets and then from the
 * tree. All mistakes are gathered, a line each, in error. What was filled
 * before a mistake is to be freed like the rest.
 */
bool settingread_all(const struct conftree_node *root,
		     const struct setting_group *const *groups,
		     void *const *values, GError **error) MUST_USE;

/* The node of a full name, or NULL when the file does not say. The last one
 * when it is there twice. */
const struct conftree_node *settingread_find(const struct conftree_node *root,
					     const char *name);

#endif
