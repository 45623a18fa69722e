/* sealer.h - the thread that seals days when they are over */
#ifndef STORE_SEALER_H
#define STORE_SEALER_H

#include "base/guard.h"

#include <glib.h>

/*
 * It seals every day but the newest, which records are still added to, oldest first,
 * at the lowest priority for processor and disk. It looks when it is woken and once a
 * minute; what fails is logged and tried again after an hour.
 */
struct sealer;

/* Makes the key (sealkey.h) when there is none yet. */
struct sealer *sealer_open(const char *state_dir, GError **error) MUST_USE;
/* Cuts off what it does. Accepts NULL, clears the pointer. */
void sealer_close(struct sealer **sealer);
/* A day is over. Any thread. */
void sealer_wake(struct sealer *sealer);

#endif
