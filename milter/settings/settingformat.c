#include <config.h>

#include "settings/settingformat.h"

#include "settings/unit.h"

#include <string.h>

#define FIELD(values, row, type) \
	((type const *)(const void *)((const char *)(values) + (row)->offset))

static void append_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			g_string_append_c(out, '\\');
		if (c < 0x20)
			g_string_append_printf(out, "\\u%04x", c);
		else
			g_string_append_c(out, (char)c);
	}
	g_string_append_c(out, '"');
}

static void append_number(GString *out, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append(out, g_ascii_formatd(text, sizeof text, "%.10g",
					     value));
}

static void append_list(GString *out, const GPtrArray *list)
{
	g_string_append_c(out, '[');
	for (guint i = 0; i < list->len; i++) {
		if (i)
			g_string_append(out, ", ");
		append_quoted(out, g_ptr_array_index(list, i));
	}
	g_string_append_c(out, ']');
}

static void append_map(GString *out, const struct setting *row,
		       GHashTable *map)
{
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(map),
					    (GCompareFunc)strcmp);

	g_string_append(out, "{ ");
	for (GList *at = keys; at; at = at->next) {
		const void *value = g_hash_table_lookup(map, at->data);

		append_quoted(out, at->data);
		g_string_append(out, " = ");
		if (row->type == SETTING_TYPE_SCORES)
			append_number(out, *(const double *)value);
		else
			g_string_append(out,
				row->words[*(const unsigned *)value]);
		g_string_append(out, "; ");
	}
	g_string_append_c(out, '}');
}

static void append_sections(GString *out, const struct setting *row,
			    const GPtrArray *sections)
{
	const struct setting_section_type *type = row->section;

	g_string_append(out, "{ ");
	for (guint i = 0; i < sections->len; i++) {
		const struct setting_section *one =
			g_ptr_array_index(sections, i);

		append_quoted(out, one->name);
		g_string_append(out, " { ");
		for (size_t at = 0; at < type->row_count; at++) {
			g_string_append_printf(out, "%s = ",
					       type->rows[at].name);
			settingformat_value(out, &type->rows[at],
					    one->values);
			g_string_append(out, "; ");
		}
		g_string_append(out, "} ");
	}
	g_string_append_c(out, '}');
}

/* Calls itself for the rows of a sub-section, which have none below them. */
void settingformat_value(GString *out, const struct setting *row,
			 const void *values)
{
	switch (row->type) {
	case SETTING_TYPE_BOOL:
		g_string_append(out, *FIELD(values, row, bool) ? "yes" : "no");
		break;
	case SETTING_TYPE_COUNT:
	case SETTING_TYPE_BYTES:
	case SETTING_TYPE_TIME_MS: {
		g_autofree char *text = unit_format(
			row->type, *FIELD(values, row, int64_t));

		g_string_append(out, text);
		break;
	}
	case SETTING_TYPE_SCORE:
		append_number(out, *FIELD(values, row, double));
		break;
	case SETTING_TYPE_TEXT:
		append_quoted(out, *FIELD(values, row, char *));
		break;
	case SETTING_TYPE_WORD:
		g_string_append(out,
				row->words[*FIELD(values, row, unsigned)]);
		break;
	case SETTING_TYPE_LIST:
		append_list(out, *FIELD(values, row, GPtrArray *));
		break;
	case SETTING_TYPE_SCORES:
	case SETTING_TYPE_WORDS:
		append_map(out, row, *FIELD(values, row, GHashTable *));
		break;
	case SETTING_TYPE_SECTIONS:
		append_sections(out, row, *FIELD(values, row, GPtrArray *));
		break;
	}
}

/* "relay" of "relay.networks", "" of "mode". */
static char *section_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? g_strndup(name, (gsize)(dot - name)) : g_strdup("");
}

static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static void format_group(GString *out, const struct setting_group *group,
			 const struct settings *settings)
{
	const void *values = settings_values(settings, group);
	g_autofree char *open = g_strdup("");

	for (size_t i = 0; i < group->row_count; i++) {
		const struct setting *row = &group->rows[i];
		g_autofree char *section = section_of(row->name);

		if (!g_str_equal(section, open)) {
			if (*open)
				g_string_append(out, "}\n");
			if (*section)
				g_string_append_printf(out, "%s {\n", section);
			g_free(open);
			open = g_steal_pointer(&section);
		}
		g_string_append_printf(out, "%s%s = ", *open ? "\t" : "",
				       last_part(row->name));
		settingformat_value(out, row, values);
		g_string_append(out, ";\n");
	}
	if (*open)
		g_string_append(out, "}\n");
}

char *settings_format(const struct settings *settings)
{
	GString *out = g_string_new(NULL);

	for (const struct setting_group *const *group =
	     settings_groups(settings); *group; group++)
		format_group(out, *group, settings);
	return g_string_free(out, FALSE);
}

/* A value that two snapshots have differently differs as text. */
GPtrArray *settings_changed_start(const struct settings *a,
				  const struct settings *b)
{
	GPtrArray *names = g_ptr_array_new();
	const struct setting_group *const *groups = settings_groups(a);

	for (; *groups; groups++)
		for (size_t i = 0; i < (*groups)->row_count; i++) {
			const struct setting *row = &(*groups)->rows[i];
			g_autoptr(GString) old = g_string_new(NULL);
			g_autoptr(GString) fresh = g_string_new(NULL);

			if (row->apply != APPLY_START)
				continue;
			settingformat_value(old, row,
					    settings_values(a, *groups));
			settingformat_value(fresh, row,
					    settings_values(b, *groups));
			if (!g_string_equal(old, fresh))
				g_ptr_array_add(names, (char *)row->name);
		}
	return names;
}

static const char *type_words(const struct setting *row)
{
	static const char *const words[] = {
		[SETTING_TYPE_BOOL] = "yes or no",
		[SETTING_TYPE_COUNT] = "number",
		[SETTING_TYPE_BYTES] = "size",
		[SETTING_TYPE_TIME_MS] = "time",
		[SETTING_TYPE_SCORE] = "score",
		[SETTING_TYPE_TEXT] = "text",
		[SETTING_TYPE_WORD] = "word",
		[SETTING_TYPE_LIST] = "list",
		[SETTING_TYPE_SCORES] = "section of scores by symbol",
		[SETTING_TYPE_WORDS] = "section of words by symbol",
		[SETTING_TYPE_SECTIONS] = "section of named sections",
	};

	return words[row->type];
}

/* For man(7): no line may begin with a dot or quote, backslashes doubled. */
static void append_manual_text(GString *out, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "\\", -1);
	g_autofree char *safe = g_strjoinv("\\e", parts);

	if (*safe == '.' || *safe == '\'')
		g_string_append(out, "\\&");
	g_string_append(out, safe);
}

static bool has_bounds(const struct setting *row)
{
	return (row->type == SETTING_TYPE_COUNT ||
		row->type == SETTING_TYPE_BYTES ||
		row->type == SETTING_TYPE_TIME_MS) && row->max > row->min;
}

static void append_facts(GString *out, const struct setting *row)
{
	g_string_append_printf(out, "%s", type_words(row));
	if (row->words) {
		g_autofree char *words = g_strjoinv(", ", (char **)row->words);

		g_string_append_printf(out, " (%s)", words);
	}
	if (has_bounds(row)) {
		g_autofree char *min = unit_format(row->type, row->min);
		g_autofree char *max = unit_format(row->type, row->max);

		g_string_append_printf(out, ", %s to %s", min, max);
	}
}

static void append_manual_row(GString *out, const struct setting *row,
			      const void *presets)
{
	g_string_append_printf(out, ".TP\n.B %s\n", row->name);
	append_facts(out, row);
	if (presets && row->type != SETTING_TYPE_SCORES &&
	    row->type != SETTING_TYPE_WORDS &&
	    row->type != SETTING_TYPE_SECTIONS) {
		g_autoptr(GString) preset = g_string_new(NULL);

		settingformat_value(preset, row, presets);
		g_string_append(out, "; preset ");
		append_manual_text(out, preset->str);
	}
	g_string_append(out, row->apply == APPLY_START ?
			"; takes effect at the start only.\n.br\n" :
			".\n.br\n");
	append_manual_text(out, row->help ? row->help : "");
	g_string_append_c(out, '\n');
	if (row->type != SETTING_TYPE_SECTIONS)
		return;
	g_string_append(out, ".RS\n");
	for (size_t i = 0; i < row->section->row_count; i++)
		append_manual_row(out, &row->section->rows[i], NULL);
	g_string_append(out, ".RE\n");
}

char *settings_format_manual(const struct setting_group *const *groups)
{
	GString *out = g_string_new(NULL);
	struct settings *presets = settings_load(NULL, groups, NULL);

	BUG_IF(!presets);
	for (; *groups; groups++)
		for (size_t i = 0; i < (*groups)->row_count; i++)
			append_manual_row(out, &(*groups)->rows[i],
					  settings_values(presets, *groups));
	settings_unref(presets);
	return g_string_free(out, FALSE);
}
