#include <config.h>

#include "content/literals.h"

#include "content/charclass.h"
#include "content/part.h"

#include <string.h>

#define PATTERN_BYTES_MAX 65536
#define DEPTH_MAX 60		/* of groups */

struct reader {
	const char *at;			/* of the pattern */
	unsigned depth;
	bool is_extended, is_quoted;	/* (?x) and \Q are in force */
	struct part_maker maker;	/* is_lost: it does not know what
					 * it reads */
	literals_group_fn *on_group;	/* NULL: what groups need is
					 * asked for */
	void *mydata;
	GHashTable *named;		/* name of a group -> GArray *:
					 * what it begins with; NULL: it
					 * does not matter */
};

/* Where it is by then, nobody knows. */
static struct part *lose(struct reader *on)
{
	on->maker.is_lost = true;
	on->at = "";
	return part_anything(PART_WIDE);
}

static bool take(struct reader *on, const char *text)
{
	if (!g_str_has_prefix(on->at, text))
		return false;
	on->at += strlen(text);
	return true;
}

/* Behind the next such byte. */
static void skip_past(struct reader *on, char end)
{
	on->at += strcspn(on->at, (char[]){ end, '\0' });
	if (*on->at)
		on->at++;
	else
		on->maker.is_lost = true;
}

static bool is_blank(char c)
{
	return c && strchr(" \t\n\v\f\r", c);
}

/* A comment of (?x). Which bytes end a line, PCRE2 can be built
 * to see otherwise. */
static void skip_line(struct reader *on)
{
	for (; *on->at && *on->at != '\n'; on->at++)
		if (*on->at == '\r')
			on->maker.is_lost = true;
}

/* What stands for nothing at all, even before a quantifier. */
static void skip_ignored(struct reader *on)
{
	for (;;) {
		if (take(on, "\\E"))
			on->is_quoted = false;
		else if (on->is_quoted)
			return;
		else if (take(on, "\\Q"))
			on->is_quoted = true;
		else if (take(on, "(?#"))
			skip_past(on, ')');
		else if (on->is_extended && is_blank(*on->at))
			on->at++;
		else if (on->is_extended && *on->at == '#')
			skip_line(on);
		else
			break;
	}
	if (on->is_extended && *on->at == '\x85')
		on->maker.is_lost = true;
}

static unsigned long read_number(struct reader *on)
{
	unsigned long number = 0;

	while (g_ascii_isdigit(*on->at) && number < 1000000)
		number = number * 10 + (unsigned long)(*on->at++ - '0');
	return number;
}

/* "{3}", "{3,}", "{3,5}"; what some releases take for another is not known. */
static bool read_count(struct reader *on, unsigned long *least,
			   unsigned long *most)
{
	const char *start = on->at++;
	size_t len = strspn(on->at, "0123456789, \t");
	bool is_like_one = len && on->at[len] == '}';

	if (is_like_one && g_ascii_isdigit(*on->at)) {
		*least = *most = read_number(on);
		if (take(on, ","))
			*most = *on->at == '}' ? ULONG_MAX : read_number(on);
		if (take(on, "}"))
			return true;
	}
	on->maker.is_lost |= is_like_one;
	on->at = start;
	return false;
}

static bool read_quantifier(struct reader *on, unsigned long *least,
				unsigned long *most)
{
	skip_ignored(on);
	if (on->is_quoted)
		return false;
	*least = *on->at == '+';
	*most = *on->at == '?' ? 1 : ULONG_MAX;
	if (*on->at && strchr("*+?", *on->at))
		on->at++;
	else if (*on->at != '{' || !read_count(on, least, most))
		return false;
	if (*on->at == '?' || *on->at == '+')
		on->at++;
	return true;
}

static struct part *read_class(struct reader *on)
{
	struct charclass class;

	/* The ends of words; they are no classes. */
	if (take(on, "[[:<:]]") || take(on, "[[:>:]]"))
		return part_nothing();
	if (!charclass_read(&on->at, &class))
		return lose(on);
	return part_of_class(&on->maker, &class);
}

/* "\1", "\g{-1}", "\k<name>" and their like, behind the backslash. */
static struct part *read_reference(struct reader *on)
{
	char letter = *on->at;

	if (letter == 'g' || letter == 'k')
		on->at++;
	switch (g_ascii_isdigit(letter) ? '\0' : *on->at) {
	case '{':
		skip_past(on, '}');
		break;
	case '<':
		skip_past(on, '>');
		break;
	case '\'':
		on->at++;
		skip_past(on, '\'');
		break;
	default:
		if (*on->at == '+' || *on->at == '-')
			on->at++;
		if (!g_ascii_isdigit(*on->at))
			return lose(on);
		while (g_ascii_isdigit(*on->at))
			on->at++;
	}
	return part_anything(PART_WIDE);
}

/* From the backslash on. */
static struct part *read_escape(struct reader *on)
{
	struct charclass class;
	char letter = *++on->at;
	uint8_t byte;

	if (letter && strchr("123456789gk", letter))
		return read_reference(on);
	if (letter && strchr("bBAzZGKRX", letter)) {
		on->at++;
		/* \G is where the search began, which depends
		 * on what was found. */
		return letter == 'G' ? lose(on) :
		       letter == 'R' || letter == 'X' ?
		       part_anything(PART_WIDE) : part_nothing();
	}
	if (letter && strchr("dDhHsSvVwWNpP", letter))
		return charclass_read_type(&on->at, &class) ?
		       part_of_class(&on->maker, &class) : lose(on);
	return charclass_read_byte(&on->at, &byte) ?
	       part_of_byte(&on->maker, byte) : lose(on);
}

static struct part *read_alternatives(struct reader *on);

/* The rest of a group, its end included; options end with it. */
static struct part *read_inside(struct reader *on)
{
	bool was_extended = on->is_extended;
	struct part *inside;

	if (on->depth >= DEPTH_MAX)
		return lose(on);
	on->depth++;
	inside = read_alternatives(on);
	on->depth--;
	on->is_extended = was_extended;
	if (!take(on, ")"))
		on->maker.is_lost = true;
	return inside;
}

/* Of a group whose alternatives may stand in a group of their own within it. */
static struct part *read_group(struct reader *on)
{
	const char *start = on->at;
	struct part *inside = read_inside(on);

	if (on->on_group && !on->maker.is_lost)
		on->on_group(on->mydata, LITERALS_GROUP, start, on->at - 1,
			     inside->begins);
	return inside;
}

/* What stands ahead or behind must be there, but is passed over again. */
static struct part *read_assertion(struct reader *on, bool is_ahead,
				   bool is_negated)
{
	return part_assert(read_inside(on), is_ahead, is_negated);
}

/* "(?(condition)yes|no)", behind "(?". */
static struct part *read_conditional(struct reader *on)
{
	if (g_str_has_prefix(on->at, "(?C") ||
	    g_str_has_prefix(on->at, "(*"))
		return lose(on);
	if (g_str_has_prefix(on->at, "(?")) {
		on->at++;
		if (!take(on, "?=") && !take(on, "?!") && !take(on, "?<=") &&
		    !take(on, "?<!"))
			return lose(on);
		part_free(read_inside(on));
	} else {
		skip_past(on, ')');
	}
	if (!on->maker.is_lost)
		part_free(read_inside(on));
	return part_anything(PART_WIDE);
}

/* "(?i)", "(?s-x:...)", behind "(?"; only x matters here. */
static struct part *read_options(struct reader *on)
{
	size_t len = strspn(on->at, "imnsxJU^-");
	const char *end = on->at + len;
	bool was_extended = on->is_extended, is_on = true;
	struct part *inside;

	if (*end != ')' && *end != ':')
		return lose(on);
	for (; on->at < end; on->at++) {
		if (*on->at == '-')
			is_on = false;
		else if (*on->at == '^')
			on->is_extended = false;
		else if (*on->at == 'x')
			on->is_extended = is_on;
		on->maker.is_lost |= on->at[0] == 'x' && on->at[1] == 'x';
	}
	on->at++;
	if (*end == ')')
		return part_nothing();
	inside = read_group(on);
	on->is_extended = was_extended;
	return inside;
}

/* "(?R)", "(?-1)", "(?P>name)", "(?P=name)", behind "(?". */
static bool is_reference(const char *at)
{
	if (*at == '+' || *at == '-')
		return g_ascii_isdigit(at[1]);
	return *at == 'R' || g_ascii_isdigit(*at) ||
	       g_str_has_prefix(at, "P>") || g_str_has_prefix(at, "P=");
}

/* The name before that byte, which is passed over. */
static char *read_name(struct reader *on, char end)
{
	const char *start = on->at;

	skip_past(on, end);
	return g_strndup(start, on->maker.is_lost ? 0 :
			 (gsize)(on->at - start - 1));
}

static struct part *read_named(struct reader *on, char end)
{
	g_autofree char *name = read_name(on, end);
	struct part *inside = read_group(on);

	/* With (?J), two may have one name. */
	if (on->named && !g_hash_table_insert(
			on->named, g_steal_pointer(&name),
			literalset_copy(inside->begins)))
		on->maker.is_lost = true;
	return inside;
}

/* "(?&name)", behind "(?&". */
static struct part *read_call(struct reader *on)
{
	const char *start = on->at - strlen("(?&");
	g_autofree char *name = read_name(on, ')');
	const GArray *begins = on->named ? g_hash_table_lookup(on->named,
							       name) : NULL;

	if (!begins || on->maker.is_lost)
		return part_anything(PART_WIDE);
	on->on_group(on->mydata, LITERALS_CALL, start, on->at, begins);
	return part_of(begins);
}

/* Behind "(?". */
static struct part *read_special(struct reader *on)
{
	if (take(on, ":") || take(on, ">"))
		return read_group(on);
	if (take(on, "|"))
		return read_inside(on);
	if (take(on, "=") || take(on, "*"))
		return read_assertion(on, true, false);
	if (take(on, "<=") || take(on, "<*"))
		return read_assertion(on, false, false);
	if (take(on, "!") || take(on, "<!"))
		return read_assertion(on, true, true);
	if (*on->at == '(')
		return read_conditional(on);
	if (take(on, "&"))
		return read_call(on);
	if (is_reference(on->at)) {
		skip_past(on, ')');
		return part_anything(PART_WIDE);
	}
	if (take(on, "<") || take(on, "P<"))
		return read_named(on, '>');
	if (take(on, "'"))
		return read_named(on, '\'');
	return read_options(on);
}

/* One piece, without what says how often it stands. */
static struct part *read_piece(struct reader *on)
{
	char c = *on->at;

	if (on->is_quoted) {
		on->at++;
		return part_of_byte(&on->maker, (uint8_t)c);
	}
	if (c == '\\')
		return read_escape(on);
	if (c == '[')
		return read_class(on);
	if (c == '(') {
		/* (*ACCEPT), (*UTF) and others change what all else means. */
		if (take(on, "(*"))
			return lose(on);
		return take(on, "(?") ? read_special(on) :
		       (on->at++, read_group(on));
	}
	on->at++;
	if (c == '.')
		return part_anything(1);
	if (c == '^' || c == '$')
		return part_nothing();
	/* One with nothing before it is an error. */
	return strchr("*+?", c) ? lose(on) :
				  part_of_byte(&on->maker, (uint8_t)c);
}

static struct part *read_row(struct reader *on)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(part_free);

	for (;;) {
		unsigned long least, most;
		struct part *part;

		skip_ignored(on);
		if (on->maker.is_lost || !*on->at ||
		    (!on->is_quoted && (*on->at == '|' || *on->at == ')')))
			break;
		part = read_piece(on);
		while (!on->maker.is_lost && read_quantifier(on, &least, &most))
			part = part_repeat(&on->maker, part, least, most);
		g_ptr_array_add(parts, part);
	}
	return part_join(&on->maker, parts);
}

static struct part *read_alternatives(struct reader *on)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(part_free);

	do {
		g_ptr_array_add(parts, read_row(on));
	} while (!on->maker.is_lost && take(on, "|"));
	return part_unite(&on->maker, parts);
}

/* first: how far within one of them another begins. Of bytes that are not seen,
 * any number may stand between others, so that only the whole has a width. */
static struct literals_facts facts_of(const struct part *whole,
				      enum literals_view view, size_t first)
{
	const struct part_need *need = &whole->need;
	bool is_whole = view != LITERALS_PLAIN;
	size_t reach = is_whole ? whole->width : need->behind;

	return (struct literals_facts){
		.times = need->times,
		.reach = reach == PART_WIDE || is_whole ? reach : reach + first,
		.is_anywhere = need->is_before ||
			       (is_whole && !need->is_within),
		.cost = part_need_cost(need),
	};
}

GArray *literals_find(const char *pattern, bool is_extended,
		      enum literals_view view, struct literals_facts *facts_out)
{
	struct reader on = {
		.at = pattern, .is_extended = is_extended,
		.maker.view = view,
	};
	GArray *found = NULL;
	struct part *whole;

	if (strlen(pattern) > PATTERN_BYTES_MAX)
		return NULL;
	whole = read_alternatives(&on);
	if (!on.maker.is_lost && !*on.at && whole->need.set) {
		*facts_out = facts_of(whole, view,
				      literalset_reduce(whole->need.set));
		found = g_steal_pointer(&whole->need.set);
	}
	part_free(whole);
	return found;
}

bool literals_each_group(const char *pattern, bool is_extended,
			 literals_group_fn *on_group, void *mydata)
{
	g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash,
		g_str_equal, g_free, (GDestroyNotify)g_array_unref);
	struct reader on = {
		.at = pattern, .is_extended = is_extended,
		.maker = { LITERALS_PLAIN, .is_first_asked = true },
		.on_group = on_group, .mydata = mydata, .named = named,
	};

	if (strlen(pattern) > PATTERN_BYTES_MAX)
		return false;
	part_free(read_alternatives(&on));
	return !on.maker.is_lost && !*on.at;
}
