/* authjson.h - what is known of a sender, as JSON */
#ifndef ADMIN_AUTHJSON_H
#define ADMIN_AUTHJSON_H

#include "message/auth.h"

#include <jansson.h>

/* "auth" of reevectl try and of records: spf, helo, dkim, dmarc, arc, iprev. */
json_t *authjson_object(const struct auth *auth) MUST_USE;

#endif
