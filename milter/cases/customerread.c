#include <config.h>

#include "cases/customerread.h"

#include "cases/csvtext.h"
#include "store/storeerror.h"

#include <jansson.h>
#include <string.h>

struct reading {
	const char *name;
	unsigned line;
	struct arena *arena;
	GPtrArray *entries;
};

static bool fail(const struct reading *reading, GError **error,
		 const char *fmt, ...) PRINTF_LIKE(3, 4);
static bool fail(const struct reading *reading, GError **error,
		 const char *fmt, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, fmt);
	what = g_strdup_vprintf(fmt, args);
	va_end(args);
	store_error_set_text(error, STORE_ERROR_INVALID, "%s:%u: %s",
			     reading->name, reading->line, what);
	return false;
}

/* All words of fields, for who wrote another. */
static char *known_words(void)
{
	GString *out = g_string_new(customerentry_word(0));

	for (int i = 1; i < CUSTOMER_FIELDS; i++)
		g_string_append_printf(out, ", %s", customerentry_word(
					       (enum customer_field)i));
	return g_string_free(out, FALSE);
}

static bool find_field(const struct reading *reading, const char *word,
		       enum customer_field *field_out, GError **error)
{
	g_autofree char *known = NULL, *shown = NULL;

	if (customerentry_find_field(span_trim(span_text(word)), field_out))
		return true;
	known = known_words();
	shown = g_strescape(word, NULL);
	return fail(reading, error, "there is no field \"%.60s\"; there are %s",
		    shown, known);
}

static struct customer_entry *add(struct reading *reading)
{
	struct customer_entry *entry = arena_new(reading->arena,
						 struct customer_entry);

	customerentry_init(entry);
	entry->where = arena_printf(reading->arena, "%s:%u", reading->name,
				    reading->line);
	g_ptr_array_add(reading->entries, entry);
	return entry;
}

static bool set(const struct reading *reading, struct customer_entry *entry,
		enum customer_field field, const char *text, GError **error)
{
	g_autoptr(GError) why = NULL;

	return customerentry_set(entry, field, text, reading->arena, &why) ||
	       fail(reading, error, "%s", why->message);
}

static bool end_entry(const struct reading *reading,
		      const struct customer_entry *entry, GError **error)
{
	if (!*entry->id)
		return fail(reading, error, "the customer has no id");
	return reading->entries->len <= CUSTOMERREAD_MAX ||
	       fail(reading, error, "more than " G_STRINGIFY(CUSTOMERREAD_MAX)
		    " customers");
}

/* The columns' fields, of enum customer_field. */
static bool take_titles(const struct reading *reading, const GPtrArray *titles,
			GArray *columns, GError **error)
{
	unsigned seen = 0;

	for (guint i = 0; i < titles->len; i++) {
		enum customer_field field;

		if (!find_field(reading, g_ptr_array_index(titles, i), &field,
				error))
			return false;
		if (seen & 1u << field)
			return fail(reading, error, "two columns \"%s\"",
				    customerentry_word(field));
		seen |= 1u << field;
		g_array_append_val(columns, field);
	}
	return seen & 1u << CUSTOMER_FIELD_ID ||
	       fail(reading, error, "no column \"id\": the first line has to "
		    "name the columns");
}

static bool take_row(struct reading *reading, const GPtrArray *row,
		     const GArray *columns, GError **error)
{
	struct customer_entry *entry;

	if (row->len != columns->len)
		return fail(reading, error, "%u fields, but there are %u "
			    "columns", row->len, columns->len);
	entry = add(reading);
	for (guint i = 0; i < row->len; i++)
		if (!set(reading, entry, g_array_index(columns,
						       enum customer_field, i),
			 g_ptr_array_index(row, i), error))
			return false;
	return end_entry(reading, entry, error);
}

static bool read_csv(struct reading *reading, struct span text, GError **error)
{
	g_autoptr(GPtrArray) row = g_ptr_array_new();
	g_autoptr(GArray) columns = g_array_new(FALSE, FALSE,
						sizeof(enum customer_field));
	g_autoptr(GError) why = NULL;
	enum csvtext_result result;
	struct csvtext csv;

	csvtext_init(&csv, text);
	while ((result = csvtext_next(&csv, reading->arena, row, &why)) ==
	       CSVTEXT_ROW) {
		reading->line = csv.row_line;
		if (!(columns->len ?
		      take_row(reading, row, columns, error) :
		      take_titles(reading, row, columns, error)))
			return false;
	}
	reading->line = csv.row_line;
	if (result == CSVTEXT_BROKEN)
		return fail(reading, error, "%s", why->message);
	return columns->len || fail(reading, error, "there is nothing in it");
}

static bool take_array(const struct reading *reading,
		       struct customer_entry *entry, enum customer_field field,
		       const json_t *array, GError **error)
{
	size_t count = json_array_size(array);
	g_autofree const char **values = g_new0(const char *, count + 1);
	g_autoptr(GError) why = NULL;

	for (size_t i = 0; i < count; i++) {
		values[i] = json_string_value(json_array_get(array, i));
		if (!values[i])
			return fail(reading, error, "%s: not a text",
				    customerentry_word(field));
	}
	return customerentry_set_list(entry, field, values, reading->arena,
				      &why) ||
	       fail(reading, error, "%s", why->message);
}

static bool is_ours(const char *key)
{
	return g_str_equal(key, "created_us") ||
	       g_str_equal(key, "changed_us");
}

static bool take_member(const struct reading *reading,
			struct customer_entry *entry, const char *key,
			const json_t *value, GError **error)
{
	enum customer_field field;

	if (is_ours(key))
		return true;
	if (!find_field(reading, key, &field, error))
		return false;
	if (json_is_string(value))
		return set(reading, entry, field, json_string_value(value),
			   error);
	if (json_is_array(value) && customerentry_is_list(field))
		return take_array(reading, entry, field, value, error);
	return fail(reading, error, "%s: has to be a text%s",
		    customerentry_word(field),
		    customerentry_is_list(field) ? " or an array" : "");
}

static bool take_object(struct reading *reading, json_t *object,
			GError **error)
{
	struct customer_entry *entry;
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return fail(reading, error, "not a JSON object");
	entry = add(reading);
	json_object_foreach(object, key, value)
		if (!take_member(reading, entry, key, value, error))
			return false;
	return end_entry(reading, entry, error);
}

static bool take_line(struct reading *reading, struct span line,
		      GError **error)
{
	json_error_t why;
	json_t *object;
	bool is_taken;

	if (!line.len)
		return true;
	object = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &why);
	if (!object)
		return fail(reading, error, "column %d: %s", why.column,
			    json_error_code(&why) ==
			    json_error_duplicate_key ? "a key is there twice" :
			    "no JSON object");
	is_taken = take_object(reading, object, error);
	json_decref(object);
	return is_taken;
}

static bool read_lines(struct reading *reading, struct span text,
		       GError **error)
{
	while (text.len) {
		ptrdiff_t end = span_find(text, '\n');
		size_t len = end < 0 ? text.len : (size_t)end;

		if (!take_line(reading, span_trim(span_first(text, len)),
			       error))
			return false;
		text = span_from(text, len + 1);
		reading->line++;
	}
	return true;
}

GPtrArray *customerread_parse(struct span text, const char *name,
			      struct arena *arena, GError **error)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new();
	struct reading reading = { name, 1, arena, entries };
	struct span trimmed = span_trim(text);
	bool is_read;

	if (text.len > CUSTOMERREAD_BYTES_MAX) {
		fail(&reading, error, "larger than %d bytes",
		     CUSTOMERREAD_BYTES_MAX);
		return NULL;
	}
	if (text.len && memchr(text.ptr, '\0', text.len)) {
		fail(&reading, error, "has NUL bytes: it is no text in UTF-8");
		return NULL;
	}
	is_read = trimmed.len && trimmed.ptr[0] == '{' ?
		  read_lines(&reading, text, error) :
		  read_csv(&reading, text, error);
	return is_read ? g_steal_pointer(&entries) : NULL;
}
