#include <config.h>

#include "content/hints.h"

#include "content/literals.h"

#include <string.h>

struct search {
	unsigned ways_min;
	GArray *hints;			/* of struct hint */
};

/* In this order where several stand at one place. */
enum rank { RANK_END, RANK_GROUP, RANK_CALL };

/* What is to be put in before a byte of the pattern. */
struct hint {
	const char *at;
	enum rank rank;
	char *text;
};

static void free_hint(gpointer memory)
{
	struct hint *hint = memory;

	g_free(hint->text);
}

static void add_hint(GArray *hints, const char *at, enum rank rank, char *text)
{
	struct hint hint = { at, rank, text };

	g_array_append_val(hints, hint);
}

static gint by_place(gconstpointer a, gconstpointer b)
{
	const struct hint *one = a, *other = b;

	return one->at != other->at ? (one->at > other->at ? 1 : -1) :
	       (int)one->rank - (int)other->rank;
}

static unsigned count_ways(const char *start, const char *end)
{
	unsigned ways = 1;

	for (const char *at = start; at < end; at++)
		ways += *at == '|';
	return ways;
}

/* False: any byte may. */
static bool find_first_bytes(const GArray *begins, bool first_out[256])
{
	for (guint i = 0; i < begins->len; i++) {
		const struct literal *one = &g_array_index(
			begins, struct literal, i);

		if (!one->len)
			return false;
		first_out[one->bytes[0]] = true;
		first_out[(uint8_t)g_ascii_toupper((gchar)one->bytes[0])] =
			true;
	}
	return begins->len;
}

static char *make_assertion(const char *before, const bool first[256],
			    const char *behind)
{
	GString *out = g_string_new(before);

	g_string_append(out, "(?=[");
	for (unsigned i = 0; i < 256; i++)
		if (first[i] && g_ascii_isalnum((gchar)i))
			g_string_append_c(out, (gchar)i);
		else if (first[i])
			g_string_append_printf(out, "\\x%02x", i);
	g_string_append(out, "])");
	g_string_append(out, behind);
	return g_string_free(out, FALSE);
}

static void on_group(void *mydata, enum literals_place place,
		     const char *start, const char *end,
		     const GArray *begins)
{
	static const struct {
		const char *before, *behind;
		enum rank rank;
	} forms[] = {
		[LITERALS_GROUP] = { "", "(?:", RANK_GROUP },
		[LITERALS_CALL] = { "(?:", "", RANK_CALL },
	};
	const struct search *on = mydata;
	bool first[256] = { false };

	if ((place == LITERALS_GROUP &&
	     count_ways(start, end) < on->ways_min) ||
	    !find_first_bytes(begins, first))
		return;
	add_hint(on->hints, start, forms[place].rank, make_assertion(
		 forms[place].before, first, forms[place].behind));
	add_hint(on->hints, end, RANK_END, g_strdup(")"));
}

char *hints_put(const char *pattern, bool is_extended, unsigned ways_min)
{
	g_autoptr(GArray) hints = g_array_new(FALSE, FALSE,
					      sizeof(struct hint));
	GString *out;
	const char *at = pattern;
	struct search search = { ways_min, hints };

	g_array_set_clear_func(hints, free_hint);
	if (count_ways(pattern, pattern + strlen(pattern)) < ways_min &&
	    !strstr(pattern, "(?&"))
		return NULL;
	if (!literals_each_group(pattern, is_extended, on_group, &search) ||
	    !hints->len)
		return NULL;
	g_array_sort(hints, by_place);
	out = g_string_new(NULL);
	for (guint i = 0; i < hints->len; i++) {
		const struct hint *hint = &g_array_index(hints, struct hint, i);

		g_string_append_len(out, at, hint->at - at);
		g_string_append(out, hint->text);
		at = hint->at;
	}
	g_string_append(out, at);
	return g_string_free(out, FALSE);
}
