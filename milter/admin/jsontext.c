#include <config.h>

#include "admin/jsontext.h"

#include <glib.h>

json_t *jsontext_new(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	return json_string(valid);
}
