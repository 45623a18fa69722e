/* holdset.h - all holds, made ready to be asked about records */
#ifndef STORE_HOLDSET_H
#define STORE_HOLDSET_H

#include "store/holds.h"
#include "store/record.pb-c.h"

struct holdset;

/* As they are now. One that cannot be read is an error: nothing
 * it may hold can go. */
struct holdset *holdset_load(struct state *state, GError **error) MUST_USE;
/* Accepts NULL, clears the pointer. */
void holdset_free(struct holdset **set);

/* Whether one holds all of the day's file; whether one may hold some of it. But
 * see heldday.h of records of other days in it. */
bool holdset_has_day(const struct holdset *set, int64_t day);
bool holdset_may_have(const struct holdset *set, int64_t day);
/* struct day_range of those whose days are all before that one. Free with
 * g_array_unref(). */
GArray *holdset_before(const struct holdset *set, int64_t day) MUST_USE;
/* Whether one may hold what ended on that day, in whatever file it lies. */
bool holdset_may_have_of(const struct holdset *set, int64_t day);
/* Whether one holds the record, by its file's day or that in which it ended. */
bool holdset_has_record(const struct holdset *set, int64_t day,
			const Reeve__Record *record);

/* Another number when the holds are others. */
guint holdset_mark(const struct holdset *set);

#endif
