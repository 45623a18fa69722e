#include <config.h>

#include "settings/settingread.h"

#include "settings/settingvalue.h"
#include "settings/unit.h"

#include <math.h>
#include <string.h>

/* What one reading needs; mistakes gather in it. */
struct reading {
	GString *mistakes;
};

static void mistake(struct reading *reading, const struct conftree_node *node,
		    const char *name, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void mistake(struct reading *reading, const struct conftree_node *node,
		    const char *name, const char *fmt, ...)
{
	va_list args;

	if (reading->mistakes->len)
		g_string_append_c(reading->mistakes, '\n');
	if (node)
		g_string_append_printf(reading->mistakes, "%s:%u: ",
				       node->file, node->line);
	g_string_append_printf(reading->mistakes, "%s: ", name);
	va_start(args, fmt);
	g_string_append_vprintf(reading->mistakes, fmt, args);
	va_end(args);
}

static bool parse_bool(const char *text, bool *value_out)
{
	static const char *const words[] = {
		"false", "true", "no", "yes", "off", "on",
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (g_ascii_strcasecmp(text, words[i]) == 0) {
			*value_out = i % 2;
			return true;
		}
	return false;
}

/* Checks bounds, saying them in the unit in which they are written. */
static bool is_within(struct reading *reading, const char *name,
		      const struct setting *row,
		      const struct conftree_node *node, int64_t value)
{
	g_autofree char *least = unit_format(row->type, row->min);
	g_autofree char *most = unit_format(row->type, row->max);

	if (row->max > row->min && value > row->max)
		mistake(reading, node, name,
			"%s is more than the greatest value, %s", node->text,
			most);
	else if (value < row->min)
		mistake(reading, node, name,
			"%s is less than the least value, %s", node->text,
			least);
	else
		return true;
	return false;
}

static void read_number(struct reading *reading, const char *name,
			const struct setting *row,
			const struct conftree_node *node, void *values)
{
	int64_t value;

	if (!unit_parse(row->type, node->text, &value))
		mistake(reading, node, name, "\"%s\" is not %s", node->text,
			unit_expected(row->type));
	else if (is_within(reading, name, row, node, value))
		*SETTINGVALUE(values, row, int64_t) = value;
}

static bool read_double(struct reading *reading, const char *name,
			const struct setting *row,
			const struct conftree_node *node, double *value_out)
{
	char *end;
	double value = g_ascii_strtod(node->text, &end);

	if (end == node->text || *end || !isfinite(value)) {
		mistake(reading, node, name,
			"\"%s\" is not a number (write 5 or 5.5)", node->text);
	} else if (value < row->min_score || value > row->max_score) {
		mistake(reading, node, name, "%s is not between %g and %g",
			node->text, row->min_score, row->max_score);
	} else {
		*value_out = value;
		return true;
	}
	return false;
}

static bool read_word(struct reading *reading, const char *name,
		      const struct setting *row,
		      const struct conftree_node *node, unsigned *value_out)
{
	for (unsigned i = 0; row->words[i]; i++)
		if (g_ascii_strcasecmp(node->text, row->words[i]) == 0) {
			*value_out = i;
			return true;
		}
	g_autofree char *known = g_strjoinv(", ", (char **)row->words);

	mistake(reading, node, name, "\"%s\" is none of %s", node->text,
		known);
	return false;
}

/* A single value stands for a list of one. */
static void read_list(struct reading *reading, const char *name,
		      const struct setting *row,
		      const struct conftree_node *node, void *values)
{
	GPtrArray *list = *SETTINGVALUE(values, row, GPtrArray *);

	g_ptr_array_set_size(list, 0);
	if (node->kind == CONFTREE_VALUE) {
		g_ptr_array_add(list, g_strdup(node->text));
		return;
	}
	for (guint i = 0; i < node->children->len; i++) {
		const struct conftree_node *item =
			g_ptr_array_index(node->children, i);

		if (item->kind == CONFTREE_VALUE)
			g_ptr_array_add(list, g_strdup(item->text));
		else
			mistake(reading, item, name,
				"a list of values is expected, with no list "
				"or section within");
	}
}

static void read_map(struct reading *reading, const char *name,
		     const struct setting *row,
		     const struct conftree_node *node, void *values)
{
	GHashTable *map = *SETTINGVALUE(values, row, GHashTable *);

	for (guint i = 0; i < node->children->len; i++) {
		const struct conftree_node *item =
			g_ptr_array_index(node->children, i);
		g_autofree char *full = g_strdup_printf("%s.%s", name,
							item->key);
		double score;
		unsigned word;

		if (item->kind != CONFTREE_VALUE)
			mistake(reading, item, full, "a value is expected");
		else if (row->type == SETTING_TYPE_SCORES &&
			 read_double(reading, full, row, item, &score))
			g_hash_table_replace(map, g_strdup(item->key),
					     g_memdup2(&score, sizeof score));
		else if (row->type == SETTING_TYPE_WORDS &&
			 read_word(reading, full, row, item, &word))
			g_hash_table_replace(map, g_strdup(item->key),
					     g_memdup2(&word, sizeof word));
	}
}

static void read_value(struct reading *reading, const char *name,
		       const struct setting *row,
		       const struct conftree_node *node, void *values)
{
	switch (row->type) {
	case SETTING_TYPE_BOOL:
		if (!parse_bool(node->text, SETTINGVALUE(values, row, bool)))
			mistake(reading, node, name,
				"\"%s\" is not yes or no", node->text);
		break;
	case SETTING_TYPE_SCORE:
		(void)read_double(reading, name, row, node,
				  SETTINGVALUE(values, row, double));
		break;
	case SETTING_TYPE_TEXT:
		g_free(*SETTINGVALUE(values, row, char *));
		*SETTINGVALUE(values, row, char *) = g_strdup(node->text);
		break;
	case SETTING_TYPE_WORD:
		(void)read_word(reading, name, row, node,
				SETTINGVALUE(values, row, unsigned));
		break;
	default:
		read_number(reading, name, row, node, values);
		break;
	}
}

static bool is_map(const struct setting *row)
{
	return row->type == SETTING_TYPE_SCORES ||
	       row->type == SETTING_TYPE_WORDS ||
	       row->type == SETTING_TYPE_SECTIONS;
}

/* Whether the node has the form that the row's type needs. */
static bool has_form(struct reading *reading, const char *name,
		     const struct setting *row,
		     const struct conftree_node *node)
{
	if (row->type == SETTING_TYPE_LIST) {
		if (node->kind != CONFTREE_SECTION)
			return true;
		mistake(reading, node, name, "a list is expected: [\"a\", "
			"\"b\"]");
	} else if (is_map(row)) {
		if (node->kind == CONFTREE_SECTION)
			return true;
		mistake(reading, node, name, "a section is expected: %s { "
			"... }", strrchr(name, '.') ? strrchr(name, '.') + 1 :
			name);
	} else {
		if (node->kind == CONFTREE_VALUE)
			return true;
		mistake(reading, node, name, "one value is expected, not a "
			"list or section");
	}
	return false;
}

static const struct setting *find_row(const struct setting *rows,
				      size_t row_count, const char *name)
{
	for (size_t i = 0; i < row_count; i++)
		if (g_str_equal(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static void read_sections(struct reading *reading, const char *name,
			  const struct setting *row,
			  const struct conftree_node *node, void *values);

static void read_field(struct reading *reading, const char *name,
		       const struct setting *row,
		       const struct conftree_node *node, void *values)
{
	if (!has_form(reading, name, row, node))
		return;
	if (row->type == SETTING_TYPE_LIST)
		read_list(reading, name, row, node, values);
	else if (row->type == SETTING_TYPE_SECTIONS)
		read_sections(reading, name, row, node, values);
	else if (is_map(row))
		read_map(reading, name, row, node, values);
	else
		read_value(reading, name, row, node, values);
}

static void read_section(struct reading *reading, const char *name,
			 const struct setting *row,
			 const struct conftree_node *node, void *values)
{
	const struct setting_section_type *type = row->section;
	struct setting_section *section = g_new0(struct setting_section, 1);

	section->name = g_strdup(node->key);
	section->values = g_malloc0(type->size);
	settingvalue_preset(type->rows, type->row_count, section->values);
	g_ptr_array_add(*SETTINGVALUE(values, row, GPtrArray *), section);
	for (guint i = 0; i < node->children->len; i++) {
		const struct conftree_node *item =
			g_ptr_array_index(node->children, i);
		g_autofree char *full = g_strdup_printf("%s.%s.%s", name,
							node->key, item->key);
		const struct setting *inner =
			find_row(type->rows, type->row_count, item->key);

		if (!inner)
			mistake(reading, item, full, "no such setting");
		else
			read_field(reading, full, inner, item,
				   section->values);
	}
}

static void read_sections(struct reading *reading, const char *name,
			  const struct setting *row,
			  const struct conftree_node *node, void *values)
{
	for (guint i = 0; i < node->children->len; i++) {
		const struct conftree_node *item =
			g_ptr_array_index(node->children, i);

		if (item->kind == CONFTREE_SECTION)
			read_section(reading, name, row, item, values);
		else
			mistake(reading, item, name,
				"%s: a section is expected: %s { ... }",
				item->key, item->key);
	}
}

/* How many letters to change, add or drop; past 3 it is no likeness. */
static unsigned distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned row[128];

	if (nb >= COUNT_OF(row) || na >= COUNT_OF(row))
		return 99;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned corner = row[0]++;

		for (size_t j = 1; j <= nb; j++) {
			unsigned change = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[nb];
}

static const char *nearest(const struct setting_group *const *groups,
			   const char *name)
{
	const char *best = NULL;
	unsigned least = 4;

	for (; *groups; groups++)
		for (size_t i = 0; i < (*groups)->row_count; i++) {
			const char *known = (*groups)->rows[i].name;
			unsigned far = distance(name, known);

			if (far < least) {
				least = far;
				best = known;
			}
		}
	return best;
}

/* Whether some row lies below this name: then it is a section of rows. */
static bool is_prefix(const struct setting_group *const *groups,
		      const char *name)
{
	size_t len = strlen(name);

	for (; *groups; groups++)
		for (size_t i = 0; i < (*groups)->row_count; i++)
			if (strncmp((*groups)->rows[i].name, name, len) == 0 &&
			    (*groups)->rows[i].name[len] == '.')
				return true;
	return false;
}

static void refuse_unknown(struct reading *reading,
			   const struct setting_group *const *groups,
			   const struct conftree_node *node, const char *name)
{
	const char *near = nearest(groups, name);

	if (is_prefix(groups, name))
		mistake(reading, node, name,
			"a section is expected: %s { ... }", node->key);
	else if (near)
		mistake(reading, node, name,
			"no such setting; did you mean %s?", near);
	else
		mistake(reading, node, name, "no such setting; reevectl check "
			"--show lists them all");
}

/* A row of the whole catalog, and the struct it fills. */
static const struct setting *find_in_groups(
	const struct setting_group *const *groups, const char *name,
	void *const *values, void **values_out)
{
	for (size_t i = 0; groups[i]; i++) {
		const struct setting *row = find_row(
			groups[i]->rows, groups[i]->row_count, name);

		if (row) {
			*values_out = values[i];
			return row;
		}
	}
	return NULL;
}

/* One level of sections: names are "key" at the top, "section.key" below. */
static void read_level(struct reading *reading,
		       const struct conftree_node *level, const char *prefix,
		       const struct setting_group *const *groups,
		       void *const *values, GHashTable *seen)
{
	for (guint i = 0; i < level->children->len; i++) {
		const struct conftree_node *node =
			g_ptr_array_index(level->children, i);
		g_autofree char *name = g_strconcat(prefix, node->key, NULL);
		const struct conftree_node *before =
			g_hash_table_lookup(seen, name);
		void *target = NULL;
		const struct setting *row = find_in_groups(groups, name,
							   values, &target);

		if (!row && node->kind == CONFTREE_SECTION && !*prefix &&
		    is_prefix(groups, name)) {
			g_autofree char *inner = g_strconcat(name, ".", NULL);

			read_level(reading, node, inner, groups, values, seen);
		} else if (!row) {
			refuse_unknown(reading, groups, node, name);
		} else if (before) {
			mistake(reading, node, name,
				"given twice, first at %s:%u", before->file,
				before->line);
		} else {
			g_hash_table_insert(seen, g_strdup(name),
					    (void *)node);
			read_field(reading, row->name, row, node, target);
		}
	}
}

bool settingread_all(const struct conftree_node *root,
		     const struct setting_group *const *groups,
		     void *const *values, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GString) mistakes = g_string_new(NULL);
	struct reading reading = { mistakes };

	for (size_t i = 0; groups[i]; i++)
		settingvalue_preset(groups[i]->rows, groups[i]->row_count,
				    values[i]);
	read_level(&reading, root, "", groups, values, seen);
	if (!mistakes->len)
		return true;
	g_set_error_literal(error, SETTINGS_ERROR, 0, mistakes->str);
	return false;
}

const struct conftree_node *settingread_find(const struct conftree_node *root,
					     const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, ".", -1);
	const struct conftree_node *at = root;

	for (char **part = parts; *part && at; part++) {
		const struct conftree_node *next = NULL;

		for (guint i = 0; at->kind == CONFTREE_SECTION &&
				  i < at->children->len; i++) {
			const struct conftree_node *node =
				g_ptr_array_index(at->children, i);

			if (g_str_equal(node->key, *part))
				next = node;
		}
		at = next;
	}
	return at;
}
