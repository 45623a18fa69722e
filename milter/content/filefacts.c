#include <config.h>

#include "content/filefacts.h"

#include <glib/gstdio.h>

void filefacts_add(GString *out, const char *path)
{
	GStatBuf facts = { .st_size = -1 };

	(void)g_stat(path, &facts);
	g_string_append_printf(out, "%s %" G_GINT64_FORMAT ".%ld %"
			       G_GINT64_FORMAT "\n", path,
			       (gint64)facts.st_mtim.tv_sec,
			       facts.st_mtim.tv_nsec, (gint64)facts.st_size);
}
