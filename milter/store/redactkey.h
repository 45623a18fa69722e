/* redactkey.h - the key by which people are hidden in reports (RFC 6590) */
#ifndef STORE_REDACTKEY_H
#define STORE_REDACTKEY_H

#include "base/guard.h"

#include <glib.h>
#include <stdint.h>

#define REDACTKEY_BYTES 32
/* In the state directory, for its owner alone, as 64 hex digits. Who has it can
 * tell whether a hash is somebody's whom he guesses; when it is lost, the same
 * person has another hash from then on. */
#define REDACTKEY_FILE "redact.key"

/* Makes it when there is none yet. */
bool redactkey_get(const char *state_dir, uint8_t key_out[REDACTKEY_BYTES],
		   GError **error) MUST_USE;

#endif
