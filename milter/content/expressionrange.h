/* expressionrange.h - what an expression may be worth while not all is known */
#ifndef CONTENT_EXPRESSIONRANGE_H
#define CONTENT_EXPRESSIONRANGE_H

#include "content/expression.h"

#include <stdint.h>

#define EXPRESSIONRANGE_EXACT G_MAXUINT

/*
 * All values from low to high, or fewer. An exact one is a value; an open one
 * becomes narrower, or not, when the rule is known on which it hangs.
 */
struct range {
	double low, high;
	guint open;			/* that rule's index, or
					 * EXPRESSIONRANGE_EXACT */
	uint16_t rank;			/* of two such rules, the lower one is
					 * asked first */
	bool is_sure;			/* not 0, whatever low and high say */
};

struct range expressionrange_exactly(double value);
/* Whether it may be 0, and whether it may be something else. */
bool expressionrange_may_be_false(const struct range *range);
bool expressionrange_may_be_true(const struct range *range);
bool expressionrange_is_exact(const struct range *range);

/* ranges by rules' indexes; division by zero is 0. An exact range when all are
 * exact, or when those that are not do not matter. */
struct range expressionrange_of(const struct expression *expression,
				const struct range *ranges);
/* Indexes of rules, at most so many: when one of them is 0, so is the
 * expression. How many there are. */
guint expressionrange_guards(const struct expression *expression,
			     guint *guards_out, guint most);

#endif
