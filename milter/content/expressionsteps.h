/* expressionsteps.h - an expression as it is worked off; for
 * expression*.c alone */
#ifndef CONTENT_EXPRESSIONSTEPS_H
#define CONTENT_EXPRESSIONSTEPS_H

#include "content/expression.h"

#define EXPRESSIONSTEPS_DEPTH 100	/* of what is nested */
#define EXPRESSIONSTEPS_STACK 200	/* values at once */
#define EXPRESSIONSTEPS_NONE G_MAXUINT	/* no rule */

enum op {
	OP_NUMBER, OP_NAME, OP_NOT, OP_NEGATE, OP_MULTIPLY, OP_DIVIDE,
	OP_REMAINDER, OP_ADD, OP_SUBTRACT, OP_LESS, OP_LESS_EQUAL, OP_GREATER,
	OP_GREATER_EQUAL, OP_EQUAL, OP_UNEQUAL, OP_AND, OP_OR, OP_CHOOSE,
};

/* In the order in which they are worked off: operands first. Small, since those
 * of a rule set are thousands, and looked at with each message. */
struct step {
	enum op op;
	union {
		double number;		/* OP_NUMBER */
		struct {		/* OP_NAME */
			guint name;
			guint rule;	/* where it stands for just one; else
					 * EXPRESSIONSTEPS_NONE */
		};
		guint behind;		/* && and ||: the step after their right
					 * side, which may be passed over */
	};
};

struct expression {
	GPtrArray *names;
	GPtrArray *bound;		/* GArray of guint for each name,
					 * or NULL */
	guint count;
	struct step steps[];
};

#endif
