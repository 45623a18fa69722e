#include <config.h>

#include "settings/conftree.h"

#include "base/arena.h"
#include "settings/settings.h"

#include <string.h>

struct conftree {
	struct arena arena;
	struct conftree_node *root;
};

/* One text being read; the stack of open sections is shared by all of them. */
struct reader {
	struct conftree *tree;
	const char *file;
	struct span text;
	size_t at;
	unsigned line;
	GPtrArray *open;		/* of struct conftree_node * */
	size_t *read_bytes;		/* of all texts */
	unsigned includes;		/* how deep */
	conftree_include_fn *include;
	GError **error;
};

static bool fail(const struct reader *reader, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

static bool fail(const struct reader *reader, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	g_autofree char *what = g_strdup_vprintf(fmt, args);

	va_end(args);
	g_set_error(reader->error, SETTINGS_ERROR, 0, "%s:%u: %s",
		    reader->file, reader->line, what);
	return false;
}

static bool is_end(const struct reader *reader)
{
	return reader->at >= reader->text.len;
}

static char peek(const struct reader *reader)
{
	return is_end(reader) ? '\0' : reader->text.ptr[reader->at];
}

static bool looks_at(const struct reader *reader, const char *word)
{
	size_t len = strlen(word);

	return reader->text.len - reader->at >= len &&
	       memcmp(reader->text.ptr + reader->at, word, len) == 0;
}

static char take(struct reader *reader)
{
	char c = reader->text.ptr[reader->at++];

	reader->line += c == '\n';
	return c;
}

static void skip_line(struct reader *reader)
{
	while (!is_end(reader) && peek(reader) != '\n')
		reader->at++;
}

static bool skip_block_comment(struct reader *reader)
{
	unsigned depth = 0, began = reader->line;

	do {
		if (is_end(reader)) {
			reader->line = began;
			return fail(reader, "a comment begins here and has "
				    "no end");
		}
		if (looks_at(reader, "/*")) {
			depth++;
			reader->at += 2;
		} else if (looks_at(reader, "*/")) {
			depth--;
			reader->at += 2;
		} else {
			take(reader);
		}
	} while (depth > 0);
	return true;
}

/* Blanks and comments; line ends too when is_across. */
static bool skip_blank(struct reader *reader, bool is_across)
{
	for (;;) {
		char c = peek(reader);

		if (is_end(reader))
			return true;
		if (c == '#') {
			skip_line(reader);
		} else if (looks_at(reader, "/*")) {
			if (!skip_block_comment(reader))
				return false;
		} else if (c == ' ' || c == '\t' || c == '\r' ||
			   (c == '\n' && is_across)) {
			take(reader);
		} else {
			return true;
		}
	}
}

static void append_code_point(GString *out, gunichar point)
{
	/* A lone surrogate has no UTF-8 form. */
	g_string_append_unichar(out, g_unichar_validate(point) ? point :
							       0xfffd);
}

static bool take_hex4(struct reader *reader, gunichar *point_out)
{
	*point_out = 0;
	for (int i = 0; i < 4; i++) {
		int digit = is_end(reader) ? -1 :
			    g_ascii_xdigit_value(peek(reader));

		if (digit < 0)
			return fail(reader, "\\u needs four hexadecimal "
				    "digits");
		*point_out = *point_out * 16 + (gunichar)digit;
		take(reader);
	}
	return true;
}

static bool take_escape(struct reader *reader, GString *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	gunichar point, low;
	char c;

	if (is_end(reader))
		return fail(reader, "the text ends within a string");
	c = take(reader);
	if (c == 'u') {
		if (!take_hex4(reader, &point))
			return false;
		if (point >= 0xd800 && point < 0xdc00 &&
		    looks_at(reader, "\\u")) {
			reader->at += 2;
			if (!take_hex4(reader, &low))
				return false;
			if (low >= 0xdc00 && low < 0xe000)
				point = 0x10000 + ((point - 0xd800) << 10) +
					(low - 0xdc00);
		}
		if (point == 0)
			return fail(reader, "a string cannot hold NUL");
		append_code_point(out, point);
		return true;
	}
	const char *found = strchr(from, c);

	if (!found || !c)
		return fail(reader, "no such escape in a string; write \\\\ "
			    "for a backslash");
	g_string_append_c(out, to[found - from]);
	return true;
}

static bool take_string(struct reader *reader, GString *out)
{
	char quote = take(reader);
	unsigned began = reader->line;

	while (!is_end(reader) && peek(reader) != quote) {
		char c = take(reader);

		if (c == '\\' && quote == '"') {
			if (!take_escape(reader, out))
				return false;
		} else if (c == '\\' && peek(reader) == '\'') {
			g_string_append_c(out, take(reader));
		} else {
			g_string_append_c(out, c);
		}
	}
	if (is_end(reader)) {
		reader->line = began;
		return fail(reader, "a string begins here and has no end");
	}
	reader->at++;
	return true;
}

/* <<WORD, lines, WORD alone on a line. */
static bool take_heredoc(struct reader *reader, GString *out)
{
	g_autoptr(GString) word = g_string_new(NULL);
	unsigned began = reader->line;

	reader->at += 2;
	while (g_ascii_isupper(peek(reader)))
		g_string_append_c(word, take(reader));
	if (peek(reader) != '\n')
		return fail(reader, "<< needs a word of capitals and the end "
			    "of the line");
	take(reader);
	while (!is_end(reader)) {
		size_t from = reader->at;

		skip_line(reader);
		struct span line = span_of(reader->text.ptr + from,
					   reader->at - from);

		if (span_is(line, word->str))
			return true;
		g_string_append_len(out, line.ptr, (gssize)line.len);
		if (!is_end(reader))
			g_string_append_c(out, take(reader));
	}
	reader->line = began;
	return fail(reader, "the text behind <<%s has no end", word->str);
}

static bool is_bare(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && !strchr(";,{}[]\"'#", c);
}

static void take_bare(struct reader *reader, GString *out)
{
	while (!is_end(reader) && is_bare(peek(reader)) &&
	       !looks_at(reader, "/*"))
		g_string_append_c(out, take(reader));
}

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
	struct arena *arena = &reader->tree->arena;
	struct conftree_node *node = arena_new(arena, struct conftree_node);

	node->kind = kind;
	node->key = arena_text(arena, key);
	node->file = reader->file;
	node->line = reader->line;
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
	struct conftree_node *node = kind == CONFTREE_SECTION ?
				     find_section(top(reader), key) : NULL;

	if (reader->open->len >= CONFTREE_DEPTH_MAX)
		return fail(reader, "more than %d sections or lists within "
			    "each other", CONFTREE_DEPTH_MAX);
	reader->at++;
	if (!node)
		node = add_node(reader, kind, key);
	g_ptr_array_add(reader->open, node);
	return true;
}

static bool take_value(struct reader *reader, const char *key)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char c = peek(reader);
	bool is_quoted = c == '"' || c == '\'';
	struct conftree_node *node = add_node(reader, CONFTREE_VALUE, key);

	if (is_quoted) {
		if (!take_string(reader, text))
			return false;
	} else if (looks_at(reader, "<<")) {
		if (!take_heredoc(reader, text))
			return false;
	} else {
		take_bare(reader, text);
		if (!text->len)
			return fail(reader, "a value is missing");
	}
	node->text = arena_text(&reader->tree->arena, text->str);
	node->is_quoted = is_quoted;
	return true;
}

/* What stands behind a key: a value, or the begin of a section or list. */
static bool take_right_side(struct reader *reader, const char *key)
{
	char c = peek(reader);

	if (c == '{')
		return open_node(reader, CONFTREE_SECTION, key);
	if (c == '[')
		return open_node(reader, CONFTREE_LIST, key);
	return take_value(reader, key);
}

static bool take_key(struct reader *reader, GString *key)
{
	char c = peek(reader);

	if (c == '"' || c == '\'')
		return take_string(reader, key);
	while (!is_end(reader) && is_bare(peek(reader)) &&
	       peek(reader) != '=' && peek(reader) != ':')
		g_string_append_c(key, take(reader));
	if (!key->len)
		return fail(reader, "a key is expected here");
	return true;
}

/* `section name {`: the name is a section within the section. */
static bool take_named_section(struct reader *reader, const char *key)
{
	size_t at = reader->at;
	unsigned line = reader->line;
	g_autoptr(GString) name = g_string_new(NULL);
	char c = peek(reader);

	if (c != '"' && c != '\'' && !is_bare(c))
		return true;
	if (!take_key(reader, name) || !skip_blank(reader, false))
		return false;
	if (peek(reader) != '{') {
		reader->at = at;
		reader->line = line;
		return true;
	}
	if (!open_node(reader, CONFTREE_SECTION, key))
		return false;
	reader->at--;			/* the brace opens the inner one too */
	if (!open_node(reader, CONFTREE_SECTION, name->str))
		return false;
	/* One brace closes both: the outer one is closed at once. */
	g_ptr_array_remove_index(reader->open, reader->open->len - 2);
	return true;
}

static bool take_pair(struct reader *reader)
{
	g_autoptr(GString) key = g_string_new(NULL);
	guint depth = reader->open->len;
	bool is_assigned;

	if (!take_key(reader, key) || !skip_blank(reader, false))
		return false;
	is_assigned = peek(reader) == '=' || peek(reader) == ':';
	if (is_assigned)
		reader->at++;
	if (!skip_blank(reader, is_assigned))
		return false;
	if (!is_assigned) {
		const struct conftree_node *before = top(reader);

		if (!take_named_section(reader, key->str))
			return false;
		if (reader->open->len != depth || top(reader) != before)
			return true;
		/* `section` and its brace on the next line. */
		if (peek(reader) == '\n') {
			if (!skip_blank(reader, true))
				return false;
			if (peek(reader) != '{')
				return fail(reader, "%s: a value is missing "
					    "before this line", key->str);
		}
	}
	if (is_end(reader) || strchr(";,]}", peek(reader)))
		return fail(reader, "%s: a value is missing", key->str);
	return take_right_side(reader, key->str);
}

static bool close_node(struct reader *reader, guint base)
{
	char c = take(reader);
	enum conftree_kind kind = c == '}' ? CONFTREE_SECTION : CONFTREE_LIST;

	if (reader->open->len <= base)
		return fail(reader, "'%c' closes nothing", c);
	if (top(reader)->kind != kind)
		return fail(reader, "'%c' closes what began at line %u with "
			    "another bracket", c, top(reader)->line);
	g_ptr_array_remove_index(reader->open, reader->open->len - 1);
	return true;
}

static bool read_text(struct reader *reader);

/* .include "file" and .include(try=true) "file" */
static bool take_include(struct reader *reader)
{
	g_autoptr(GString) name = g_string_new(NULL);
	g_autofree char *path = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GError) why = NULL;
	bool may_lack = looks_at(reader, ".include(try=true)");
	struct reader inner = *reader;
	gsize len;

	if (!may_lack && !looks_at(reader, ".include ") &&
	    !looks_at(reader, ".include\t") && !looks_at(reader, ".include\""))
		return fail(reader, "only .include and .include(try=true) are "
			    "known here");
	reader->at += may_lack ? strlen(".include(try=true)") :
				 strlen(".include");
	if (!skip_blank(reader, false))
		return false;
	if (peek(reader) != '"' && peek(reader) != '\'')
		return fail(reader, ".include needs a file name in quotes");
	if (!take_string(reader, name))
		return false;
	if (!reader->include)
		return fail(reader, "no files can be included here");
	if (reader->includes >= CONFTREE_INCLUDE_MAX)
		return fail(reader, "more than %d files within each other",
			    CONFTREE_INCLUDE_MAX);
	bytes = reader->include(name->str, reader->file, may_lack, &path,
				&why);
	if (!bytes)
		return why ? fail(reader, "%s", why->message) : true;
	inner.text.ptr = g_bytes_get_data(bytes, &len);
	inner.text.len = len;
	inner.file = arena_text(&reader->tree->arena, path);
	inner.at = 0;
	inner.line = 1;
	inner.includes++;
	return read_text(&inner);
}

static bool take_item(struct reader *reader, guint base)
{
	char c = peek(reader);

	if (c == ';' || c == ',') {
		reader->at++;
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
		reader->at++;
		g_ptr_array_add(reader->open, top(reader));
		return true;
	}
	return take_pair(reader);
}

/* Calls itself through .include only, CONFTREE_INCLUDE_MAX deep at most. */
static bool read_text(struct reader *reader)
{
	guint base = reader->open->len;

	*reader->read_bytes += reader->text.len;
	if (*reader->read_bytes > CONFTREE_TEXT_MAX)
		return fail(reader, "more than %zu bytes of settings",
			    CONFTREE_TEXT_MAX);
	if (reader->text.len && memchr(reader->text.ptr, 0, reader->text.len))
		return fail(reader, "a NUL byte: this is no text file");
	if (looks_at(reader, "\xef\xbb\xbf"))
		reader->at += 3;
	for (;;) {
		if (!skip_blank(reader, true))
			return false;
		if (is_end(reader))
			break;
		if (!take_item(reader, base))
			return false;
	}
	if (reader->open->len <= base)
		return true;
	const struct conftree_node *node = top(reader);

	reader->line = node->line;
	return fail(reader, "%s begins here and has no end",
		    node->key ? node->key : "a list or section");
}

struct conftree *conftree_parse(const char *file, struct span text,
				conftree_include_fn *include, GError **error)
{
	struct conftree *tree = g_new0(struct conftree, 1);
	g_autoptr(GPtrArray) open = g_ptr_array_new();
	size_t read_bytes = 0;
	struct reader reader = {
		.tree = tree, .text = text, .line = 1, .open = open,
		.read_bytes = &read_bytes, .include = include, .error = error,
	};

	arena_init(&tree->arena);
	reader.file = arena_text(&tree->arena, file);
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
