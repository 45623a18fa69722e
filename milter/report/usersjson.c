#include <config.h>

#include "report/usersjson.h"

#include "report/abusefacts.h"

const char *usersjson_word(const struct customer_change *change)
{
	return !*change->before.id ? "added" :
	       !*change->after.id ? "removed" : "changed";
}

static void set(json_t *object, const char *name, const char *text,
		struct arena *arena)
{
	const char *safe = abusefacts_text(span_text(text), arena);

	if (safe)
		json_object_set_new(object, name, json_string(safe));
}

static json_t *list_of(const char *const *list, struct arena *arena)
{
	json_t *array = json_array();

	for (; *list; list++)
		json_array_append_new(array, json_string(
			abusefacts_text(span_text(*list), arena) ?: ""));
	return array;
}

json_t *usersjson_customer(const struct customer_entry *entry,
			   struct arena *arena)
{
	json_t *object = json_object();

	for (int i = 0; i < CUSTOMER_FIELDS; i++) {
		enum customer_field field = (enum customer_field)i;
		const char *word = customerentry_word(field);

		if (customerentry_is_list(field))
			json_object_set_new(object, word, list_of(
				customerentry_list(entry, field), arena));
		else
			set(object, word, customerentry_text(entry, field),
			    arena);
	}
	set(object, "registered", abusefacts_when(entry->created_us, arena),
	    arena);
	set(object, "changed", abusefacts_when(entry->changed_us, arena),
	    arena);
	return object;
}

static json_t *side_of(const struct customer_entry *entry, struct arena *arena)
{
	return *entry->id ? usersjson_customer(entry, arena) : json_null();
}

json_t *usersjson_change(const struct customer_change *change,
			 struct arena *arena)
{
	const struct customer_entry *one = *change->after.id ?
		&change->after : &change->before;
	json_t *object = json_object();

	set(object, "time", abusefacts_when(change->when_us, arena), arena);
	set(object, "change", usersjson_word(change), arena);
	set(object, "customer", one->id, arena);
	set(object, "operator", change->operator_name, arena);
	set(object, "fields", customerchanges_fields(change, arena), arena);
	json_object_set_new(object, "before",
			    side_of(&change->before, arena));
	json_object_set_new(object, "after", side_of(&change->after, arena));
	return object;
}
