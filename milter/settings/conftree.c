#include <config.h>

#include "settings/conftree.h"

#include "base/arena.h"
#include "settings/conftext.h"

#include <string.h>

struct conftree {
	struct arena arena;
	struct conftree_node *root;
};

/* One text being read; the stack of open sections is shared by all of them. */
struct reader {
	struct conftext in;
	struct conftree *tree;
	GPtrArray *open;		/* of struct conftree_node * */
	size_t *read_bytes;		/* of all texts */
	unsigned includes;		/* how deep */
	conftree_include_fn *include;
};

static struct conftree_node *top(const struct reader *reader)
{
	return g_ptr_array_index(reader->open, reader->open->len - 1);
}

static void free_children(void *data)
{
	struct conftree_node *node = data;

	if (node->children)
		g_ptr_array_unref(node->children);
}

static struct conftree_node *add_node(struct reader *reader,
				      enum conftree_kind kind,
				      const char *key)
{
	struct conftext *in = &reader->in;
	struct arena *arena = &reader->tree->arena;
	struct conftree_node *node = arena_new(arena, struct conftree_node);

	node->kind = kind;
	node->key = arena_text(arena, key);
	node->file = in->file;
	node->line = in->line;
	if (kind != CONFTREE_VALUE)
		node->children = g_ptr_array_new_with_free_func(free_children);
	if (reader->open->len)
		g_ptr_array_add(top(reader)->children, node);
	return node;
}

/* Two sections of one name are one, as in libucl. */
static struct conftree_node *find_section(const struct conftree_node *in,
					  const char *key)
{
	for (guint i = 0; key && i < in->children->len; i++) {
		struct conftree_node *node = g_ptr_array_index(in->children, i);

		if (node->kind == CONFTREE_SECTION && node->key &&
		    g_str_equal(node->key, key))
			return node;
	}
	return NULL;
}

static bool open_node(struct reader *reader, enum conftree_kind kind,
		      const char *key)
{
	struct conftext *in = &reader->in;
	struct conftree_node *node = kind == CONFTREE_SECTION ?
				     find_section(top(reader), key) : NULL;

	if (reader->open->len >= CONFTREE_DEPTH_MAX)
		return conftext_fail(in, "more than %d sections or lists "
				     "within each other", CONFTREE_DEPTH_MAX);
	in->at++;
	if (!node)
		node = add_node(reader, kind, key);
	g_ptr_array_add(reader->open, node);
	return true;
}

static bool take_value(struct reader *reader, const char *key)
{
	struct conftext *in = &reader->in;
	g_autoptr(GString) text = g_string_new(NULL);
	char c = conftext_peek(in);
	bool is_quoted = c == '"' || c == '\'';
	struct conftree_node *node = add_node(reader, CONFTREE_VALUE, key);

	if (is_quoted) {
		if (!conftext_take_string(in, text))
			return false;
	} else if (conftext_looks_at(in, "<<")) {
		if (!conftext_take_heredoc(in, text))
			return false;
	} else {
		conftext_take_bare(in, text);
		if (!text->len)
			return conftext_fail(in, "a value is missing");
	}
	node->text = arena_text(&reader->tree->arena, text->str);
	node->is_quoted = is_quoted;
	return true;
}

/* What stands behind a key: a value, or the begin of a section or list. */
static bool take_right_side(struct reader *reader, const char *key)
{
	char c = conftext_peek(&reader->in);

	if (c == '{')
		return open_node(reader, CONFTREE_SECTION, key);
	if (c == '[')
		return open_node(reader, CONFTREE_LIST, key);
	return take_value(reader, key);
}

static bool take_key(struct reader *reader, GString *key)
{
	struct conftext *in = &reader->in;
	char c = conftext_peek(in);

	if (c == '"' || c == '\'')
		return conftext_take_string(in, key);
	while (!conftext_is_end(in) && conftext_is_bare(conftext_peek(in)) &&
	       conftext_peek(in) != '=' && conftext_peek(in) != ':')
		g_string_append_c(key, conftext_take(in));
	if (!key->len)
		return conftext_fail(in, "a key is expected here");
	return true;
}

/* `section name {`: the name is a section within the section. */
static bool take_named_section(struct reader *reader, const char *key)
{
	struct conftext *in = &reader->in;
	size_t at = in->at;
	unsigned line = in->line;
	g_autoptr(GString) name = g_string_new(NULL);
	char c = conftext_peek(in);

	if (c != '"' && c != '\'' && !conftext_is_bare(c))
		return true;
	if (!take_key(reader, name) || !conftext_skip_blank(in, false))
		return false;
	if (conftext_peek(in) != '{') {
		in->at = at;
		in->line = line;
		return true;
	}
	if (!open_node(reader, CONFTREE_SECTION, key))
		return false;
	in->at--;			/* the brace opens the inner one too */
	if (!open_node(reader, CONFTREE_SECTION, name->str))
		return false;
	/* One brace closes both: the outer one is closed at once. */
	g_ptr_array_remove_index(reader->open, reader->open->len - 2);
	return true;
}

static bool take_pair(struct reader *reader)
{
	struct conftext *in = &reader->in;
	g_autoptr(GString) key = g_string_new(NULL);
	guint depth = reader->open->len;
	bool is_assigned;

	if (!take_key(reader, key) || !conftext_skip_blank(in, false))
		return false;
	is_assigned = conftext_peek(in) == '=' || conftext_peek(in) == ':';
	if (is_assigned)
		in->at++;
	if (!conftext_skip_blank(in, is_assigned))
		return false;
	if (!is_assigned) {
		const struct conftree_node *before = top(reader);

		if (!take_named_section(reader, key->str))
			return false;
		if (reader->open->len != depth || top(reader) != before)
			return true;
		/* `section` and its brace on the next line. */
		if (conftext_peek(in) == '\n') {
			if (!conftext_skip_blank(in, true))
				return false;
			if (conftext_peek(in) != '{')
				return conftext_fail(in, "%s: a value is "
						     "missing before this line",
						     key->str);
		}
	}
	if (conftext_is_end(in) || strchr(";,]}", conftext_peek(in)))
		return conftext_fail(in, "%s: a value is missing", key->str);
	return take_right_side(reader, key->str);
}

static bool close_node(struct reader *reader, guint base)
{
	struct conftext *in = &reader->in;
	char c = conftext_take(in);
	enum conftree_kind kind = c == '}' ? CONFTREE_SECTION : CONFTREE_LIST;

	if (reader->open->len <= base)
		return conftext_fail(in, "'%c' closes nothing", c);
	if (top(reader)->kind != kind)
		return conftext_fail(in, "'%c' closes what began at line %u "
				     "with another bracket", c,
				     top(reader)->line);
	g_ptr_array_remove_index(reader->open, reader->open->len - 1);
	return true;
}

static bool read_text(struct reader *reader);

/* .include "file" and .include(try=true) "file" */
static bool take_include(struct reader *reader)
{
	struct conftext *in = &reader->in;
	g_autoptr(GString) name = g_string_new(NULL);
	g_autofree char *path = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) why = NULL;
	bool may_lack = conftext_looks_at(in, ".include(try=true)");
	struct reader inner = *reader;
	gsize len;

	if (!may_lack && !conftext_looks_at(in, ".include ") &&
	    !conftext_looks_at(in, ".include\t") &&
	    !conftext_looks_at(in, ".include\""))
		return conftext_fail(in, "only .include and .include(try=true) "
				     "are known here");
	in->at += may_lack ? strlen(".include(try=true)") : strlen(".include");
	if (!conftext_skip_blank(in, false))
		return false;
	if (conftext_peek(in) != '"' && conftext_peek(in) != '\'')
		return conftext_fail(in, ".include needs a file name in "
				     "quotes");
	if (!conftext_take_string(in, name))
		return false;
	if (!reader->include)
		return conftext_fail(in, "no files can be included here");
	if (reader->includes >= CONFTREE_INCLUDE_MAX)
		return conftext_fail(in, "more than %d files within each other",
				     CONFTREE_INCLUDE_MAX);
	bytes = reader->include(name->str, in->file, may_lack, &path, &why);
	if (!bytes)
		return why ? conftext_fail(in, "%s", why->message) : true;
	inner.in.text.ptr = g_bytes_get_data(bytes, &len);
	inner.in.text.len = len;
	inner.in.file = arena_text(&reader->tree->arena, path);
	inner.in.at = 0;
	inner.in.line = 1;
	inner.includes++;
	return read_text(&inner);
}

static bool take_item(struct reader *reader, guint base)
{
	struct conftext *in = &reader->in;
	char c = conftext_peek(in);

	if (c == ';' || c == ',') {
		in->at++;
		return true;
	}
	if (c == '}' || c == ']')
		return close_node(reader, base);
	if (top(reader)->kind == CONFTREE_LIST)
		return take_right_side(reader, NULL);
	if (c == '.')
		return take_include(reader);
	/* As in JSON: the whole may stand in braces. */
	if (c == '{' && reader->open->len == 1) {
		in->at++;
		g_ptr_array_add(reader->open, top(reader));
		return true;
	}
	return take_pair(reader);
}

/* Calls itself through .include only, CONFTREE_INCLUDE_MAX deep at most. */
static bool read_text(struct reader *reader)
{
	struct conftext *in = &reader->in;
	guint base = reader->open->len;

	*reader->read_bytes += in->text.len;
	if (*reader->read_bytes > CONFTREE_TEXT_MAX)
		return conftext_fail(in, "more than %zu bytes of settings",
				     CONFTREE_TEXT_MAX);
	if (in->text.len && memchr(in->text.ptr, 0, in->text.len))
		return conftext_fail(in, "a NUL byte: this is no text file");
	if (conftext_looks_at(in, "\xef\xbb\xbf"))
		in->at += 3;
	for (;;) {
		if (!conftext_skip_blank(in, true))
			return false;
		if (conftext_is_end(in))
			break;
		if (!take_item(reader, base))
			return false;
	}
	if (reader->open->len <= base)
		return true;
	const struct conftree_node *node = top(reader);

	in->line = node->line;
	return conftext_fail(in, "%s begins here and has no end",
			     node->key ? node->key : "a list or section");
}

struct conftree *conftree_parse(const char *file, struct span text,
				conftree_include_fn *include, GError **error)
{
	struct conftree *tree = g_new0(struct conftree, 1);
	g_autoptr(GPtrArray) open = g_ptr_array_new();
	size_t read_bytes = 0;
	struct reader reader = {
		.in = { .text = text, .line = 1, .error = error },
		.tree = tree, .open = open, .read_bytes = &read_bytes,
		.include = include,
	};

	arena_init(&tree->arena);
	reader.in.file = arena_text(&tree->arena, file);
	tree->root = add_node(&reader, CONFTREE_SECTION, NULL);
	g_ptr_array_add(open, tree->root);
	if (read_text(&reader))
		return tree;
	conftree_free(tree);
	return NULL;
}

/* Nodes lie in the arena, their arrays do not; as deep as the depth limit. */
void conftree_free(struct conftree *tree)
{
	if (!tree)
		return;
	free_children(tree->root);
	arena_release(&tree->arena);
	g_free(tree);
}

const struct conftree_node *conftree_root(const struct conftree *tree)
{
	return tree->root;
}
