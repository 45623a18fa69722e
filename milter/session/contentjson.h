/* contentjson.h - the state of content rules, keyword lists and
 * clamd, as JSON */
#ifndef SESSION_CONTENTJSON_H
#define SESSION_CONTENTJSON_H

#include <jansson.h>

struct settings;

/* For reevectl status; the caller's. */
json_t *contentjson_object(const struct settings *settings);

#endif
