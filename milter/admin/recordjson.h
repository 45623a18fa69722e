/* recordjson.h - records and verdicts as JSON */
#ifndef ADMIN_RECORDJSON_H
#define ADMIN_RECORDJSON_H

#include "message/transaction.h"
#include "store/recordview.h"

#include <jansson.h>

/* A new reference. Bytes that are not UTF-8 become U+FFFD. */
json_t *recordjson_record(const Reeve__Record *record, uint64_t sequence)
	MUST_USE;
/* The object that `reevectl try` prints; DESIGN's interface. */
json_t *recordjson_verdict(struct transaction *tx) MUST_USE;

#endif
