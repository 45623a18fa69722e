#include <config.h>

#include "message/domaintable.h"

#include "base/log.h"
#include "message/mailaddr.h"

#include <string.h>

#define FILE_MAX ((gsize)64 << 20)	/* bytes */

/* One set of texts: a pattern for subdomains keeps its leading dot. */
struct domaintable {
	GHashTable *patterns;
};

static GQuark domaintable_error(void)
{
	return g_quark_from_static_string("domaintable");
}

struct domaintable *domaintable_new(void)
{
	struct domaintable *table = g_new0(struct domaintable, 1);

	table->patterns = g_hash_table_new_full(g_str_hash, g_str_equal,
						g_free, NULL);
	return table;
}

void domaintable_free(struct domaintable *table)
{
	if (!table)
		return;
	g_hash_table_unref(table->patterns);
	g_free(table);
}

static bool add(struct domaintable *table, struct span pattern,
		struct arena *arena, GError **error)
{
	bool is_below = pattern.len && pattern.ptr[0] == '.';
	const char *domain = mailaddr_domain_ascii(
		is_below ? span_from(pattern, 1) : pattern, arena);

	if (!domain) {
		g_autofree char *shown = log_text(pattern);

		g_set_error(error, domaintable_error(), 0,
			    "%s is not a domain; write example.org, or "
			    ".example.org for its subdomains", shown);
		return false;
	}
	g_hash_table_add(table->patterns, g_strconcat(is_below ? "." : "",
						      domain, NULL));
	return true;
}

bool domaintable_add(struct domaintable *table, struct span pattern,
		     GError **error)
{
	struct arena arena;
	bool is_done;

	arena_init(&arena);
	is_done = add(table, span_trim(pattern), &arena, error);
	arena_release(&arena);
	return is_done;
}

/* Editors elsewhere put a byte order mark before the first line. */
static struct span without_mark(struct span text)
{
	static const char mark[] = "\xef\xbb\xbf";

	return text.len >= 3 && memcmp(text.ptr, mark, 3) == 0 ?
	       span_from(text, 3) : text;
}

static bool add_lines(struct domaintable *table, struct span text,
		      const char *path, GError **error)
{
	struct arena arena;
	g_autoptr(GError) why = NULL;
	unsigned number = 0;

	arena_init(&arena);
	while (text.len && !why) {
		ptrdiff_t end = span_find(text, '\n');
		struct span line = end < 0 ? text :
				   span_first(text, (size_t)end);
		ptrdiff_t hash = span_find(line, '#');

		text = span_from(text, line.len + 1);
		line = span_trim(hash < 0 ? line :
				 span_first(line, (size_t)hash));
		number++;
		if (line.len && !add(table, line, &arena, &why))
			g_set_error(error, domaintable_error(), 0,
				    "%s:%u: %s", path, number, why->message);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return !why;
}

bool domaintable_add_file(struct domaintable *table, const char *path,
			  GError **error)
{
	g_autofree char *text = NULL;
	gsize len;

	if (!g_file_get_contents(path, &text, &len, error))
		return false;
	if (len > FILE_MAX) {
		g_set_error(error, domaintable_error(), 0,
			    "%s: more than %zu bytes", path, FILE_MAX);
		return false;
	}
	return add_lines(table, without_mark(span_of(text, len)), path, error);
}

bool domaintable_has(const struct domaintable *table, const char *domain)
{
	if (!*domain)
		return false;
	if (g_hash_table_contains(table->patterns, domain))
		return true;
	for (const char *dot = strchr(domain, '.'); dot;
	     dot = strchr(dot + 1, '.'))
		if (g_hash_table_contains(table->patterns, dot))
			return true;
	return false;
}

size_t domaintable_size(const struct domaintable *table)
{
	return g_hash_table_size(table->patterns);
}

void domaintable_each(const struct domaintable *table,
		      void (*on_domain)(void *mydata, const char *domain),
		      void *mydata)
{
	GHashTableIter iter;
	gpointer domain;

	g_hash_table_iter_init(&iter, table->patterns);
	while (g_hash_table_iter_next(&iter, &domain, NULL))
		on_domain(mydata, domain);
}
