/* unit.h - numbers with units, as people write them in settings */
#ifndef SETTINGS_UNIT_H
#define SETTINGS_UNIT_H

#include "base/guard.h"
#include "settings/setting.h"

/* For SETTING_TYPE_COUNT, _BYTES (k, M, G: powers of 1024; k and kb alike) and
 * _TIME_MS (ms, s, min, h, d, w; a bare number is seconds). No sign, no
 * fraction, no overflow. */
bool unit_parse(enum setting_type type, const char *text, int64_t *value_out)
	MUST_USE;
/* The shortest exact text that unit_parse() reads; free it. */
char *unit_format(enum setting_type type, int64_t value) MUST_USE;
/* "a time (write 500ms, 5s, ...)", for messages. */
const char *unit_expected(enum setting_type type);

#endif
