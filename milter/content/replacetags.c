#include <config.h>

#include "content/replacetags.h"

#include <string.h>

#define PASSES 6		/* a tag's text may have tags of its own */

enum { TAG, PRE, INTER, POST, KINDS };

static const char *const keywords[KINDS] = {
	"replace_tag", "replace_pre", "replace_inter", "replace_post",
};

struct replacetags {
	GHashTable *texts[KINDS];	/* name -> text */
};

struct replacetags *replacetags_new(void)
{
	struct replacetags *tags = g_new0(struct replacetags, 1);

	for (size_t i = 0; i < KINDS; i++)
		tags->texts[i] = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, g_free);
	return tags;
}

void replacetags_free(struct replacetags *tags)
{
	for (size_t i = 0; tags && i < KINDS; i++)
		g_hash_table_unref(tags->texts[i]);
	g_free(tags);
}

bool replacetags_add(struct replacetags *tags, const char *keyword,
		     const char *rest)
{
	size_t len = strcspn(rest, " \t");
	const char *text = rest + len + strspn(rest + len, " \t");

	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(keyword, keywords[i]) == 0 && *text) {
			g_hash_table_replace(tags->texts[i],
					     g_strndup(rest, len),
					     g_strdup(text));
			return true;
		}
	return false;
}

/* Takes "<inter W2>" out of the pattern; its text, or NULL. */
static const char *take_order(const struct replacetags *tags, int kind,
			      GString *pattern)
{
	static const char *const words[KINDS] = {
		NULL, "<pre ", "<inter ", "<post ",
	};
	const char *at = strstr(pattern->str, words[kind]);
	const char *end = at ? strchr(at, '>') : NULL;
	const char *text;

	if (!end)
		return NULL;
	at += strlen(words[kind]);
	g_autofree char *name = g_strndup(at, (gsize)(end - at));

	text = g_hash_table_lookup(tags->texts[kind], name);
	at -= strlen(words[kind]);
	g_string_erase(pattern, at - pattern->str, end + 1 - at);
	return text;
}

/* The length of "<...>" at the start, 0: there is none. */
static size_t tag_length(const char *at)
{
	size_t len = *at == '<' ? 1 + strcspn(at + 1, "<>") : 0;

	return len > 1 && at[len] == '>' ? len + 1 : 0;
}

/* One pass over all tags; whether what was put in has tags again. */
static bool pass(const struct replacetags *tags, GString *pattern)
{
	const char *pre = take_order(tags, PRE, pattern);
	const char *post = take_order(tags, POST, pattern);
	const char *inter = take_order(tags, INTER, pattern);
	g_autofree char *before = g_strdup(pattern->str);
	bool is_again = false;

	g_string_truncate(pattern, 0);
	for (const char *at = before; *at;) {
		size_t len = tag_length(at);
		const char *text;

		if (!len) {
			g_string_append_c(pattern, *at++);
			continue;
		}
		g_autofree char *name = g_strndup(at + 1, len - 2);

		text = g_hash_table_lookup(tags->texts[TAG], name);
		g_string_append(pattern, pre ? pre : "");
		if (text)
			g_string_append(pattern, text);
		else
			g_string_append_len(pattern, at, (gssize)len);
		is_again |= text && strchr(text, '<');
		g_string_append(pattern, post ? post : "");
		at += len;
		/* What goes between two tags. */
		if (inter && tag_length(at))
			g_string_append(pattern, inter);
	}
	return is_again;
}

char *replacetags_apply(const struct replacetags *tags, const char *pattern)
{
	GString *out = g_string_new(pattern);

	for (int i = 0; i < PASSES && pass(tags, out); i++)
		;
	return g_string_free(out, FALSE);
}

/* How a tag's text may be seen from the places around it. */
struct shape {
	bool is_one;			/* a group or a class, nothing behind */
	bool has_bar;			/* outside of all groups */
	bool is_whole;			/* all that opens is closed */
};

/* The length of a class, its brackets included. */
static size_t class_length(const char *at)
{
	size_t len = 1;

	len += at[len] == '^';
	len += at[len] == ']';
	while (at[len] && at[len] != ']')
		len += at[len] == '\\' && at[len + 1] ? 2 : 1;
	return at[len] ? len + 1 : len;
}

static struct shape shape_of(const char *text)
{
	struct shape shape = { .is_one = *text == '(' || *text == '[' };
	int depth = 0;

	for (const char *at = text; *at && depth >= 0;) {
		depth += (*at == '(') - (*at == ')');
		shape.has_bar |= *at == '|' && depth == 0;
		at += *at == '[' ? class_length(at) :
		      *at == '\\' && at[1] ? 2 : 1;
		shape.is_one &= depth > 0 || !*at;
	}
	shape.is_whole = depth == 0;
	return shape;
}

/* A pattern on its way to one with calls. */
struct folding {
	const struct replacetags *tags;
	const char *pre, *inter, *post;	/* of the pattern that is read */
	GPtrArray *names;		/* of tags that are called */
	size_t short_bytes;		/* of a text that is not called */
	GString *out;
	int depth;			/* of tags that are put in */
	bool is_wrong;
};

static guint number_of(struct folding *on, const char *name)
{
	guint number;

	if (!g_ptr_array_find_with_equal_func(on->names, name, g_str_equal,
					      &number)) {
		number = on->names->len;
		g_ptr_array_add(on->names, g_strdup(name));
	}
	return number;
}

/* behind: what stands after the call. */
static void call(struct folding *on, const char *name, const char *text,
		 const char *behind)
{
	struct shape shape = shape_of(text);

	on->is_wrong |= !shape.is_whole || shape.has_bar ||
			(!shape.is_one && *behind && strchr("?*+{", *behind));
	g_string_append_printf(on->out, "(?&reeve%u)", number_of(on, name));
}

static void fold(struct folding *on, const char *text);

/* What the pattern puts around tags, it puts around its own alone. */
static void put_in(struct folding *on, const char *text)
{
	struct folding inner = *on;

	inner.pre = inner.inter = inner.post = NULL;
	inner.depth++;
	fold(&inner, text);
	on->is_wrong = inner.is_wrong;
}

static void fold_tag(struct folding *on, const char *at, size_t len)
{
	g_autofree char *name = g_strndup(at + 1, len - 2);
	const char *text = g_hash_table_lookup(on->tags->texts[TAG], name);
	const char *between = on->inter && tag_length(at + len) ?
			      on->inter : "";

	g_string_append(on->out, on->pre ? on->pre : "");
	if (text && on->depth < PASSES && strlen(text) <= on->short_bytes)
		put_in(on, text);
	else if (text)
		call(on, name, text, on->post ? on->post :
		     *between ? between : at + len);
	else
		g_string_append_len(on->out, at, (gssize)len);
	g_string_append(on->out, on->post ? on->post : "");
	g_string_append(on->out, between);
}

static void fold(struct folding *on, const char *text)
{
	while (*text) {
		size_t len = tag_length(text);

		if (len)
			fold_tag(on, text, len);
		else
			g_string_append_c(on->out, *text);
		text += len ? len : 1;
	}
}

/* Numbers of groups change, and options hold from their place on. */
static bool has_places(const char *pattern)
{
	static const char *const words[] = {
		"\\g", "\\k", "(?P", "(?i)", "(?m)", "(?s)", "(?x)", "(?-",
		"(?(", "(?R", "(?0", "(?1",
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(pattern, words[i]))
			return true;
	for (; (pattern = strchr(pattern, '\\')) && pattern[1]; pattern += 2)
		if (g_ascii_isdigit(pattern[1]) && pattern[1] != '0')
			return true;
	return false;
}

char *replacetags_fold(const struct replacetags *tags, const char *pattern,
		       size_t short_bytes)
{
	g_autoptr(GString) body = g_string_new(pattern);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	struct folding on = {
		.tags = tags, .names = names, .short_bytes = short_bytes,
		.out = g_string_new(NULL),
		.pre = take_order(tags, PRE, body),
		.post = take_order(tags, POST, body),
		.inter = take_order(tags, INTER, body),
	};
	g_autofree char *folded = NULL;

	fold(&on, body->str);
	folded = g_string_free(on.out, FALSE);
	on.out = g_string_new("(?(DEFINE)");
	on.pre = on.post = on.inter = NULL;
	for (guint i = 0; i < names->len; i++) {
		g_string_append_printf(on.out, "(?<reeve%u>", i);
		fold(&on, g_hash_table_lookup(tags->texts[TAG],
					      g_ptr_array_index(names, i)));
		g_string_append_c(on.out, ')');
	}
	on.is_wrong |= has_places(folded) ||
		       has_places(on.out->str + strlen("(?(DEFINE)"));
	g_string_append_printf(on.out, ")%s", folded);
	return g_string_free(on.out, on.is_wrong);
}
