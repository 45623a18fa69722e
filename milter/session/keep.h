/* keep.h - sees to it that everything has its record */
#ifndef SESSION_KEEP_H
#define SESSION_KEEP_H

#include "session/gather.h"

/* Whether records can be written now, or need not be for mail to go on
 * (records.on_failure). Cheap. */
bool keep_is_possible(const struct settings *settings);

/* Whether the disk has room for the records of more mail (records.disk_limit),
 * or need not have. Cheap. */
bool keep_has_room(const struct settings *settings);

/*
 * Writes the record of a message that came to its end, and its original when
 * that is evidence, and returns when they are on disk. When one cannot be
 * written, the outcome becomes what records.on_failure says, and a record of
 * that is queued.
 */
void keep_message(struct session *session);

/* Queue the record, and return at once. */
void keep_unfinished(struct session *session);
void keep_session(struct session *session);

#endif
