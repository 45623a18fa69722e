/* incidentrows.h - incidents as rows of state.mdb, within a transaction */
#ifndef STORE_INCIDENTROWS_H
#define STORE_INCIDENTROWS_H

#include "store/incidents.h"

/* The newest of its kind and key; and that which began then.
 * Texts live in arena. */
bool incidentrows_find(struct state_txn *txn, const char *kind,
		       const char *key, struct arena *arena,
		       struct incident *out) MUST_USE;
bool incidentrows_get(struct state_txn *txn, const char *kind,
		      const char *key, int64_t first_us, struct arena *arena,
		      struct incident *out) MUST_USE;
/* In the place of old, as it was found (NULL: it is new). */
bool incidentrows_put(struct state_txn *txn, const struct incident *old,
		      const struct incident *incident, GError **error)
	MUST_USE;
uint64_t incidentrows_count(struct state_txn *txn);

/* False: the rows come from a program that had no index; the next makes it. */
bool incidentrows_is_indexed(struct state_txn *txn);
bool incidentrows_index(struct state_txn *txn, GError **error) MUST_USE;

/* As incidents_each_before() and incidents_each_waiting(). */
void incidentrows_before(struct state_txn *txn, int64_t before_us,
			 const char *kind, incident_take_fn *take,
			 void *context);
void incidentrows_waiting(struct state_txn *txn, incident_take_fn *take,
			  void *context);

/* Deletes those that were over before then, so many at most. */
void incidentrows_expire(struct state_txn *txn, int64_t before_us,
			 uint64_t most);

#endif
