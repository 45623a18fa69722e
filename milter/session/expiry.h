/* expiry.h - originals go when their term is over */
#ifndef SESSION_EXPIRY_H
#define SESSION_EXPIRY_H

struct settings;

/* For a timer: looks once a minute which days of evidence, and of mail held back, are
 * past their term and on no hold, and removes them. */
void expiry_tick(const struct settings *settings);

#endif
