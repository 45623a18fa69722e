#include <config.h>

#include "report/monthlyduty.h"

/* What is owed at once is done at the next tick of the daemon's clock. */
#define GRACE_US (INT64_C(60) * G_USEC_PER_SEC)

void monthlyduty_init(struct monthlyduty *duty)
{
	*duty = (struct monthlyduty){
		.spans_us = g_array_new(FALSE, FALSE, sizeof(int64_t)),
	};
}

void monthlyduty_release(struct monthlyduty *duty)
{
	g_array_unref(duty->spans_us);
}

void monthlyduty_add(struct monthlyduty *duty,
		     const struct monthlyduty_case *one, int64_t now_us)
{
	int64_t span_us = one->done_us - one->opened_us;

	if (!one->due_us)
		return;
	if (one->done_us && (!one->ended_us ||
			     one->done_us <= one->ended_us)) {
		g_array_append_val(duty->spans_us, span_us);
		if (one->done_us <= one->due_us + GRACE_US)
			duty->in_term++;
		else
			duty->late++;
	} else if (one->ended_us) {
		duty->settled++;
	} else if (one->due_us < now_us) {
		duty->overdue++;
	} else {
		duty->open++;
	}
}

void monthlyduty_begin(struct figures *figures)
{
	static const struct figures_column columns[] = {
		{ "duty", "Duty", FIGURES_TEXT, false },
		{ "owed", "Owed", FIGURES_COUNT, false },
		{ "in_term", "In term", FIGURES_COUNT, false },
		{ "late", "Late", FIGURES_COUNT, false },
		{ "overdue", "Overdue", FIGURES_COUNT, false },
		{ "open", "Not due yet", FIGURES_COUNT, false },
		{ "settled", "Settled otherwise", FIGURES_COUNT, false },
		{ "median_s", "Median time", FIGURES_SECONDS, false },
		{ "worst_s", "Worst time", FIGURES_SECONDS, false },
		{ "share_in_term", "Share in term", FIGURES_SHARE, false },
		{ NULL, NULL, FIGURES_TEXT, false },
	};

	figures_begin(figures, "duties", "Duties in cases of this month",
		      columns);
}

static int by_size(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

static void tell_spans(const struct monthlyduty *duty, struct figures *figures)
{
	guint count = duty->spans_us->len;
	const int64_t *spans;
	double middle;

	if (!count) {
		figures_add_none(figures);
		figures_add_none(figures);
		return;
	}
	g_array_sort(duty->spans_us, by_size);
	spans = (const int64_t *)(void *)duty->spans_us->data;
	middle = ((double)spans[(count - 1) / 2] + (double)spans[count / 2]) /
		 2;
	figures_add_number(figures, middle / G_USEC_PER_SEC);
	figures_add_number(figures, (double)spans[count - 1] / G_USEC_PER_SEC);
}

void monthlyduty_tell(const struct monthlyduty *duty, const char *name,
		      struct figures *figures)
{
	uint64_t tried = duty->in_term + duty->late + duty->overdue;

	figures_add_text(figures, name);
	figures_add_number(figures, (double)(tried + duty->settled +
					     duty->open));
	figures_add_number(figures, (double)duty->in_term);
	figures_add_number(figures, (double)duty->late);
	figures_add_number(figures, (double)duty->overdue);
	figures_add_number(figures, (double)duty->open);
	figures_add_number(figures, (double)duty->settled);
	tell_spans(duty, figures);
	if (tried)
		figures_add_number(figures, (double)duty->in_term /
					    (double)tried);
	else
		figures_add_none(figures);
}
