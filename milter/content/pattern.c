#include <config.h>

#include "content/pattern.h"

#include "content/hints.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <string.h>

#define STACK_BYTES (1024 * 1024)
#define MATCH_LIMIT 500000
#define DEPTH_LIMIT 5000
#define HEAP_LIMIT_KIB 16384

struct pattern {
	pcre2_code *code;
	char *text, *modifiers;
	bool is_jit;
	_Atomic unsigned *cut_offs;	/* what changes in what is constant */
};

/* Whether any was, so that it need not be asked of each. */
static atomic_bool is_any_cut_off;

/* A thread's own; freed with it. */
struct tools {
	pcre2_match_context *limits;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
};

static _Thread_local struct tools *quick_tools;	/* own_tools, found at once */

static void free_tools(gpointer memory)
{
	struct tools *tools = memory;

	pcre2_match_context_free(tools->limits);
	pcre2_match_data_free(tools->data);
	pcre2_jit_stack_free(tools->stack);
	g_free(tools);
	quick_tools = NULL;
}

static GPrivate own_tools = G_PRIVATE_INIT(free_tools);

static struct tools *make_tools(void)
{
	struct tools *tools = g_new0(struct tools, 1);

	tools->limits = pcre2_match_context_create(NULL);
	tools->data = pcre2_match_data_create(1, NULL);
	tools->stack = pcre2_jit_stack_create(32 * 1024, STACK_BYTES, NULL);
	BUG_IF(!tools->limits || !tools->data || !tools->stack);
	pcre2_set_match_limit(tools->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(tools->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(tools->limits, HEAP_LIMIT_KIB);
	pcre2_jit_stack_assign(tools->limits, NULL, tools->stack);
	g_private_set(&own_tools, tools);
	return quick_tools = tools;
}

static struct tools *get_tools(void)
{
	return quick_tools ? quick_tools : make_tools();
}

static GQuark pattern_error(void)
{
	return g_quark_from_static_string("pattern");
}

static char closing(char c)
{
	switch (c) {
	case '{':
		return '}';
	case '(':
		return ')';
	case '<':
		return '>';
	case '[':
		return ']';
	default:
		return c;
	}
}

char *pattern_strip(const char *text, char **modifiers_out, GError **error)
{
	const char *start = text, *end;
	char delimiter;

	if (g_str_has_prefix(start, "qr"))
		start++;
	if (*start == 'm' || start != text)
		start++;
	delimiter = *start;
	if (!delimiter || g_ascii_isalnum(delimiter) || delimiter == '\\' ||
	    g_ascii_isspace(delimiter) || delimiter == '_' ||
	    (start == text && delimiter != '/')) {
		g_set_error_literal(error, pattern_error(), 0,
				    "no /pattern/ or m{pattern}");
		return NULL;
	}
	end = strrchr(start + 1, closing(delimiter));
	if (!end || end[1 + strspn(end + 1, "abcdfghijklmnopqrstuvwxyz")]) {
		g_set_error(error, pattern_error(), 0,
			    "no %c at its end", closing(delimiter));
		return NULL;
	}
	*modifiers_out = g_strdup(end + 1);
	return g_strndup(start + 1, (gsize)(end - start - 1));
}

static uint32_t options_of(const char *modifiers)
{
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C |
			   PCRE2_USE_OFFSET_LIMIT;

	for (; *modifiers; modifiers++)
		options |= *modifiers == 'i' ? PCRE2_CASELESS :
			   *modifiers == 'm' ? PCRE2_MULTILINE :
			   *modifiers == 's' ? PCRE2_DOTALL :
			   *modifiers == 'x' ? PCRE2_EXTENDED : 0;
	return options;
}

struct pattern *pattern_compile(const char *expression, const char *modifiers,
				GError **error)
{
	return pattern_compile_as(expression, expression, modifiers, error);
}

static pcre2_code *compile(const char *written, const char *modifiers,
			   GError **error)
{
	unsigned char said[120];
	PCRE2_SIZE at;
	int code;
	pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)written,
					     PCRE2_ZERO_TERMINATED,
					     options_of(modifiers), &code, &at,
					     NULL);

	if (compiled)
		return compiled;
	pcre2_get_error_message(code, said, sizeof said);
	g_set_error(error, pattern_error(), 0, "%s at byte %zu",
		    (const char *)said, (size_t)at);
	return NULL;
}

/* With hints, as many as fit. */
static pcre2_code *compile_hinted(const char *written, const char *modifiers)
{
	static const unsigned ways[] = { 10, 25 };
	bool is_extended = strchr(modifiers, 'x') != NULL;
	pcre2_code *compiled = NULL;

	for (size_t i = 0; !compiled && i < COUNT_OF(ways); i++) {
		g_autofree char *hinted = hints_put(written, is_extended,
						    ways[i]);

		if (!hinted)
			break;
		compiled = compile(hinted, modifiers, NULL);
	}
	return compiled;
}

struct pattern *pattern_compile_as(const char *expression, const char *written,
				   const char *modifiers, GError **error)
{
	struct pattern *pattern;
	pcre2_code *compiled = compile_hinted(written, modifiers);

	if (!compiled)
		compiled = compile(written, modifiers, error);
	if (!compiled)
		return NULL;
	pattern = g_new0(struct pattern, 1);
	pattern->code = compiled;
	pattern->text = g_strdup(expression);
	pattern->modifiers = g_strdup(modifiers);
	pattern->cut_offs = g_new0(_Atomic unsigned, 1);
	pattern->is_jit = pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE) == 0;
	return pattern;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_code_free(pattern->code);
	g_free(pattern->text);
	g_free(pattern->modifiers);
	g_free(pattern->cut_offs);
	g_free(pattern);
}

static int match(const struct pattern *pattern, struct span text,
		 struct pattern_window window, struct tools *tools)
{
	PCRE2_SPTR bytes = (PCRE2_SPTR)(text.len ? text.ptr : "");
	int result;

	pcre2_set_offset_limit(tools->limits, window.to);
	result = pattern->is_jit ?
		pcre2_jit_match(pattern->code, bytes, text.len, window.from, 0,
				tools->data, tools->limits) :
		pcre2_match(pattern->code, bytes, text.len, window.from, 0,
			    tools->data, tools->limits);
	/* Its own stack is small; the interpreter takes the heap. */
	if (result == PCRE2_ERROR_JIT_STACKLIMIT)
		result = pcre2_match(pattern->code, bytes, text.len,
				     window.from, PCRE2_NO_JIT, tools->data,
				     tools->limits);
	pcre2_set_offset_limit(tools->limits, PCRE2_UNSET);
	return result;
}

enum pattern_result pattern_match_within(const struct pattern *pattern,
					 struct span text,
					 struct pattern_window window,
					 struct span *found_out)
{
	struct tools *tools = get_tools();
	int result = match(pattern, text, window, tools);
	const PCRE2_SIZE *place;

	if (result == PCRE2_ERROR_NOMATCH)
		return PATTERN_NO;
	if (result < 0) {
		(*pattern->cut_offs)++;
		is_any_cut_off = true;
		return PATTERN_CUT_OFF;
	}
	place = pcre2_get_ovector_pointer(tools->data);
	/* \K may turn them round. */
	if (found_out)
		*found_out = place[1] > place[0] ?
			span_of(text.ptr + place[0], place[1] - place[0]) :
			span_of(text.ptr + place[1], 0);
	return PATTERN_YES;
}

enum pattern_result pattern_match(const struct pattern *pattern,
				  struct span text, size_t from,
				  struct span *found_out)
{
	const struct pattern_window window = { from, text.len };

	return pattern_match_within(pattern, text, window, found_out);
}

/* PCRE2's table of names: rows of a number in two bytes and a text. */
struct names {
	PCRE2_SPTR rows;
	uint32_t count, row_bytes;
};

static struct names names_of(const struct pattern *pattern)
{
	struct names names = { .count = 0 };

	pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &names.count);
	pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE,
			   &names.row_bytes);
	pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &names.rows);
	return names;
}

void pattern_each_group(const struct pattern *pattern, struct span text,
			size_t from, pattern_group_fn *take, void *mydata)
{
	struct names names = names_of(pattern);
	PCRE2_SPTR bytes = (PCRE2_SPTR)(text.len ? text.ptr : "");
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(
		pattern->code, NULL);
	int groups;
	const PCRE2_SIZE *places;

	BUG_IF(!data);
	groups = pcre2_match(pattern->code, bytes, text.len, from, 0, data,
			     get_tools()->limits);
	places = pcre2_get_ovector_pointer(data);
	for (uint32_t i = 0; groups > 0 && i < names.count; i++) {
		PCRE2_SPTR row = names.rows + i * names.row_bytes;
		int group = row[0] << 8 | row[1];
		const PCRE2_SIZE *place = places + 2 * group;

		if (group < groups && place[0] != PCRE2_UNSET &&
		    place[1] > place[0])
			take(mydata, (const char *)row + 2,
			     span_of(text.ptr + place[0], place[1] - place[0]));
	}
	pcre2_match_data_free(data);
}

bool pattern_first_group(const struct pattern *pattern, struct span text,
			 size_t from, struct span *found_out)
{
	PCRE2_SPTR bytes = (PCRE2_SPTR)(text.len ? text.ptr : "");
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(
		pattern->code, NULL);
	const PCRE2_SIZE *place;
	bool is_there;

	BUG_IF(!data);
	place = pcre2_get_ovector_pointer(data);
	is_there = pcre2_get_ovector_count(data) > 1 &&
		   pcre2_match(pattern->code, bytes, text.len, from, 0, data,
			       get_tools()->limits) > 1 &&
		   place[2] != PCRE2_UNSET && place[3] >= place[2];
	if (is_there)
		*found_out = span_of(text.ptr + place[2],
				     place[3] - place[2]);
	pcre2_match_data_free(data);
	return is_there;
}

bool pattern_is_anchored(const struct pattern *pattern)
{
	uint32_t options = 0;

	pcre2_pattern_info(pattern->code, PCRE2_INFO_ALLOPTIONS, &options);
	return options & PCRE2_ANCHORED;
}

bool pattern_has_groups(const struct pattern *pattern)
{
	struct names names = names_of(pattern);

	for (uint32_t i = 0; i < names.count; i++)
		if (g_ascii_isupper((char)names.rows[i * names.row_bytes + 2]))
			return true;
	return false;
}

const char *pattern_text(const struct pattern *pattern)
{
	return pattern->text;
}

bool pattern_has(const struct pattern *pattern, char modifier)
{
	return strchr(pattern->modifiers, modifier) != NULL;
}

unsigned pattern_cut_offs(const struct pattern *pattern)
{
	return is_any_cut_off ? *pattern->cut_offs : 0;
}
