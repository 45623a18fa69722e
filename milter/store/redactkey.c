#include <config.h>

#include "store/redactkey.h"

#include "store/hex.h"
#include "store/storeerror.h"
#include "store/wholefile.h"

#include <openssl/rand.h>
#include <string.h>

#define FILE_MAX 100	/* bytes */

static bool make(const char *path, GError **error)
{
	uint8_t key[REDACTKEY_BYTES];
	g_autofree char *digits = NULL, *line = NULL;

	BUG_IF(RAND_bytes(key, sizeof key) != 1);
	digits = hex_format(key, sizeof key);
	line = g_strconcat(digits, "\n", NULL);
	return wholefile_write(path, span_text(line), 0400, error);
}

bool redactkey_get(const char *state_dir, uint8_t key_out[REDACTKEY_BYTES],
		   GError **error)
{
	g_autofree char *path = g_build_filename(state_dir, REDACTKEY_FILE,
						 NULL);
	g_autofree char *text = NULL;
	size_t len;

	if (!g_file_test(path, G_FILE_TEST_EXISTS) && !make(path, error))
		return false;
	if (!wholefile_read(path, FILE_MAX, &text, &len, error))
		return false;
	if (hex_parse(span_trim(span_of(text, len)), key_out,
		      REDACTKEY_BYTES))
		return true;
	store_error_set_text(error, STORE_ERROR_DAMAGED, "%s: no key of %d "
		"hex digits; put the one of the back-up in its place", path,
		REDACTKEY_BYTES * 2);
	return false;
}
