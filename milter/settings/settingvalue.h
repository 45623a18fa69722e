/* settingvalue.h - the values of rows, in the structs that hold them */
#ifndef SETTINGS_SETTINGVALUE_H
#define SETTINGS_SETTINGVALUE_H

#include "base/guard.h"
#include "settings/setting.h"

/* Where the value of a row lies. */
#define SETTINGVALUE(values, row, type) \
	((type *)(void *)((char *)(values) + (row)->offset))

/* Fills a zeroed struct as if nothing were set. */
void settingvalue_preset(const struct setting *rows, size_t row_count,
			 void *values);
/* Frees what the rows point to, not the struct itself. */
void settingvalue_release(const struct setting *rows, size_t row_count,
			  void *values);

#endif
