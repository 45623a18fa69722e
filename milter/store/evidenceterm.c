#include <config.h>

#include "store/evidenceterm.h"

#include "store/day.h"
#include "store/evidenceholds.h"
#include "store/evidencetree.h"

struct thinning {
	const char *state_dir;
	struct evidenceholds *holds;
	bool is_held;
	unsigned gone;
	GError **error;
	bool has_failed;
};

static void thin_file(const struct evidencetree_file *file, void *context)
{
	struct thinning *on = context;
	g_autoptr(GError) why = NULL;

	if (on->has_failed || !file->is_named ||
	    file->place.is_held != on->is_held ||
	    evidenceholds_has(on->holds, &file->place, &why))
		return;
	if (!why && evidence_remove(on->state_dir, &file->place, &why)) {
		on->gone++;
		return;
	}
	on->has_failed = true;
	g_propagate_error(on->error, g_steal_pointer(&why));
}

/* Removes what no record on hold refers to; -1 with error. */
static int thin_day(const char *state_dir, struct evidenceholds *holds,
		    bool is_held, int64_t day, GError **error)
{
	struct thinning thinning = {
		.state_dir = state_dir, .holds = holds, .is_held = is_held,
		.error = error,
	};
	bool is_done = evidencetree_each(state_dir, day, day, thin_file,
					 &thinning, error) &&
		       !thinning.has_failed;

	return is_done ? thinning.gone > 0 : -1;
}

static int expire_day(const char *state_dir, const struct evidenceterm *term,
		      struct evidenceholds *holds, int64_t day, GError **error)
{
	if (evidenceholds_has_day(holds, day))
		return 0;
	if (evidenceholds_may_have(holds, day))
		return thin_day(state_dir, holds, term->is_held, day, error);
	return evidencetree_remove_day(state_dir, term->is_held, day, error) ?
	       1 : -1;
}

/* Those of the days past their term; -1 with error. */
static int expire_days(const char *state_dir, const struct evidenceterm *term,
		       const GArray *days, GError **error)
{
	struct evidenceholds *holds = evidenceholds_new(state_dir, term->holds);
	int64_t before_us = term->now_us - term->keep_ms * 1000;
	int gone = 0, done = 0;

	for (guint i = 0; i < days->len && done >= 0; i++) {
		int64_t day = g_array_index(days, int64_t, i);
		bool is_over = day_begin_us(day + 1) <= before_us ||
			       day <= term->dropped_day;

		done = is_over ? expire_day(state_dir, term, holds, day,
					    error) : 0;
		gone += done;
	}
	evidenceholds_free(&holds);
	return done < 0 ? -1 : gone;
}

int evidenceterm_expire(const char *state_dir, const struct evidenceterm *term,
			GError **error)
{
	g_autoptr(GArray) days = evidencetree_days(state_dir, term->is_held,
						   error);

	return days ? expire_days(state_dir, term, days, error) : -1;
}
