#include <config.h>

#include "content/literals.h"

#include "content/charclass.h"

#include <string.h>

#define PATTERN_BYTES_MAX 65536
#define DEPTH_MAX 60		/* of groups */
#define MEMBERS_MAX 32		/* of a class that is taken apart */
#define COPIES_MAX 4ul		/* of what is repeated */
#define TIMES_MAX 1000u		/* that something must occur */
#define WORK_MAX 4000000	/* literals made, in all */
#define HIGH 0x80		/* the first byte above ASCII */
#define FEW_TIMES 3ul		/* so few are looked at one by one */
#define FEW_WAYS 64u
#define COST_OF_ONE 1e-7	/* of a literal more, in odds */

/*
 * What must occur in the text if a part of a pattern is to match, at so many
 * places; within what the part matches, or anywhere, as assertions look.
 */
struct need {
	GArray *set;			/* NULL: nothing is known */
	unsigned times;
	bool is_within;
};

/*
 * A part of a pattern: what its matches begin with, and what it needs. One that
 * takes no bytes begins with an open literal of none; one of which nothing is
 * known, with a closed one.
 */
struct part {
	GArray *begins;
	struct need need;
};

struct reader {
	const char *at;			/* of the pattern */
	unsigned depth;
	size_t work;
	bool is_extended, is_quoted;	/* (?x) and \Q are in force */
	enum literals_view view;
	bool is_lost;			/* it does not know what it reads */
	literals_group_fn *on_group;	/* NULL: needs are asked for */
	void *mydata;
	GHashTable *named;		/* name of a group -> GArray *, its
					 * beginnings; NULL: no matter */
};

static void free_part(gpointer memory)
{
	struct part *part = memory;

	g_array_unref(part->begins);
	if (part->need.set)
		g_array_unref(part->need.set);
	g_free(part);
}

static struct part *part_of(GArray *begins)
{
	struct part *part = g_new0(struct part, 1);

	part->begins = begins;
	return part;
}

static struct part *nothing(void)
{
	return part_of(literalset_of(NULL, 0, true));
}

static struct part *anything(void)
{
	return part_of(literalset_of(NULL, 0, false));
}

/* Where it is by then, nobody knows. */
static struct part *lose(struct reader *on)
{
	on->is_lost = true;
	on->at = "";
	return anything();
}

static bool is_seen(const struct reader *on, uint8_t byte)
{
	return on->view == LITERALS_PLAIN || g_ascii_isalnum((gchar)byte) ||
	       (on->view == LITERALS_ONCE && byte >= HIGH);
}

static uint8_t as_seen(const struct reader *on, uint8_t byte)
{
	return on->view == LITERALS_ONCE ? MIN(byte, HIGH) : byte;
}

static struct part *byte_part(const struct reader *on, uint8_t byte)
{
	uint8_t seen = as_seen(on, byte);

	return part_of(literalset_of(&seen, is_seen(on, byte), true));
}

static void spend(struct reader *on, const GArray *set)
{
	on->work += set->len;
	if (on->work > WORK_MAX)
		on->is_lost = true;
}

static double cost_of(const struct need *need)
{
	return literalset_odds(need->set) / need->times / need->times +
	       need->set->len * COST_OF_ONE;
}

static bool says_something(const struct need *need)
{
	return need->set && literalset_odds(need->set) < 1;
}

static void forget(struct need *need)
{
	if (need->set)
		g_array_unref(g_steal_pointer(&need->set));
}

/* The better one stays; takes over the other. */
static void choose(struct need *best, struct need other)
{
	if (says_something(&other) &&
	    (!best->set || cost_of(&other) < cost_of(best))) {
		forget(best);
		*best = other;
	} else {
		forget(&other);
	}
}

static struct need need_of(GArray *set)
{
	return (struct need){ set, 1, true };
}

static struct need copy_of(const struct need *need)
{
	struct need copy = *need;

	if (copy.set)
		copy.set = literalset_copy(copy.set);
	return copy;
}

/* Of groups, only first bytes are asked for. */
static bool is_unfinished(const struct reader *on, const GArray *begins)
{
	return on->on_group ? literalset_has_none(begins) :
			      literalset_has_open(begins);
}

/* What a row of parts begins with. */
static GArray *beginning_of(struct reader *on, const GPtrArray *parts,
			    guint first)
{
	GArray *begins = literalset_of(NULL, 0, true);

	for (guint i = first; i < parts->len && !on->is_lost &&
	     is_unfinished(on, begins); i++) {
		const struct part *part = g_ptr_array_index(parts, i);
		GArray *joined = literalset_join(begins, part->begins,
						 on->view == LITERALS_ONCE);

		g_array_unref(begins);
		begins = joined;
		spend(on, begins);
	}
	return begins;
}

/* One after the other; what must occur may begin at any of them. */
static struct part *join_parts(struct reader *on, const GPtrArray *parts)
{
	struct part *out = part_of(beginning_of(on, parts, 0));

	if (on->on_group)
		return out;
	if (parts->len)
		choose(&out->need, need_of(literalset_copy(out->begins)));
	for (guint i = 0; i < parts->len && !on->is_lost; i++) {
		const struct part *part = g_ptr_array_index(parts, i);

		if (i)
			choose(&out->need, need_of(beginning_of(on, parts, i)));
		choose(&out->need, copy_of(&part->need));
	}
	return out;
}

static struct need need_any(const GPtrArray *parts)
{
	g_autoptr(GPtrArray) sets = g_ptr_array_new();
	struct need out = { NULL, TIMES_MAX, true };

	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = g_ptr_array_index(parts, i);

		if (!part->need.set)
			return out;
		g_ptr_array_add(sets, part->need.set);
		out.times = MIN(out.times, part->need.times);
		out.is_within &= part->need.is_within;
	}
	out.set = literalset_unite(sets);
	return out;
}

/* What matches any of them. */
static struct part *unite_parts(struct reader *on, const GPtrArray *parts)
{
	g_autoptr(GPtrArray) begins = g_ptr_array_new();
	struct part *out;

	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = g_ptr_array_index(parts, i);

		g_ptr_array_add(begins, part->begins);
	}
	out = part_of(literalset_unite(begins));
	out->need = need_any(parts);
	spend(on, out->begins);
	if (out->need.set)
		spend(on, out->need.set);
	return out;
}

/* What matches this, or nothing. */
static void make_optional(struct part *part)
{
	g_autoptr(GArray) none = literalset_of(NULL, 0, true);
	g_autoptr(GPtrArray) sets = g_ptr_array_new();
	GArray *both;

	g_ptr_array_add(sets, part->begins);
	g_ptr_array_add(sets, none);
	both = literalset_unite(sets);
	g_array_unref(part->begins);
	part->begins = both;
	forget(&part->need);
}

/* Whether it takes no bytes. */
static bool is_nothing(const struct part *part)
{
	const struct literal *first = &g_array_index(part->begins,
						     struct literal, 0);

	return part->begins->len == 1 && first->is_open && !first->len;
}

/* Of which any number in a row looks as one does. */
static bool is_one_byte(const struct reader *on, const struct part *part)
{
	const GArray *begins = part->begins;
	unsigned bytes = 0;

	if (on->view != LITERALS_ONCE)
		return false;
	for (guint i = 0; i < begins->len; i++) {
		const struct literal *one = &g_array_index(
			begins, struct literal, i);

		if (!one->is_open || one->len > 1)
			return false;
		bytes += one->len;
	}
	return bytes <= 1;
}

static bool is_open(const struct part *part)
{
	for (guint i = 0; i < part->begins->len; i++)
		if (!g_array_index(part->begins, struct literal, i).is_open)
			return false;
	return true;
}

/* Each number of them is an alternative, so that what comes behind is seen. */
static struct part *repeat_few(struct reader *on, struct part *one,
			       unsigned long least, unsigned long most)
{
	g_autoptr(GPtrArray) copies = g_ptr_array_new();
	g_autoptr(GPtrArray) ways = g_ptr_array_new_with_free_func(free_part);
	struct part *out;

	for (unsigned long i = 1; i <= most; i++) {
		g_ptr_array_add(copies, one);
		if (i >= least)
			g_ptr_array_add(ways, join_parts(on, copies));
	}
	out = unite_parts(on, ways);
	if (!least)
		make_optional(out);
	free_part(one);
	return out;
}

static struct part *repeat(struct reader *on, struct part *one,
			   unsigned long least, unsigned long most)
{
	unsigned long count = CLAMP(least, 1ul, COPIES_MAX);
	g_autoptr(GPtrArray) copies = g_ptr_array_new();
	struct part *out;

	if (!least)
		forget(&one->need);
	if ((least == 1 && most == 1) || is_nothing(one))
		return one;
	if (most && is_one_byte(on, one)) {
		if (!least)
			make_optional(one);
		return one;
	}
	if (on->view == LITERALS_ONCE && most && most <= FEW_TIMES &&
	    least <= most && one->begins->len <= FEW_WAYS && is_open(one))
		return repeat_few(on, one, least, most);
	for (unsigned long i = 0; i < count; i++)
		g_ptr_array_add(copies, one);
	out = join_parts(on, copies);
	/* Two of them may be seen as one. */
	if (one->need.is_within && on->view != LITERALS_ONCE)
		one->need.times = (unsigned)CLAMP(one->need.times * least, 1,
						  TIMES_MAX);
	choose(&out->need, copy_of(&one->need));
	free_part(one);
	if (most > count)
		literalset_close(out->begins);
	if (!least)
		make_optional(out);
	return out;
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
		on->is_lost = true;
}

static bool is_blank(char c)
{
	return c && strchr(" \t\n\v\f\r", c);
}

/* A comment of (?x). PCRE2 can be built to see other ends of lines. */
static void skip_line(struct reader *on)
{
	for (; *on->at && *on->at != '\n'; on->at++)
		if (*on->at == '\r')
			on->is_lost = true;
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
		on->is_lost = true;
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
	on->is_lost |= is_like_one;
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

/* The open one of no bytes comes before all others. */
static void put_none(GArray *set)
{
	const struct literal none = { .is_open = true, .odds = 1 };

	g_array_prepend_val(set, none);
}

static struct part *class_part(const struct reader *on,
			       const struct charclass *class)
{
	GArray *begins = literalset_new();
	bool has_unseen = false, has_high = false;

	for (unsigned i = 0; i < 256 && begins->len <= MEMBERS_MAX; i++) {
		uint8_t byte = (uint8_t)i;

		if (!charclass_has(class, byte) || g_ascii_isupper((gchar)i))
			continue;
		if (!is_seen(on, byte)) {
			has_unseen = true;
		} else if (as_seen(on, byte) == byte || !has_high) {
			has_high |= byte >= HIGH;
			byte = as_seen(on, byte);
			literalset_put(begins, &byte, 1, true);
		}
	}
	if (has_unseen)
		put_none(begins);
	if (begins->len && begins->len <= MEMBERS_MAX)
		return part_of(begins);
	g_array_unref(begins);
	return anything();
}

static struct part *read_class(struct reader *on)
{
	struct charclass class;

	/* The ends of words; they are no classes. */
	if (take(on, "[[:<:]]") || take(on, "[[:>:]]"))
		return nothing();
	if (!charclass_read(&on->at, &class))
		return lose(on);
	return class_part(on, &class);
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
	return anything();
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
		return letter == 'R' || letter == 'X' ? anything() : nothing();
	}
	if (letter && strchr("dDhHsSvVwWNpP", letter))
		return charclass_read_type(&on->at, &class) ?
		       class_part(on, &class) : lose(on);
	return charclass_read_byte(&on->at, &byte) ? byte_part(on, byte) :
						     lose(on);
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
		on->is_lost = true;
	return inside;
}

/* Of a group whose alternatives may stand in a group of their own within it. */
static struct part *read_group(struct reader *on)
{
	const char *start = on->at;
	struct part *inside = read_inside(on);

	if (on->on_group && !on->is_lost)
		on->on_group(on->mydata, LITERALS_GROUP, start, on->at - 1,
			     inside->begins);
	return inside;
}

/* What stands ahead or behind must be there, but is passed over again. */
static struct part *read_assertion(struct reader *on, bool is_negated)
{
	g_autoptr(GArray) begins = NULL;
	struct part *inside = read_inside(on);

	begins = inside->begins;
	inside->begins = literalset_of(NULL, 0, true);
	inside->need.is_within = false;
	if (is_negated)
		forget(&inside->need);
	return inside;
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
		free_part(read_inside(on));
	} else {
		skip_past(on, ')');
	}
	if (!on->is_lost)
		free_part(read_inside(on));
	return anything();
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
		on->is_lost |= on->at[0] == 'x' && on->at[1] == 'x';
	}
	on->at++;
	if (*end == ')')
		return nothing();
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
	return g_strndup(start, on->is_lost ? 0 :
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
		on->is_lost = true;
	return inside;
}

/* "(?&name)", behind "(?&". */
static struct part *read_call(struct reader *on)
{
	const char *start = on->at - strlen("(?&");
	g_autofree char *name = read_name(on, ')');
	const GArray *begins = on->named ? g_hash_table_lookup(on->named,
							       name) : NULL;

	if (!begins || on->is_lost)
		return anything();
	on->on_group(on->mydata, LITERALS_CALL, start, on->at, begins);
	return part_of(literalset_copy(begins));
}

/* Behind "(?". */
static struct part *read_special(struct reader *on)
{
	if (take(on, ":") || take(on, ">"))
		return read_group(on);
	if (take(on, "|"))
		return read_inside(on);
	if (take(on, "=") || take(on, "<=") || take(on, "*") || take(on, "<*"))
		return read_assertion(on, false);
	if (take(on, "!") || take(on, "<!"))
		return read_assertion(on, true);
	if (*on->at == '(')
		return read_conditional(on);
	if (take(on, "&"))
		return read_call(on);
	if (is_reference(on->at)) {
		skip_past(on, ')');
		return anything();
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
		return byte_part(on, (uint8_t)c);
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
		return anything();
	if (c == '^' || c == '$')
		return nothing();
	/* One with nothing before it is an error. */
	return strchr("*+?", c) ? lose(on) : byte_part(on, (uint8_t)c);
}

static struct part *read_row(struct reader *on)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(free_part);

	for (;;) {
		unsigned long least, most;
		struct part *part;

		skip_ignored(on);
		if (on->is_lost || !*on->at ||
		    (!on->is_quoted && (*on->at == '|' || *on->at == ')')))
			break;
		part = read_piece(on);
		while (!on->is_lost && read_quantifier(on, &least, &most))
			part = repeat(on, part, least, most);
		g_ptr_array_add(parts, part);
	}
	return join_parts(on, parts);
}

static struct part *read_alternatives(struct reader *on)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(free_part);

	do {
		g_ptr_array_add(parts, read_row(on));
	} while (!on->is_lost && take(on, "|"));
	return unite_parts(on, parts);
}

GArray *literals_find(const char *pattern, bool is_extended,
		      enum literals_view view, unsigned *times_out)
{
	struct reader on = {
		.at = pattern, .is_extended = is_extended,
		.view = view,
	};
	GArray *found;
	struct part *whole;

	if (strlen(pattern) > PATTERN_BYTES_MAX)
		return NULL;
	whole = read_alternatives(&on);
	found = on.is_lost || *on.at ? NULL : g_steal_pointer(&whole->need.set);
	*times_out = whole->need.times;
	free_part(whole);
	if (found)
		literalset_reduce(found);
	return found;
}

bool literals_each_group(const char *pattern, bool is_extended,
			 literals_group_fn *on_group, void *mydata)
{
	g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash,
		g_str_equal, g_free, (GDestroyNotify)g_array_unref);
	struct reader on = {
		.at = pattern, .is_extended = is_extended,
		.view = LITERALS_PLAIN, .on_group = on_group,
		.mydata = mydata, .named = named,
	};

	if (strlen(pattern) > PATTERN_BYTES_MAX)
		return false;
	free_part(read_alternatives(&on));
	return !on.is_lost && !*on.at;
}
