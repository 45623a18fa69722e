/* listfiles.h - lists that the daemon keeps in files: lists.exports { } */
#ifndef CASES_LISTFILES_H
#define CASES_LISTFILES_H

#include "settings/settings.h"
#include "store/state.h"

extern const struct setting_group listfiles_group;

/*
 * From the daemon's timer, one thread: when the state changed, each file whose
 * list is another now is replaced at once, and its hook run after that, by the
 * outbox (alert/outbox.h): one run is enough for all changes that it has not
 * seen. What cannot be written is logged, and tried again each minute.
 */
void listfiles_run(struct state *state, const struct settings *settings);

#endif
