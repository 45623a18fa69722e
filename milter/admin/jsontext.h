/* jsontext.h - strangers' texts in JSON */
#ifndef ADMIN_JSONTEXT_H
#define ADMIN_JSONTEXT_H

#include <jansson.h>

/*
 * Of anybody's bytes. Jansson makes no string of what is no UTF-8, and the
 * object that was to have it is lost: here those bytes become U+FFFD.
 */
json_t *jsontext_new(const char *text);

#endif
