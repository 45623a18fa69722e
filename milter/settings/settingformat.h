/* settingformat.h - settings as text; settings.h has what others call */
#ifndef SETTINGS_SETTINGFORMAT_H
#define SETTINGS_SETTINGFORMAT_H

#include "settings/settings.h"

/* Appends the value of one row, in the syntax of a settings file. */
void settingformat_value(GString *out, const struct setting *row,
			 const void *values);

#endif
