/* authjson.h - what is known of a sender, as JSON */
#ifndef ADMIN_AUTHJSON_H
#define ADMIN_AUTHJSON_H

#include "message/transaction.h"

#include <jansson.h>

/* "auth" of reevectl try: spf, helo, dkim, dmarc, arc, iprev. */
json_t *authjson_object(const struct transaction *tx) MUST_USE;

#endif
