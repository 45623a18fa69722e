#include <config.h>

#include "sender/taglist.h"

#include <glib.h>
#include <string.h>

static bool is_name(struct span name)
{
	if (!name.len || !g_ascii_isalpha(name.ptr[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!g_ascii_isalnum(name.ptr[i]) && name.ptr[i] != '_')
			return false;
	return true;
}

static bool has_name(const struct taglist *list, struct span name)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->tags[i].name.len == name.len &&
		    memcmp(list->tags[i].name.ptr, name.ptr, name.len) == 0)
			return true;
	return false;
}

static bool add_tag(struct taglist *list, struct span spec)
{
	ptrdiff_t equals = span_find(spec, '=');
	struct tag tag;

	if (equals < 0 || list->count == TAGLIST_MAX)
		return false;
	tag.name = span_trim(span_first(spec, (size_t)equals));
	tag.value = span_trim(span_from(spec, (size_t)equals + 1));
	if (!is_name(tag.name) || has_name(list, tag.name))
		return false;
	list->tags[list->count++] = tag;
	return true;
}

static struct span take_spec(struct span *text)
{
	ptrdiff_t semicolon = span_find(*text, ';');
	struct span spec = semicolon < 0 ? *text :
			   span_first(*text, (size_t)semicolon);

	*text = span_from(*text, spec.len + 1);
	return span_trim(spec);
}

bool taglist_parse(struct span text, struct taglist *list_out)
{
	list_out->count = 0;
	while (text.len) {
		struct span spec = take_spec(&text);

		/* Only the last may be empty: a semicolon at the end. */
		if (!spec.len && !span_trim(text).len)
			break;
		if (!add_tag(list_out, spec))
			return false;
	}
	return true;
}

void taglist_parse_loosely(struct span text, struct taglist *list_out)
{
	list_out->count = 0;
	while (text.len)
		(void)add_tag(list_out, take_spec(&text));
}

const struct span *taglist_find(const struct taglist *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (span_is(list->tags[i].name, name))
			return &list->tags[i].value;
	return NULL;
}

const char *taglist_packed(const struct taglist *list, const char *name,
			   struct arena *arena)
{
	const struct span *value = taglist_find(list, name);
	char *out;
	size_t len = 0;

	if (!value)
		return NULL;
	out = arena_alloc(arena, value->len + 1);
	for (size_t i = 0; i < value->len; i++)
		if (!g_ascii_isspace(value->ptr[i]))
			out[len++] = value->ptr[i];
	return out;
}

const char *taglist_text(const struct taglist *list, const char *name,
			 struct arena *arena)
{
	const struct span *value = taglist_find(list, name);

	return value ? arena_span_text(arena, *value) : NULL;
}

bool taglist_number(const struct taglist *list, const char *name,
		    int64_t *number_out)
{
	const struct span *value = taglist_find(list, name);

	*number_out = 0;
	if (!value || !value->len || value->len > 12)
		return false;
	for (size_t i = 0; i < value->len; i++) {
		if (!g_ascii_isdigit(value->ptr[i]))
			return false;
		*number_out = *number_out * 10 + (value->ptr[i] - '0');
	}
	return true;
}

bool taglist_has_word(struct span value, char separator, const char *word)
{
	while (value.len) {
		ptrdiff_t end = span_find(value, separator);
		struct span one = end < 0 ? value :
				  span_first(value, (size_t)end);

		if (span_is_word(span_trim(one), word))
			return true;
		value = span_from(value, one.len + 1);
	}
	return false;
}
