#include <config.h>

#include "content/expression.h"

#include "content/expressionsteps.h"

#include <string.h>

#define CALL "rules_matching"

struct parser {
	const char *at;
	GArray *steps;			/* of struct step */
	GPtrArray *names;
	unsigned depth;
	const char *wrong;
};

static GQuark expression_error(void)
{
	return g_quark_from_static_string("expression");
}

/* From the loosest to the tightest. */
static const struct {
	const char *text;
	enum op op;
	int level;
} binary[] = {
	{ "||", OP_OR, 1 }, { "&&", OP_AND, 2 },
	{ "==", OP_EQUAL, 3 }, { "!=", OP_UNEQUAL, 3 },
	{ "<=", OP_LESS_EQUAL, 4 }, { ">=", OP_GREATER_EQUAL, 4 },
	{ "<", OP_LESS, 4 }, { ">", OP_GREATER, 4 },
	{ "+", OP_ADD, 5 }, { "-", OP_SUBTRACT, 5 },
	{ "*", OP_MULTIPLY, 6 }, { "/", OP_DIVIDE, 6 },
	{ "%", OP_REMAINDER, 6 },
	{ "|", OP_OR, 1 }, { "&", OP_AND, 2 },
};

static void skip_blanks(struct parser *on)
{
	while (g_ascii_isspace(*on->at))
		on->at++;
}

static bool take(struct parser *on, char c)
{
	skip_blanks(on);
	if (*on->at != c)
		return false;
	on->at++;
	return true;
}

static void emit(struct parser *on, enum op op)
{
	struct step step = { .op = op };

	g_array_append_val(on->steps, step);
}

static void emit_name(struct parser *on, char *name)
{
	struct step step = {
		.op = OP_NAME, .name = on->names->len,
		.rule = EXPRESSIONSTEPS_NONE,
	};

	g_ptr_array_add(on->names, name);
	g_array_append_val(on->steps, step);
}

static void fail(struct parser *on, const char *what)
{
	if (!on->wrong)
		on->wrong = what;
}

static void take_name(struct parser *on)
{
	size_t len = 0;

	while (g_ascii_isalnum(on->at[len]) || on->at[len] == '_')
		len++;
	g_autofree char *name = g_strndup(on->at, len);

	on->at += len;
	if (strcmp(name, CALL) != 0 || !take(on, '(')) {
		emit_name(on, g_steal_pointer(&name));
		return;
	}
	skip_blanks(on);
	len = strcspn(on->at, ")");
	if (!on->at[len]) {
		fail(on, "a ) is missing");
		return;
	}
	emit_name(on, g_strstrip(g_strndup(on->at, len)));
	on->at += len + 1;
}

static void take_choice(struct parser *on);

static void take_operand(struct parser *on)
{
	skip_blanks(on);
	if (++on->depth > EXPRESSIONSTEPS_DEPTH) {
		fail(on, "it is nested too deeply");
	} else if (take(on, '!')) {
		take_operand(on);
		emit(on, OP_NOT);
	} else if (take(on, '-')) {
		take_operand(on);
		emit(on, OP_NEGATE);
	} else if (take(on, '(')) {
		take_choice(on);
		if (!take(on, ')'))
			fail(on, "a ) is missing");
	} else if (g_ascii_isdigit(*on->at)) {
		char *end;
		struct step step = {
			.op = OP_NUMBER, .number = g_ascii_strtod(on->at, &end),
		};

		on->at = end;
		g_array_append_val(on->steps, step);
	} else if (g_ascii_isalpha(*on->at) || *on->at == '_') {
		take_name(on);
	} else {
		fail(on, "a name or a number is missing");
	}
	on->depth--;
}

static void take_binary(struct parser *on, int level);

static void take_right(struct parser *on, enum op op, int level)
{
	guint at = on->steps->len;

	if (op != OP_AND && op != OP_OR) {
		take_binary(on, level + 1);
		emit(on, op);
		return;
	}
	emit(on, op);
	take_binary(on, level + 1);
	g_array_index(on->steps, struct step, at).behind = on->steps->len;
}

static void take_binary(struct parser *on, int level)
{
	size_t i = 0;

	take_operand(on);
	while (!on->wrong && i < COUNT_OF(binary)) {
		size_t len = strlen(binary[i].text);

		skip_blanks(on);
		if (binary[i].level < level ||
		    strncmp(on->at, binary[i].text, len) != 0) {
			i++;
			continue;
		}
		on->at += len;
		take_right(on, binary[i].op, binary[i].level);
		i = 0;
	}
}

static void take_choice(struct parser *on)
{
	take_binary(on, 1);
	if (on->wrong || !take(on, '?'))
		return;
	take_choice(on);
	if (!take(on, ':'))
		fail(on, "a : is missing");
	take_choice(on);
	emit(on, OP_CHOOSE);
}

/* How many values it needs at once. */
static guint height_of(const GArray *steps)
{
	guint height = 0, most = 0;

	for (guint i = 0; i < steps->len; i++) {
		enum op op = g_array_index(steps, struct step, i).op;

		if (op <= OP_NAME)
			height++;
		else if (op == OP_CHOOSE)
			height -= 2;
		else if (op > OP_NEGATE)
			height--;
		most = MAX(most, height);
	}
	return most;
}

static void free_indexes(gpointer indexes)
{
	if (indexes)
		g_array_unref(indexes);
}

/* In one piece, which is soon read. */
static struct expression *finish(const struct parser *on)
{
	size_t bytes = on->steps->len * sizeof(struct step);
	struct expression *out = g_malloc(sizeof *out + bytes);

	out->names = g_ptr_array_ref(on->names);
	out->bound = g_ptr_array_new_with_free_func(free_indexes);
	g_ptr_array_set_size(out->bound, (gint)on->names->len);
	out->count = on->steps->len;
	memcpy(out->steps, on->steps->data, bytes);
	return out;
}

struct expression *expression_parse(const char *text, GError **error)
{
	g_autoptr(GArray) steps = g_array_new(FALSE, FALSE,
					      sizeof(struct step));
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	struct parser on = { .at = text, .steps = steps, .names = names };

	take_choice(&on);
	skip_blanks(&on);
	if (*on.at)
		fail(&on, "something stands behind its end");
	if (!on.wrong && height_of(steps) > EXPRESSIONSTEPS_STACK)
		fail(&on, "it is too long");
	if (!on.wrong)
		return finish(&on);
	g_set_error(error, expression_error(), 0, "%s at \"%.20s\"", on.wrong,
		    on.at);
	return NULL;
}

void expression_free(struct expression *expression)
{
	if (!expression)
		return;
	g_ptr_array_unref(expression->names);
	g_ptr_array_unref(expression->bound);
	g_free(expression);
}

const GPtrArray *expression_names(const struct expression *expression)
{
	return expression->names;
}

void expression_bind(struct expression *expression, guint name,
		     GArray *indexes)
{
	free_indexes(g_ptr_array_index(expression->bound, name));
	expression->bound->pdata[name] = indexes;
	for (guint i = 0; i < expression->count; i++) {
		struct step *step = &expression->steps[i];

		if (step->op == OP_NAME && step->name == name)
			step->rule = indexes->len == 1 ?
				     g_array_index(indexes, guint, 0) :
				     EXPRESSIONSTEPS_NONE;
	}
}

const GArray *expression_bound(const struct expression *expression,
			       guint name)
{
	return g_ptr_array_index(expression->bound, name);
}
