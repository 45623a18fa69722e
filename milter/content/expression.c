#include <config.h>

#include "content/expression.h"

#include <math.h>
#include <string.h>

#define DEPTH_MAX 100
#define STACK_MAX 200
#define CALL "rules_matching"
#define NONE G_MAXUINT

enum op {
	OP_NUMBER, OP_NAME, OP_NOT, OP_NEGATE, OP_MULTIPLY, OP_DIVIDE,
	OP_REMAINDER, OP_ADD, OP_SUBTRACT, OP_LESS, OP_LESS_EQUAL, OP_GREATER,
	OP_GREATER_EQUAL, OP_EQUAL, OP_UNEQUAL, OP_AND, OP_OR, OP_CHOOSE,
};

/* In the order in which they are worked off: operands first. */
struct step {
	enum op op;
	double number;
	guint name;
	guint rule;			/* of a name that stands for one; else NONE */
	guint behind;			/* of && and ||: the step after their right
					 * side, which may be passed over */
};

struct expression {
	GArray *steps;			/* of struct step */
	GPtrArray *names;
	GPtrArray *bound;		/* GArray of guint for each name, or NULL */
};

struct parser {
	const char *at;
	struct expression *out;
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

	g_array_append_val(on->out->steps, step);
}

static void emit_name(struct parser *on, char *name)
{
	struct step step = {
		.op = OP_NAME, .name = on->out->names->len, .rule = NONE,
	};

	g_ptr_array_add(on->out->names, name);
	g_ptr_array_add(on->out->bound, NULL);
	g_array_append_val(on->out->steps, step);
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
	if (++on->depth > DEPTH_MAX) {
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
		g_array_append_val(on->out->steps, step);
	} else if (g_ascii_isalpha(*on->at) || *on->at == '_') {
		take_name(on);
	} else {
		fail(on, "a name or a number is missing");
	}
	on->depth--;
}

static struct step *step_at(const struct expression *expression, guint at)
{
	return &g_array_index(expression->steps, struct step, at);
}

static void take_binary(struct parser *on, int level);

static void take_right(struct parser *on, enum op op, int level)
{
	guint at = on->out->steps->len;

	if (op != OP_AND && op != OP_OR) {
		take_binary(on, level + 1);
		emit(on, op);
		return;
	}
	emit(on, op);
	take_binary(on, level + 1);
	step_at(on->out, at)->behind = on->out->steps->len;
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

struct expression *expression_parse(const char *text, GError **error)
{
	struct expression *out = g_new0(struct expression, 1);
	struct parser on = { .at = text, .out = out };

	out->steps = g_array_new(FALSE, FALSE, sizeof(struct step));
	out->names = g_ptr_array_new_with_free_func(g_free);
	out->bound = g_ptr_array_new_with_free_func(free_indexes);
	take_choice(&on);
	skip_blanks(&on);
	if (*on.at)
		fail(&on, "something stands behind its end");
	if (!on.wrong && height_of(out->steps) > STACK_MAX)
		fail(&on, "it is too long");
	if (!on.wrong)
		return out;
	g_set_error(error, expression_error(), 0, "%s at \"%.20s\"", on.wrong,
		    on.at);
	expression_free(out);
	return NULL;
}

void expression_free(struct expression *expression)
{
	if (!expression)
		return;
	g_array_unref(expression->steps);
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
	for (guint i = 0; i < expression->steps->len; i++) {
		struct step *step = step_at(expression, i);

		if (step->op == OP_NAME && step->name == name)
			step->rule = indexes->len == 1 ?
				     g_array_index(indexes, guint, 0) : NONE;
	}
}

const GArray *expression_bound(const struct expression *expression,
			       guint name)
{
	return g_ptr_array_index(expression->bound, name);
}

static double sum_of(const GArray *indexes, const double *values)
{
	double sum = 0;

	for (guint i = 0; indexes && i < indexes->len; i++)
		sum += values[g_array_index(indexes, guint, i)];
	return sum;
}

static bool is_true(double value)
{
	return value < 0 || value > 0;
}

static double work(enum op op, double a, double b)
{
	switch (op) {
	case OP_MULTIPLY:
		return a * b;
	case OP_DIVIDE:
		return is_true(b) ? a / b : 0;
	case OP_REMAINDER:
		return fabs(b) >= 1 ? fmod(trunc(a), trunc(b)) : 0;
	case OP_ADD:
		return a + b;
	case OP_SUBTRACT:
		return a - b;
	case OP_LESS:
		return a < b;
	case OP_LESS_EQUAL:
		return a <= b;
	case OP_GREATER:
		return a > b;
	case OP_GREATER_EQUAL:
		return a >= b;
	case OP_EQUAL:
		return !is_true(a - b);
	case OP_UNEQUAL:
		return is_true(a - b);
	default:
		BUG_IF(true);
	}
}

double expression_evaluate(const struct expression *expression,
			   const double *values)
{
	const struct step *steps = step_at(expression, 0);
	double stack[STACK_MAX];
	size_t top = 0;

	stack[0] = 0;
	for (guint i = 0; i < expression->steps->len; i++) {
		const struct step *step = &steps[i];

		switch (step->op) {
		case OP_NUMBER:
			stack[top++] = step->number;
			break;
		case OP_NAME:
			stack[top++] = step->rule != NONE ?
				values[step->rule] :
				sum_of(g_ptr_array_index(expression->bound,
							 step->name), values);
			break;
		case OP_NOT:
			stack[top - 1] = !is_true(stack[top - 1]);
			break;
		case OP_NEGATE:
			stack[top - 1] = -stack[top - 1];
			break;
		case OP_CHOOSE:
			top -= 2;
			stack[top - 1] = is_true(stack[top - 1]) ?
					 stack[top] : stack[top + 1];
			break;
		case OP_AND:
		case OP_OR:
			if (is_true(stack[top - 1]) == (step->op == OP_OR))
				i = step->behind - 1;
			else
				top--;
			break;
		default:
			top--;
			stack[top - 1] = work(step->op, stack[top - 1],
					      stack[top]);
		}
	}
	return stack[0];
}
