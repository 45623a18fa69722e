#include <config.h>

#include "report/users.h"

#include "cases/customerbook.h"
#include "cases/customerchanges.h"
#include "report/abusefacts.h"
#include "report/usersjson.h"

#include <string.h>

struct listing {
	struct figures *figures;
	struct arena arena;		/* of a row */
};

static void add_time(struct listing *on, int64_t time_us)
{
	figures_add_text(on->figures, abusefacts_when(time_us, &on->arena));
}

static char *value_of(const struct customer_entry *entry,
		      enum customer_field field)
{
	return customerentry_is_list(field) ?
	       g_strjoinv(" ", (char **)customerentry_list(entry, field)) :
	       g_strdup(customerentry_text(entry, field));
}

static bool take_customer(const struct customer_entry *entry, void *context)
{
	struct listing *on = context;

	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		g_autofree char *value = value_of(entry,
						  (enum customer_field)i);

		figures_add_text(on->figures, value);
	}
	add_time(on, entry->created_us);
	add_time(on, entry->changed_us);
	arena_reset(&on->arena);
	return true;
}

struct figures *users_list(struct state *state, GError **error)
{
	static const struct figures_column columns[] = {
		{ "id", "Customer", FIGURES_TEXT, false },
		{ "name", "Name", FIGURES_TEXT, false },
		{ "contacts", "Contacts", FIGURES_TEXT, false },
		{ "language", "Language", FIGURES_TEXT, false },
		{ "networks", "Networks", FIGURES_TEXT, false },
		{ "accounts", "Accounts", FIGURES_TEXT, false },
		{ "domains", "Domains", FIGURES_TEXT, false },
		{ "notes", "Notes", FIGURES_TEXT, false },
		{ "registered", "Registered", FIGURES_TEXT, false },
		{ "changed", "Last changed", FIGURES_TEXT, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};
	struct listing on = { .figures = figures_new("Customers") };
	bool is_good;

	arena_init(&on.arena);
	figures_begin(on.figures, "customers", "Customers", columns);
	is_good = customerbook_each(state, NULL, take_customer, &on, error);
	arena_release(&on.arena);
	if (is_good)
		return on.figures;
	figures_free(on.figures);
	return NULL;
}

/* The fields that are not the same, as they were or are. */
static void add_side(struct listing *on, const struct customer_change *change,
		     const struct customer_entry *side)
{
	g_auto(GStrv) words = g_strsplit(customerchanges_fields(
		change, &on->arena), ", ", -1);
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = 0; *side->id && words[i]; i++) {
		enum customer_field field;
		g_autofree char *value = NULL;

		if (!customerentry_find_field(span_text(words[i]), &field))
			continue;
		value = value_of(side, field);
		g_string_append_printf(out, "%s%s: %s", out->len ? "; " : "",
				       words[i], value);
	}
	figures_add_text(on->figures, out->str);
}

static bool take_change(const struct customer_change *change, void *context)
{
	struct listing *on = context;

	add_time(on, change->when_us);
	figures_add_text(on->figures, usersjson_word(change));
	figures_add_text(on->figures, *change->after.id ? change->after.id :
							  change->before.id);
	figures_add_text(on->figures, change->operator_name);
	figures_add_text(on->figures, customerchanges_fields(change,
							     &on->arena));
	add_side(on, change, &change->before);
	add_side(on, change, &change->after);
	arena_reset(&on->arena);
	return true;
}

struct figures *users_changes(struct state *state, int64_t since_us,
			      GError **error)
{
	static const struct figures_column columns[] = {
		{ "time", "Time", FIGURES_TEXT, false },
		{ "change", "Change", FIGURES_TEXT, false },
		{ "customer", "Customer", FIGURES_TEXT, false },
		{ "operator", "Operator", FIGURES_TEXT, false },
		{ "fields", "Fields", FIGURES_TEXT, false },
		{ "before", "Before", FIGURES_TEXT, false },
		{ "after", "After", FIGURES_TEXT, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};
	struct listing on = { .figures = figures_new("Changes") };
	bool is_good;

	arena_init(&on.arena);
	figures_begin(on.figures, "changes", "Changes of customers", columns);
	is_good = customerchanges_each(state, since_us, take_change, &on,
				       error);
	arena_release(&on.arena);
	if (is_good)
		return on.figures;
	figures_free(on.figures);
	return NULL;
}
