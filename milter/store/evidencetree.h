/* evidencetree.h - the folders of originals, and what is in them */
#ifndef STORE_EVIDENCETREE_H
#define STORE_EVIDENCETREE_H

#include "store/evidence.h"

#define EVIDENCETREE_ROOT "evidence"
#define EVIDENCETREE_SUFFIX ".eml.zst"

/* "state_dir/evidence/held/2026/02/28"; free it. */
char *evidencetree_folder(const char *state_dir, bool is_held, int64_t day)
	MUST_USE;
/* What is in it stays there when the machine stops now. */
bool evidencetree_sync(const char *folder, GError **error) MUST_USE;
/* What its files take; 0 when it is not there. */
uint64_t evidencetree_bytes(const char *folder);

struct evidencetree_file {
	struct evidence_place place;
	int64_t written_us;
	const char *path;
	bool is_named;			/* false: no name of ours;
					 * sha256 is 0 */
};
/* Borrowed for the call. */
typedef void evidencetree_take_fn(const struct evidencetree_file *file,
				  void *context);
/* Of the days since to until, both too; but for what is being written. */
bool evidencetree_each(const char *state_dir, int64_t since, int64_t until,
		   evidencetree_take_fn *take, void *context, GError **error)
	MUST_USE;

/* Removes what a crash left half written. Before the first evidence_put(). */
void evidencetree_clean(const char *state_dir);
/* The days (int64_t) of which there is evidence, or mail held back; free with
 * g_array_unref(). */
GArray *evidencetree_days(const char *state_dir, bool is_held, GError **error)
	MUST_USE;
/* All that is in the day's folder, and the folder. */
bool evidencetree_remove_day(const char *state_dir, bool is_held, int64_t day,
			 GError **error) MUST_USE;

#endif
