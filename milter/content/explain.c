#include <config.h>

#include "content/explain.h"

#include "content/evals.h"

#include <string.h>

#define AROUND_BYTES 40		/* of the text, before and behind */
#define FOUND_BYTES 160
#define RULES_MAX 20		/* of a meta */

/* One character of at most len bytes, made fit to be shown; its bytes. */
static size_t add_character(GString *out, const char *at, size_t len)
{
	gunichar c = g_utf8_get_char_validated(at, (gssize)len);

	if (c >= 0x110000) {
		g_string_append_c(out, '?');
		return 1;
	}
	if (c == '\n' || c == '\r' || c == '\t')
		g_string_append_c(out, ' ');
	else if (c && g_unichar_isprint(c))
		g_string_append_unichar(out, c);
	else
		g_string_append_c(out, '?');
	return c ? (size_t)g_unichar_to_utf8(c, NULL) : 1;
}

static void add_shown(GString *out, struct span text)
{
	for (size_t i = 0; i < text.len;)
		i += add_character(out, text.ptr + i, text.len - i);
}

/* What goes on from one character into the next is left out. */
static bool is_inside(char c)
{
	return (c & 0xc0) == 0x80;
}

static struct span cut_end(struct span text, size_t bytes)
{
	if (text.len <= bytes)
		return text;
	while (bytes && is_inside(text.ptr[bytes]))
		bytes--;
	return span_first(text, bytes);
}

static struct span cut_begin(struct span text, size_t bytes)
{
	size_t from = text.len > bytes ? text.len - bytes : 0;

	while (from && from < text.len && is_inside(text.ptr[from]))
		from++;
	return span_from(text, from);
}

static void add_cut(GString *out, struct span text, size_t bytes)
{
	struct span first = cut_end(text, bytes);

	add_shown(out, first);
	if (first.len < text.len)
		g_string_append(out, "...");
}

static void add_place(GString *out, const struct match_place *place)
{
	size_t from = (size_t)(place->found.ptr - place->text.ptr);
	struct span before = span_first(place->text, from);
	struct span some = cut_begin(before, AROUND_BYTES);

	if (some.len < before.len)
		g_string_append(out, "...");
	add_shown(out, some);
	g_string_append(out, ">>");
	add_cut(out, place->found, FOUND_BYTES);
	g_string_append(out, "<<");
	add_cut(out, span_from(place->text, from + place->found.len),
		AROUND_BYTES);
}

/* The line's end is of no interest. */
static void chomp(GString *out)
{
	while (out->len && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
}

/* "body", "header Subject:raw" */
static void add_what(GString *out, const struct ruleset *set,
		     const struct rule *rule)
{
	const struct header_spec *spec;

	g_string_append(out, rule->detail ? "uri_detail" :
			ruleset_kind_word(rule->kind));
	if (rule->call || (rule->kind != RULE_HEADER &&
			   rule->kind != RULE_MIMEHEADER))
		return;
	spec = g_ptr_array_index(set->specs, rule->header);
	g_string_append_printf(out, " %s", spec->text);
}

static void add_call(GString *out, const struct eval_call *call)
{
	g_autoptr(GString) text = g_string_new(NULL);

	evals_format(call, text);
	add_cut(out, span_of(text->str, text->len), FOUND_BYTES);
}

static void add_text(GString *out, const struct rule *rule,
		     const struct match_place *place)
{
	if (rule->call) {
		g_string_append(out, ": ");
		add_call(out, rule->call);
	}
	if (place->said) {
		g_string_append(out, ": >>");
		add_cut(out, span_text(place->said), FOUND_BYTES);
		g_string_append(out, "<<");
	} else if (place->found.ptr) {
		g_string_append(out, ": ");
		add_place(out, place);
	} else if (rule->is_exists) {
		g_string_append(out, ": it is there");
	} else if (rule->is_negated) {
		g_string_append(out, place->text.len ? ": no match in " :
				": nothing there");
		add_cut(out, place->text, FOUND_BYTES);
	}
}

static void add_times(GString *out, double times)
{
	if (times > 1)
		g_string_append_printf(out, " (%.0f times)", times);
}

/* A meta's rule, and what was found by it. */
static void add_part(GString *out, const struct matches *matches,
		     const struct rule *rule)
{
	struct match_place place = matches_where(matches, rule);
	struct span found = place.said ? span_text(place.said) : place.found;

	g_string_append_printf(out, "%s%s", out->len ? ", " : "", rule->name);
	if (!rule->expression)
		add_times(out, matches->values[rule->index]);
	if (found.len) {
		g_string_append(out, " >>");
		add_cut(out, found, AROUND_BYTES);
		g_string_append(out, "<<");
	}
}

/* Those of its rules that hit, in the order in which it names
 * them, once each. */
static GPtrArray *parts_of(const struct ruleset *set,
			   const struct matches *matches,
			   const struct expression *expression)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
	GPtrArray *parts = g_ptr_array_new();
	guint names = expression_names(expression)->len;

	for (guint i = 0; i < names; i++) {
		const GArray *bound = expression_bound(expression, i);

		for (guint j = 0; bound && j < bound->len; j++) {
			const struct rule *rule = g_ptr_array_index(
				set->rules, g_array_index(bound, guint, j));

			if (matches_is_hit(matches, rule) &&
			    g_hash_table_add(seen, (gpointer)rule))
				g_ptr_array_add(parts, (gpointer)rule);
		}
	}
	return parts;
}

static void add_parts(GString *out, const struct ruleset *set,
		      const struct matches *matches, const struct rule *meta)
{
	g_autoptr(GPtrArray) parts = parts_of(set, matches, meta->expression);
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < parts->len && i < RULES_MAX; i++)
		add_part(text, matches, g_ptr_array_index(parts, i));
	if (parts->len > RULES_MAX)
		g_string_append_printf(text, ", %u others",
				       parts->len - RULES_MAX);
	g_string_append_printf(out, ": %s", parts->len ? text->str :
			       "none of its rules hit");
}

const char *explain_hit(const struct ruleset *set,
			const struct matches *matches,
			const struct rule *rule, struct arena *arena)
{
	g_autoptr(GString) out = g_string_new(NULL);

	add_what(out, set, rule);
	if (rule->expression) {
		add_parts(out, set, matches, rule);
	} else {
		struct match_place place = matches_where(matches, rule);

		add_text(out, rule, &place);
		chomp(out);
		add_times(out, matches->values[rule->index]);
	}
	return arena_text(arena, out->str);
}

const char *explain_meaning(const struct rule *rule, struct arena *arena)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!rule->describe)
		return NULL;
	add_shown(out, span_text(rule->describe));
	return arena_text(arena, out->str);
}
