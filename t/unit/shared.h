/* shared.h - the data of others that lies beside the project, or NULL */
#ifndef UNIT_SHARED_H
#define UNIT_SHARED_H

#include <glib.h>
#include <stdlib.h>

/* Whole text of ../shared/data/NAME, or of $MAILREEVE_SHARED's; free it. A test
 * that gets NULL says so and passes: cmocka's skip() fails under prove. */
static inline char *shared_text(const char *name)
{
	const char *shared = getenv("MAILREEVE_SHARED");
	const char *source = getenv("MAILREEVE_SOURCE");
	const char *srcdir = source ? source : getenv("srcdir");
	g_autofree char *beside = g_build_filename(srcdir ? srcdir : ".", "..",
						   "shared", NULL);
	g_autofree char *path = g_build_filename(shared ? shared : beside,
						 "data", name, NULL);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

#endif
