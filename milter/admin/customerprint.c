#include <config.h>

#include "admin/customerprint.h"

#include "admin/admin.h"

#include <jansson.h>
#include <stdio.h>

#define SHOWN 2				/* of a list, in a table */

struct table *customerprint_table(void)
{
	static const char *const titles[] = {
		"customer", "name", "networks", "accounts", "domains",
		"contacts", NULL,
	};

	return table_new(titles);
}

/* The first few and how many more. */
static void add_list(struct table *table, const char *const *list)
{
	g_autoptr(GString) out = g_string_new(NULL);
	guint count = g_strv_length((char **)list);

	for (guint i = 0; i < MIN(count, SHOWN); i++)
		g_string_append_printf(out, "%s%s", i ? " " : "", list[i]);
	if (count > SHOWN)
		g_string_append_printf(out, " +%u", count - SHOWN);
	table_add(table, TABLE_PLAIN, "%s", out->str);
}

void customerprint_row(struct table *table,
		       const struct customer_entry *entry)
{
	table_add(table, TABLE_PLAIN, "%s", entry->id);
	table_add(table, TABLE_PLAIN, "%s", entry->name);
	add_list(table, entry->networks);
	add_list(table, entry->accounts);
	add_list(table, entry->domains);
	add_list(table, entry->contacts);
}

static void add_line(struct table *table, const char *title, const char *text)
{
	table_add(table, TABLE_DIM, "%s", title);
	table_add(table, TABLE_PLAIN, "%s", text);
}

static void add_field(struct table *table, const struct customer_entry *entry,
		      enum customer_field field)
{
	const char *word = customerentry_word(field);
	const char *const *list;

	if (!customerentry_is_list(field)) {
		if (*customerentry_text(entry, field))
			add_line(table, word, customerentry_text(entry,
								 field));
		return;
	}
	for (list = customerentry_list(entry, field); *list; list++) {
		add_line(table, word, *list);
		word = "";
	}
}

void customerprint_words(const struct customer_entry *entry)
{
	static const char *const titles[] = { "field", "value", NULL };
	g_autofree char *created = admin_format_time(entry->created_us);
	g_autofree char *changed = admin_format_time(entry->changed_us);
	struct table *table = table_new(titles);

	for (int i = 0; i < CUSTOMER_FIELDS; i++)
		add_field(table, entry, (enum customer_field)i);
	add_line(table, "added", created);
	add_line(table, "changed", changed);
	table_print_rows(table);
	table_free(table);
}

static json_t *list_json(const char *const *list)
{
	json_t *array = json_array();

	for (; *list; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

void customerprint_json(const struct customer_entry *entry)
{
	json_t *object = json_object();

	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;

		json_object_set_new(object, customerentry_word(field),
			customerentry_is_list(field) ?
			list_json(customerentry_list(entry, field)) :
			json_string(customerentry_text(entry, field)));
	}
	json_object_set_new(object, "created_us",
			    json_integer(entry->created_us));
	json_object_set_new(object, "changed_us",
			    json_integer(entry->changed_us));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}
