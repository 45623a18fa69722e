#include <config.h>

#include "settings/settingvalue.h"

#include <string.h>

static void free_section(void *data)
{
	struct setting_section *section = data;

	g_free((char *)section->name);
	g_free(section->values);
	g_free(section);
}

static GPtrArray *split_words(const char *words)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit(words ? words : "", " ", -1);

	for (char **part = parts; *part; part++)
		if (**part)
			g_ptr_array_add(list, g_strdup(*part));
	return list;
}

static void set_preset(const struct setting *row, void *values)
{
	switch (row->type) {
	case SETTING_TYPE_BOOL:
		*SETTINGVALUE(values, row, bool) = row->preset != 0;
		break;
	case SETTING_TYPE_COUNT:
	case SETTING_TYPE_BYTES:
	case SETTING_TYPE_TIME_MS:
		*SETTINGVALUE(values, row, int64_t) = row->preset;
		break;
	case SETTING_TYPE_SCORE:
		*SETTINGVALUE(values, row, double) = row->preset_score;
		break;
	case SETTING_TYPE_TEXT:
		*SETTINGVALUE(values, row, char *) =
			g_strdup(row->preset_text ? row->preset_text : "");
		break;
	case SETTING_TYPE_WORD:
		*SETTINGVALUE(values, row, unsigned) = (unsigned)row->preset;
		break;
	case SETTING_TYPE_LIST:
		*SETTINGVALUE(values, row, GPtrArray *) =
			split_words(row->preset_text);
		break;
	case SETTING_TYPE_SCORES:
	case SETTING_TYPE_WORDS:
		*SETTINGVALUE(values, row, GHashTable *) =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      g_free);
		break;
	case SETTING_TYPE_SECTIONS:
		*SETTINGVALUE(values, row, GPtrArray *) =
			g_ptr_array_new_with_free_func(free_section);
		break;
	}
}

void settingvalue_preset(const struct setting *rows, size_t row_count,
			 void *values)
{
	for (size_t i = 0; i < row_count; i++)
		set_preset(&rows[i], values);
}

static void release_row(const struct setting *row, void *values)
{
	if (row->type == SETTING_TYPE_TEXT)
		g_clear_pointer(SETTINGVALUE(values, row, char *), g_free);
	else if (row->type == SETTING_TYPE_LIST)
		g_clear_pointer(SETTINGVALUE(values, row, GPtrArray *),
				g_ptr_array_unref);
	else if (row->type == SETTING_TYPE_SCORES ||
		 row->type == SETTING_TYPE_WORDS)
		g_clear_pointer(SETTINGVALUE(values, row, GHashTable *),
				g_hash_table_unref);
}

/* Sub-sections hold rows, but no sections of their own: two levels. */
void settingvalue_release(const struct setting *rows, size_t row_count,
			  void *values)
{
	for (size_t i = 0; i < row_count; i++) {
		if (rows[i].type != SETTING_TYPE_SECTIONS) {
			release_row(&rows[i], values);
			continue;
		}
		GPtrArray **list = SETTINGVALUE(values, &rows[i],
						GPtrArray *);
		const struct setting_section_type *type = rows[i].section;

		for (guint at = 0; *list && at < (*list)->len; at++) {
			struct setting_section *one =
				g_ptr_array_index(*list, at);

			for (size_t row = 0; row < type->row_count; row++)
				release_row(&type->rows[row], one->values);
		}
		g_clear_pointer(list, g_ptr_array_unref);
	}
}
