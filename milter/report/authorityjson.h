/* authorityjson.h - the report to the authority, for programs */
#ifndef REPORT_AUTHORITYJSON_H
#define REPORT_AUTHORITYJSON_H

#include "report/authority.h"

#include <jansson.h>

/* What authority_words() tells; a new reference. Times are RFC 3339, UTC. */
json_t *authorityjson_object(const struct authority *report) MUST_USE;

#endif
