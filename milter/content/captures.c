#include <config.h>

#include "content/captures.h"

#include <string.h>

#define TEXTS_MAX 50		/* of one name */
#define TEXT_BYTES_MAX 500
#define NAME_BYTES_MAX 100
#define ANYTHING "(?:[\\s\\S]+)"

struct captures_user {
	char *expression, *modifiers;
	GPtrArray *names;		/* of char * */
	bool may_filter;
};

struct captures {
	GHashTable *texts;		/* name -> GPtrArray of char
					 * *, quoted */
	GHashTable *filled;		/* const struct captures_user * ->
					 * struct pattern *, NULL: none */
};

/* "%{NAME}" at this place: its length; 0: it is no such thing. */
static size_t use_length(const char *start, const char *at)
{
	size_t len = 2;

	if (at[0] != '%' || at[1] != '{' || !g_ascii_isupper(at[2]) ||
	    (at > start && at[-1] == '\\'))
		return 0;
	while (g_ascii_isupper(at[len]) || g_ascii_isdigit(at[len]) ||
	       at[len] == '_')
		len++;
	return at[len] == '}' && len < NAME_BYTES_MAX ? len + 1 : 0;
}

/* What stands for a name; freed by the caller. NULL: nothing does. */
typedef char *stand_in_fn(const void *mydata, const char *name);

static char *stand_anything(const void *mydata, const char *name)
{
	(void)mydata, (void)name;
	return g_strdup(ANYTHING);
}

/* NULL: nothing stands for one of the names. */
static char *put_in(const char *expression, stand_in_fn *stand_in,
		    const void *mydata)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *at = expression; *at;) {
		size_t len = use_length(expression, at);
		g_autofree char *name = NULL, *text = NULL;

		if (!len) {
			g_string_append_c(out, *at++);
			continue;
		}
		name = g_strndup(at + 2, len - 3);
		text = stand_in(mydata, name);
		if (!text)
			return NULL;
		g_string_append(out, text);
		at += len;
	}
	return g_strdup(out->str);
}

enum group { GROUP_PLAIN, GROUP_TURNED, GROUP_ODD };

/* Of the group that opens here. GROUP_TURNED: more within it is
 * less of the whole. */
static enum group group_at(const char *at)
{
	static const char *const turned[] = { "(?!", "(?<!", "(?>" };
	static const char *const plain[] = {
		"(?:", "(?=", "(?<", "(?P<", "(?i", "(?m", "(?s", "(?-", "(?^",
	};

	if (at[1] != '?' && at[1] != '*')
		return GROUP_PLAIN;
	for (size_t i = 0; i < COUNT_OF(turned); i++)
		if (g_str_has_prefix(at, turned[i]))
			return GROUP_TURNED;
	for (size_t i = 0; i < COUNT_OF(plain); i++)
		if (g_str_has_prefix(at, plain[i]))
			return GROUP_PLAIN;
	return GROUP_ODD;
}

/* "a++" gives nothing back, which what stands for a name takes too much of. */
static bool is_possessive(const char *at)
{
	return *at == '+' && strchr("+*?}", at[-1]);
}

/* Behind a class of characters that begins here; NULL: it has
 * no end, or a name. */
static const char *behind_class(const char *start, const char *at)
{
	for (at += 1 + (at[1] == '^'), at += *at == ']'; *at && *at != ']';
	     at++) {
		if (use_length(start, at))
			return NULL;
		if (*at == '\\' && at[1])
			at++;
	}
	return *at ? at + 1 : NULL;
}

static bool may_filter(const struct captures_user *user)
{
	const char *start = user->expression, *at = start;
	unsigned depth = 0, turned = 0;	/* the depth of such a group; 0: none */

	if (strchr(user->modifiers, 'x') || strstr(start, "\\Q"))
		return false;
	while (at && *at) {
		enum group group = *at == '(' ? group_at(at) : GROUP_PLAIN;

		if (group == GROUP_ODD || (at > start && is_possessive(at)) ||
		    (turned && use_length(start, at)))
			return false;
		depth += *at == '(';
		if (group == GROUP_TURNED && !turned)
			turned = depth;
		if (*at == ')' && depth) {
			turned = depth == turned ? 0 : turned;
			depth--;
		}
		at = *at == '[' ? behind_class(start, at) :
		     at + 1 + (*at == '\\' && at[1]);
	}
	return at != NULL;
}

struct captures_user *captures_user_new(const char *expression,
					const char *modifiers)
{
	struct captures_user *user;
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (const char *at = expression; (at = strstr(at, "%{")); at++) {
		size_t len = use_length(expression, at);

		if (len)
			g_ptr_array_add(names, g_strndup(at + 2, len - 3));
	}
	if (!names->len) {
		g_ptr_array_unref(names);
		return NULL;
	}
	user = g_new0(struct captures_user, 1);
	user->expression = g_strdup(expression);
	user->modifiers = g_strdup(modifiers);
	user->names = names;
	user->may_filter = may_filter(user);
	return user;
}

void captures_user_free(struct captures_user *user)
{
	if (!user)
		return;
	g_free(user->expression);
	g_free(user->modifiers);
	g_ptr_array_unref(user->names);
	g_free(user);
}

char *captures_user_loose(const struct captures_user *user)
{
	return put_in(user->expression, stand_anything, NULL);
}

bool captures_user_may_filter(const struct captures_user *user)
{
	return user->may_filter;
}

const GPtrArray *captures_user_names(const struct captures_user *user)
{
	return user->names;
}

static void free_texts(gpointer texts)
{
	g_ptr_array_unref(texts);
}

static void free_pattern(gpointer pattern)
{
	pattern_free(pattern);
}

struct captures *captures_new(void)
{
	struct captures *captures = g_new(struct captures, 1);

	captures->texts = g_hash_table_new_full(g_str_hash, g_str_equal,
						g_free, free_texts);
	captures->filled = g_hash_table_new_full(NULL, NULL, NULL,
						 free_pattern);
	return captures;
}

void captures_free(struct captures *captures)
{
	g_hash_table_unref(captures->texts);
	g_hash_table_unref(captures->filled);
	g_free(captures);
}

/* So that each byte stands for itself. */
static char *quote(struct span text)
{
	GString *out = g_string_sized_new(text.len * 2);

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (g_ascii_isalnum(c))
			g_string_append_c(out, (char)c);
		else
			g_string_append_printf(out, "\\x%02x", c);
	}
	return g_string_free(out, FALSE);
}

static void take(void *mydata, const char *name, struct span found)
{
	struct captures *captures = mydata;
	GPtrArray *texts = g_hash_table_lookup(captures->texts, name);
	g_autofree char *text = NULL;

	if (!found.len || found.len > TEXT_BYTES_MAX)
		return;
	if (!texts) {
		texts = g_ptr_array_new_with_free_func(g_free);
		g_hash_table_insert(captures->texts, g_strdup(name), texts);
	}
	text = quote(found);
	if (texts->len < TEXTS_MAX &&
	    !g_ptr_array_find_with_equal_func(texts, text, g_str_equal, NULL))
		g_ptr_array_add(texts, g_steal_pointer(&text));
}

void captures_take(struct captures *captures, const struct pattern *pattern,
		   struct span text, size_t from)
{
	pattern_each_group(pattern, text, from, take, captures);
}

static char *stand_texts(const void *mydata, const char *name)
{
	const struct captures *captures = mydata;
	const GPtrArray *texts = g_hash_table_lookup(captures->texts, name);
	GString *out;

	if (!texts)
		return NULL;
	out = g_string_new("(?:");
	for (guint i = 0; i < texts->len; i++) {
		g_string_append(out, i ? "|" : "");
		g_string_append(out, g_ptr_array_index(texts, i));
	}
	return g_string_free(g_string_append_c(out, ')'), FALSE);
}

const struct pattern *captures_fill(struct captures *captures,
				    const struct captures_user *user)
{
	g_autofree char *expression = NULL;
	gpointer pattern = NULL;

	if (g_hash_table_lookup_extended(captures->filled, user, NULL,
					 &pattern))
		return pattern;
	expression = put_in(user->expression, stand_texts, captures);
	/* What is too long for PCRE2 with the texts is as if
	 * there were none. */
	if (expression)
		pattern = pattern_compile(expression, user->modifiers, NULL);
	g_hash_table_insert(captures->filled, (gpointer)user, pattern);
	return pattern;
}
