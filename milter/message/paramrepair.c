#include <config.h>

#include "message/paramrepair.h"

#include "message/charset.h"
#include "message/encodedword.h"
#include "message/wordrepair.h"

#include <glib.h>
#include <string.h>

#define LABEL_MAX 40

/* "base*section*=value" between semicolons. */
struct piece {
	struct span whole;		/* as it stands there */
	char *key;			/* "base*section", in small letters */
	struct span base, value;
	guint section;
	bool is_extended;		/* with percent signs */
	bool is_taken;			/* it stands in another one */
	const char *repaired;		/* with the others in it; NULL:
					 * as it was */
};

struct pieces {
	struct arena *arena;
	GArray *all;			/* of struct piece */
	GHashTable *by_key;		/* key -> index + 1 */
};

/* Up to a semicolon that is not quoted; the mark is passed over. */
static struct span take_piece(const char **at)
{
	const char *start = *at, *end;
	bool is_quoted = false;

	for (end = start; *end && (is_quoted || *end != ';'); end++) {
		if (*end == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && *end == '\\' && end[1])
			end++;
	}
	*at = *end ? end + 1 : end;
	return span_of(start, (size_t)(end - start));
}

static struct span unquoted(struct span value)
{
	value = span_trim(value);
	return value.len >= 2 && *value.ptr == '"' &&
	       value.ptr[value.len - 1] == '"' ?
	       span_of(value.ptr + 1, value.len - 2) : value;
}

/* "name*", "name*0*", "name*1"; false: a usual name. */
static bool read_name(struct piece *piece, struct span name)
{
	ptrdiff_t star = span_find(name, '*');
	struct span number;

	if (star <= 0)
		return false;
	piece->is_extended = name.ptr[name.len - 1] == '*';
	piece->base = span_first(name, (size_t)star);
	number = span_from(name, (size_t)star + 1);
	for (size_t i = 0; i < number.len && g_ascii_isdigit(number.ptr[i]) &&
	     piece->section < 100000; i++)
		piece->section = piece->section * 10 +
				 (guint)(number.ptr[i] - '0');
	return true;
}

static char *key_of(struct arena *arena, struct span base, guint section)
{
	char *key = arena_printf(arena, "%.*s*%u", (int)base.len, base.ptr,
				 section);

	for (char *c = key; *c; c++)
		*c = g_ascii_tolower(*c);
	return key;
}

static void read_piece(struct pieces *on, struct span whole)
{
	struct piece piece = { .whole = whole };
	ptrdiff_t equals = span_find(whole, '=');

	if (equals > 0 && read_name(&piece, span_trim(
			span_first(whole, (size_t)equals)))) {
		piece.value = unquoted(span_from(whole, (size_t)equals + 1));
		piece.key = key_of(on->arena, piece.base, piece.section);
	}
	g_array_append_val(on->all, piece);
	if (piece.key && !g_hash_table_contains(on->by_key, piece.key))
		g_hash_table_insert(on->by_key, piece.key,
				    GUINT_TO_POINTER(on->all->len));
}

static void add_bytes(GString *out, struct span value, bool is_extended)
{
	for (size_t i = 0; i < value.len; i++) {
		const char *at = value.ptr + i;

		if (is_extended && *at == '%' && value.len - i > 2 &&
		    g_ascii_isxdigit(at[1]) && g_ascii_isxdigit(at[2])) {
			g_string_append_c(out, (char)(
				g_ascii_xdigit_value(at[1]) * 16 +
				g_ascii_xdigit_value(at[2])));
			i += 2;
		} else {
			g_string_append_c(out, *at);
		}
	}
}

/* charset'language'value; false: it is none. */
static bool take_label(struct span *value, char label[LABEL_MAX + 1])
{
	ptrdiff_t first = span_find(*value, '\''), second;

	if (first < 0 || first > LABEL_MAX)
		return false;
	second = span_find(span_from(*value, (size_t)first + 1), '\'');
	if (second < 0)
		return false;
	memcpy(label, value->ptr, (size_t)first);
	label[first] = '\0';
	*value = span_from(*value, (size_t)(first + second) + 2);
	return true;
}

static void add_rest(struct pieces *on, const struct piece *first,
		     GString *bytes)
{
	struct piece *next;

	for (guint section = 1; ; section++) {
		guint place = GPOINTER_TO_UINT(g_hash_table_lookup(on->by_key,
			key_of(on->arena, first->base, section)));

		if (!place)
			return;
		next = &g_array_index(on->all, struct piece, place - 1);
		next->is_taken = true;
		add_bytes(bytes, next->value, next->is_extended);
	}
}

/* The first piece of a name, with all others in it; NULL: it is none. */
static const char *repair_piece(struct pieces *on, const struct piece *first)
{
	g_autoptr(GString) bytes = g_string_new(NULL), out = NULL;
	char label[LABEL_MAX + 1];
	struct span value = first->value, utf8;

	if (!first->key || !first->is_extended || first->section ||
	    !take_label(&value, label))
		return NULL;
	out = g_string_new(NULL);
	add_bytes(bytes, value, true);
	add_rest(on, first, bytes);
	utf8 = charset_decode_word(span_of(bytes->str, bytes->len),
				   *label ? label : NULL, on->arena);
	g_string_append_printf(out, "%.*s*=utf-8''", (int)first->base.len,
			       first->base.ptr);
	for (size_t i = 0; i < utf8.len; i++)
		g_string_append_printf(out, g_ascii_isalnum(utf8.ptr[i]) ?
				       "%c" : "%%%02X",
				       (unsigned char)(utf8.ptr[i] ?
						       utf8.ptr[i] : '?'));
	return arena_text(on->arena, out->str);
}

static void add_piece(const struct piece *piece, GString *out)
{
	if (piece->is_taken)
		return;
	if (out->len)
		g_string_append_c(out, ';');
	if (piece->repaired)
		g_string_append(out, piece->repaired);
	else
		g_string_append_len(out, piece->whole.ptr,
				    (gssize)piece->whole.len);
}

static const char *repair_extended(const char *value, struct arena *arena)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct pieces on = {
		.arena = arena,
		.all = g_array_new(FALSE, FALSE, sizeof(struct piece)),
		.by_key = g_hash_table_new(g_str_hash, g_str_equal),
	};

	while (*value)
		read_piece(&on, take_piece(&value));
	for (guint i = 0; i < on.all->len; i++) {
		struct piece *piece = &g_array_index(on.all, struct piece, i);

		piece->repaired = repair_piece(&on, piece);
	}
	for (guint i = 0; i < on.all->len; i++)
		add_piece(&g_array_index(on.all, struct piece, i), out);
	g_array_unref(on.all);
	g_hash_table_unref(on.by_key);
	return arena_text(arena, out->str);
}

const char *paramrepair_text(const char *value, struct arena *arena)
{
	if (encodedword_is_in(span_text(value)))
		value = wordrepair_text(span_text(value), arena).ptr;
	return strstr(value, "*=") || strstr(value, "* =") ?
	       repair_extended(value, arena) : value;
}
